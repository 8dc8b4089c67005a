"""Letters in Chromium: following, confirming, choosing and pausing without an account, leaving, stopping one."""

import re
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from axe_playwright_python.sync_playwright import Axe

from tests import factories
from webapp.accounts.models import Role
from webapp.digests import news, opening, operations
from webapp.digests.links import stop_url
from webapp.extensions import db
from webapp.subscriptions import links, queries
from webapp.subscriptions.models import Cadence, SubscriptionState

SIZES = [pytest.param({"viewport": {"width": 360, "height": 740}}, id="phone"), pytest.param({}, id="desktop")]


@pytest.fixture
def author(db):
    ines = factories.person("Ines", role=Role.AUTHOR)
    factories.post(ines, "Salt", published_at=datetime.now(UTC) - timedelta(hours=1))
    db.session.commit()
    return ines


@pytest.fixture
def reader(db, author):
    made = factories.subscription("dora@example.org", follows=f"@{author.id}", covered_until=datetime.now(UTC))
    db.session.commit()
    return made


def fresh(address="dora@example.org"):
    """A reader as they are now, without a transaction that the server would have to wait for."""
    db.session.rollback()
    db.session.expunge_all()
    found = queries.by_address(address)
    db.session.expunge_all()
    db.session.rollback()
    return found


def path(url):
    return re.sub(r"^https?://[^/]+", "", url)


@pytest.mark.parametrize("size", SIZES)
def test_a_visitor_follows_an_author_from_their_page_and_confirms_by_mail(window, author, jobs, smtp, size):
    page = window(**size)
    page.goto("/@ines")
    page.get_by_label(re.compile("Follow Ines")).fill("new@example.org")
    page.get_by_label("How often").first.select_option(label="Every day")
    page.get_by_role("button", name="Follow", exact=True).click()
    page.get_by_text("new@example.org").first.wait_for()
    jobs.run()

    mail = smtp.only("new@example.org", "confirm")
    page.goto(path(mail.link("/confirm/letter-")))
    assert "Ines, every day at 10:00" in page.locator("main").inner_text()
    assert fresh("new@example.org").state is SubscriptionState.PENDING

    page.get_by_role("button", name="Yes, send it to me").click()
    page.get_by_role("heading", name="You get the letter").wait_for()
    found = fresh("new@example.org")
    assert (found.state, found.cadence, found.follows) == (SubscriptionState.ACTIVE, Cadence.DAILY, f"@{author.id}")


@pytest.mark.parametrize("size", SIZES)
def test_a_reader_without_an_account_changes_how_often_and_when(window, reader, author, size):
    page = window(**size)
    page.goto(path(links.manage_url(reader)))
    page.get_by_label("How often: Ines").select_option(label="Each post")
    page.get_by_label("Every month there is something new").check()
    page.get_by_label("Where you are").fill("Shanghai")
    page.get_by_role("button", name="Save").click()
    page.get_by_text("Saved.").wait_for()

    found = fresh()
    assert (found.follows, found.cadence) == (f"@{author.id}=post", Cadence.MONTHLY)
    assert page.get_by_label("How often: Ines").input_value() == f"@{author.id}=post"


def test_the_keyboard_is_enough_to_change_how_often(window, reader):
    page = window()
    page.goto(path(links.manage_url(reader)))
    page.get_by_label("Every week there is something new").focus()
    page.keyboard.press("ArrowUp")
    page.keyboard.press("Enter")
    page.get_by_text("Saved.").wait_for()

    assert fresh().cadence is Cadence.DAILY


def test_a_pause_until_a_day_and_its_end(window, reader):
    until = (datetime.now(UTC) + timedelta(days=20)).date()
    page = window()
    page.goto(path(links.manage_url(reader)))
    page.get_by_label("No letters before").fill(until.isoformat())
    page.get_by_role("button", name="Save").click()
    page.get_by_text("Paused until").wait_for()
    assert fresh().paused_until.date() == until

    page.get_by_role("button", name="End the pause").click()
    page.get_by_text("Letters come again.").wait_for()
    assert fresh().paused_until is None


def test_leaving_takes_one_button(window, reader):
    page = window()
    page.goto(path(links.leave_url(reader)))
    assert fresh().state is SubscriptionState.ACTIVE

    page.locator("main").get_by_role("button").click()
    page.wait_for_load_state()
    assert fresh().state is SubscriptionState.LEFT


def test_an_editor_stops_a_large_letter_by_the_button_behind_the_link(window, author, app, monkeypatch):
    monkeypatch.setitem(app.config, "ALMANAC", replace(app.config["ALMANAC"], digest_announce_above=1))
    factories.person("Edith", role=Role.EDITOR)
    for name in ("bob", "carol"):
        factories.subscription(f"{name}@example.org")
    slot = opening.schedules.named("weekly").latest(datetime.now(UTC))
    factories.post(author, "Bread", published_at=slot - timedelta(hours=1))
    news.take_as_dated()
    now = slot + timedelta(seconds=1)
    for _ in operations.tick(now=now):
        db.session.commit()
    run_id = operations.queries.run_for("weekly", slot).id
    db.session.rollback()
    page = window()
    page.goto(path(stop_url(run_id)))
    page.get_by_role("button", name="Stop this letter").click()

    page.get_by_text("Nobody gets it.").wait_for()
    db.session.rollback()
    db.session.expunge_all()
    assert operations.queries.run_for("weekly", slot).note == "stopped before it went out: the next letter covers it"


def test_an_editor_looks_at_the_letter_of_a_reader_and_mails_it_to_herself(window, client, reader, author, jobs, smtp):
    edith = factories.person("Edith", role=Role.EDITOR)
    reader.covered_until = None
    db.session.commit()
    page = window(edith, client)
    page.goto("/letters")
    page.get_by_label("As this reader would get it now").fill("dora@example.org")
    page.get_by_role("button", name="Show it").click()
    page.get_by_role("heading", name="Salt", level=1).wait_for()
    assert page.frame_locator("iframe.letter").get_by_role("link", name="Salt").count() == 1

    page.get_by_role("button", name="Mail it to me").click()
    page.get_by_text("On its way to edith@example.org.").wait_for()
    jobs.run()
    assert [mail.recipients for mail in smtp.received] == [("edith@example.org",)]


def test_an_administrator_tries_a_list_of_readers_before_it_counts(window, client, db, tmp_path):
    file = tmp_path / "readers.csv"
    file.write_text("email,consent,confirmed_at\na@example.org,Yes please,2026-01-01T10:00:00Z\n")
    page = window(factories.person("Ada", role=Role.ADMIN), client)
    page.goto("/letters/readers")
    page.get_by_label("A CSV file").set_input_files(file)
    page.get_by_role("button", name="Only say what would happen").click()
    page.get_by_text("A trial: nothing was written.").wait_for()
    assert fresh("a@example.org") is None

    page.get_by_label("A CSV file").set_input_files(file)
    page.get_by_role("button", name="Add them").click()
    page.get_by_text("Done. Nobody was mailed.").wait_for()
    assert fresh("a@example.org").state is SubscriptionState.ACTIVE


@pytest.mark.parametrize("place", ["/letters/readers", "still"])
def test_axe_finds_nothing_on_the_pages_that_the_main_list_has_not(window, client, reader, place):
    page = window(factories.person("Ada", role=Role.ADMIN), client, color_scheme="dark")
    page.goto(path(links.still_url(reader)) if place == "still" else place)

    found = Axe().run(page)

    assert found.violations_count == 0, found.generate_report()
