"""Readers not heard of for long: asked once, and paused if they do not answer. Off, unless the site wants it."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
import time_machine

from tests import factories
from tests.world import post_form, sign_in
from webapp.extensions import db
from webapp.mail.models import Delivery
from webapp.subscriptions import dormancy, links, operations, tasks
from webapp.subscriptions.following import Following
from webapp.subscriptions.models import Subscription, SubscriptionState

NOW = datetime(2026, 11, 25, 9, 40, tzinfo=UTC)
DAY = timedelta(days=1)


@pytest.fixture(autouse=True)
def wednesday():
    with time_machine.travel(NOW, tick=False) as traveller:
        yield traveller


@pytest.fixture
def wanted(app, monkeypatch):
    monkeypatch.setitem(app.config, "ALMANAC", replace(app.config["ALMANAC"], digest_ask_again_days=365))


@pytest.fixture
def reader(db):
    made = factories.subscription("dora@example.org", confirmed_at=NOW - 400 * DAY, covered_until=NOW - DAY)
    db.session.commit()
    return made


def run(jobs):
    db.session.commit()
    tasks.ask_again.apply(throw=True)
    jobs.run()
    db.session.expire_all()


def test_nobody_is_asked_unless_the_site_wants_it(reader, jobs, smtp):
    run(jobs)

    assert smtp.received == []
    assert reader.asked_again_at is None


def test_only_who_was_not_heard_of_for_so_long_is_asked_and_once(wanted, reader, jobs, smtp):
    factories.subscription("new@example.org", confirmed_at=NOW - 300 * DAY)
    factories.subscription("active@example.org", confirmed_at=NOW - 400 * DAY, last_sign_at=NOW - 10 * DAY)
    factories.subscription("away@example.org", confirmed_at=NOW - 400 * DAY, paused_until=NOW + DAY)
    for _ in range(3):
        run(jobs)

    assert [mail.kind for mail in smtp.to("dora@example.org")] == ["confirm"]
    assert len(smtp.received) == 1
    mail = smtp.only("dora@example.org", "confirm")
    assert "Do you still want our letters?" in mail.subject
    for part in (mail.text, mail.html):
        assert "/confirm/still-" in part
        assert "/unsubscribe/" in part
        assert "everything on this site" in part
    assert mail.message["List-Unsubscribe-Post"] == "List-Unsubscribe=One-Click"


def test_a_long_list_is_gone_through_once(wanted, db, jobs, smtp, monkeypatch, statements_of):
    monkeypatch.setattr(dormancy, "PAGE", 3)
    for number in range(10):
        factories.subscription(f"r{number}@example.org", confirmed_at=NOW - 400 * DAY, paused_until=None)
    db.session.commit()

    asked = statements_of(lambda: tasks.ask_again.apply(throw=True))
    jobs.run()

    assert len(smtp.received) == 10
    looks = [each for each in asked if "FROM subscriptions" in each and "ORDER BY subscriptions.id" in each]
    assert len(looks) == 6  # one for who did not answer, four that find somebody and one that does not
    assert all("subscriptions.id > " in each for each in looks)


def test_only_the_button_says_that_they_stay(wanted, reader, jobs, smtp, client):
    run(jobs)
    link = smtp.only("dora@example.org", "confirm").link("/confirm/still-").removeprefix("http://localhost")

    assert "Do you still want our letters?" in client.get(link).text
    assert reader.asked_again_at == NOW
    assert post_form(client, link).status_code == 303
    db.session.expire_all()

    assert (reader.asked_again_at, reader.last_sign_at) == (None, NOW)
    assert "Letters go on" in client.get(link).text


def test_who_does_not_answer_is_paused_and_not_deleted_and_comes_back_by_the_same_button(
    wanted, reader, jobs, smtp, client, wednesday
):
    run(jobs)
    link = smtp.only("dora@example.org", "confirm").link("/confirm/still-").removeprefix("http://localhost")
    wednesday.move_to(NOW + 29 * DAY)
    run(jobs)
    assert reader.paused_until is None

    wednesday.move_to(NOW + 31 * DAY)
    run(jobs)
    assert (reader.state, reader.paused_until) == (SubscriptionState.ACTIVE, dormancy.UNTIL_THEY_ANSWER)
    assert "heard nothing" in client.get(f"/subscribe/settings/{links.manage_token(reader)}").text

    post_form(client, link)
    db.session.expire_all()
    assert (reader.paused_until, reader.starts_afresh) == (None, True)
    assert len(smtp.received) == 1


def test_any_choice_is_an_answer(wanted, reader, jobs, client):
    run(jobs)
    address = f"/subscribe/settings/{links.manage_token(reader)}"
    post_form(client, address, follows="site", cadence="monthly", weekday="5", hour="10", zone="UTC")
    db.session.expire_all()

    assert (reader.asked_again_at, reader.last_sign_at) == (None, NOW)


# Signs of life of somebody who was paused for silence


@pytest.fixture
def silent(reader):
    reader.last_sign_at, reader.asked_again_at = NOW - 400 * DAY, NOW - 31 * DAY
    reader.paused_until = dormancy.UNTIL_THEY_ANSWER
    db.session.commit()
    return reader


def hears_again(reader, jobs, smtp, wednesday):
    """Letters come, the first of one period; and nobody asks or pauses them for another year."""
    db.session.expire_all()
    assert (reader.paused_until, reader.starts_afresh, reader.last_sign_at) == (None, True, NOW)
    smtp.clear()
    for days in (31, 360):
        wednesday.move_to(NOW + days * DAY)
        run(jobs)
    assert (reader.paused_until, reader.asked_again_at, smtp.received) == (None, None, [])
    return True


def test_ending_the_pause_is_an_answer(wanted, silent, jobs, smtp, client, wednesday):
    post_form(client, f"/subscribe/settings/{links.manage_token(silent)}", act="resume")

    assert hears_again(silent, jobs, smtp, wednesday)


def test_the_link_to_follow_more_is_an_answer(wanted, silent, world, jobs, smtp, client, wednesday):
    silent.follows = f"@{world.carol.id}"
    link = links.add_url(silent, Following(authors=frozenset({world.alice.id}))).removeprefix("http://localhost")

    post_form(client, link)

    assert hears_again(silent, jobs, smtp, wednesday)


@pytest.mark.parametrize("act", ["", "stop"])
def test_the_button_to_follow_or_not_is_an_answer_of_a_member(
    wanted, silent, world, jobs, smtp, client, wednesday, act
):
    factories.post(world.alice, published_at=NOW)
    silent.address, silent.follows = world.bob.email, f"@{world.alice.id} @{world.carol.id}"
    sign_in(client, world.bob)

    post_form(client, "/follow/@alice", page="/@alice", act=act)

    assert hears_again(silent, jobs, smtp, wednesday)


def test_a_member_who_asks_for_letters_again_has_answered(wanted, silent, world, jobs, smtp, client, wednesday):
    silent.address = world.bob.email
    sign_in(client, world.bob)

    post_form(client, "/subscribe", page="/settings/letters", email=world.bob.email)

    assert hears_again(silent, jobs, smtp, wednesday)


def test_who_asks_for_letters_again_is_mailed_the_button_that_brings_them(
    wanted, silent, jobs, smtp, client, wednesday
):
    for _ in range(2):
        post_form(client, "/subscribe", email=silent.address)
    jobs.run()
    db.session.expire_all()
    assert silent.paused_until == dormancy.UNTIL_THEY_ANSWER  # anybody can type an address

    mail = smtp.only(silent.address, "confirm")
    assert "so we have paused" in mail.text
    assert "so we have paused" in mail.html
    link = mail.link("/confirm/still-").removeprefix("http://localhost")
    assert "so we have paused" in client.get(link).text
    post_form(client, link)

    assert hears_again(silent, jobs, smtp, wednesday)


def test_who_pauses_by_themselves_is_not_silent_any_more(wanted, silent, client):
    address = f"/subscribe/settings/{links.manage_token(silent)}"
    post_form(client, address, act="pause")
    db.session.expire_all()

    assert silent.paused_until == datetime(2026, 12, 25, tzinfo=UTC)
    assert silent.asked_again_at is None


def test_a_forged_link_or_that_of_whoever_left_opens_nothing(wanted, reader, client):
    link = links.still_url(reader).removeprefix("http://localhost")
    assert client.get("/confirm/still-WzFd.aaaa.bbbb").status_code == 410
    operations.leave(reader, now=NOW)
    db.session.commit()

    assert client.get(link).status_code == 410
    assert client.post(link).status_code in {400, 410}
    assert db.session.get(Subscription, reader.id).state is SubscriptionState.LEFT
    assert db.session.query(Delivery).count() == 0
