"""The weekly letter, from asking for it to leaving it."""

import re
from datetime import UTC, datetime, timedelta

import pytest

from tests import factories
from tests.world import sign_in
from webapp.subscriptions.models import Subscription, SubscriptionState

THURSDAY = datetime(2026, 11, 26, 9, tzinfo=UTC)
SATURDAY = datetime(2026, 11, 28, 10, tzinfo=UTC)
READER = "reader@example.org"


@pytest.fixture
def thursday(time_machine):
    time_machine.move_to(THURSDAY, tick=False)


@pytest.fixture
def reader(thursday, visitor, smtp, jobs):
    """Someone who asked for the letter on the page, and confirmed by the mail."""
    visitor.visit("/subscribe")
    assert visitor.fill(email=READER).status == 200
    jobs.run()
    visitor.visit(smtp.only(READER, "confirm").link("/confirm/letter-"))
    assert visitor.fill().status == 200
    return visitor


@pytest.fixture
def saturday(world, runner, time_machine, jobs):
    """A function that lets a Saturday come, with all that its processes do."""

    def come(weeks=0):
        time_machine.move_to(SATURDAY + timedelta(weeks=weeks, seconds=1), tick=False)
        for _ in range(3):
            assert runner("sweep").exit_code == 0
            jobs.run()

    return come


def write_and_publish(visitor, person, title="The first frost"):
    sign_in(visitor.client, person)
    visitor.visit("/write/new")
    assert visitor.act("publish", title=title, body=f"All about *{title}*.").status == 200


def one_click(client, letter):
    assert letter.message["List-Unsubscribe-Post"] == "List-Unsubscribe=One-Click"
    address = re.search(r"<https?://[^/]+(/[^>]+)>", letter.message["List-Unsubscribe"]).group(1)
    return client.post(address, data={"List-Unsubscribe": "One-Click"})


def test_one_letter_brings_the_weeks_posts(reader, another, world, smtp, saturday):
    write_and_publish(another(), world.alice)
    saturday()
    letter = smtp.only(READER, "digest")
    assert letter.recipients == (READER,)
    for part in (letter.text, letter.html):
        assert "The first frost" in part
        assert re.search(r"http://localhost/posts/[\w-]+", part)
    assert letter.message["List-Id"]
    assert letter.message["Auto-Submitted"] == "auto-generated"
    assert [part.get_content_type() for part in letter.message.iter_parts()] == ["text/plain", "text/html"]


def test_the_letter_is_written_for_mail_programs(reader, another, world, smtp, saturday):
    write_and_publish(another(), world.alice)
    saturday()
    html = smtp.only(READER, "digest").html
    assert "style=" in html
    assert re.search(r"<html[^>]* lang=", html)
    assert 'role="presentation"' in html
    assert not re.search(r"(?:href|src)=\"/", html), "every address is absolute"
    assert not re.search(r"<script|<link", html)


def test_nothing_new_no_letter(reader, another, world, smtp, saturday):
    write_and_publish(another(), world.alice)
    saturday()
    saturday(weeks=1)
    assert len(smtp.to(READER, "digest")) == 1


def test_each_letter_begins_where_the_last_one_ended(reader, another, world, smtp, saturday):
    write_and_publish(another(), world.alice)
    saturday()
    write_and_publish(another(), world.alice, "Saturday afternoon")
    saturday(weeks=1)
    first, second = smtp.to(READER, "digest")
    assert "The first frost" not in second.text
    assert "Saturday afternoon" in second.text
    assert first.message["Message-ID"] != second.message["Message-ID"]


def test_who_has_not_confirmed_gets_no_letter(thursday, visitor, another, world, smtp, jobs, saturday):
    visitor.visit("/subscribe")
    visitor.fill(email=READER)
    write_and_publish(another(), world.alice)
    saturday()
    assert [each.kind for each in smtp.to(READER)] == ["confirm"]


def test_looking_at_the_links_changes_nothing(thursday, visitor, another, world, smtp, jobs, saturday, session):
    visitor.visit("/subscribe")
    visitor.fill(email=READER)
    jobs.run()
    scanner = another()
    scanner.visit(smtp.only(READER, "confirm").link("/confirm/letter-"))
    assert session.query(Subscription).one().state is SubscriptionState.PENDING

    visitor.visit(smtp.only(READER, "confirm").link("/confirm/letter-"))
    visitor.fill()
    write_and_publish(another(), world.alice)
    saturday()
    assert scanner.visit(smtp.only(READER, "digest").link("/unsubscribe/")).status == 200
    assert session.query(Subscription).one().state is SubscriptionState.ACTIVE


def test_one_click_leaves_without_cookie_or_token_and_may_be_repeated(
    reader, another, app, world, smtp, saturday, session
):
    write_and_publish(another(), world.alice)
    saturday()
    letter = smtp.only(READER, "digest")
    for _ in range(2):
        assert one_click(app.test_client(), letter).status_code == 200
    assert session.query(Subscription).one().state is SubscriptionState.LEFT

    write_and_publish(another(), world.alice, "The second frost")
    saturday(weeks=1)
    assert len(smtp.to(READER, "digest")) == 1


def test_the_link_at_the_foot_leaves_after_a_question(reader, another, world, smtp, saturday, session):
    write_and_publish(another(), world.alice)
    saturday()
    visitor = another()
    visitor.visit(smtp.only(READER, "digest").link("/unsubscribe/"))
    assert visitor.fill().status == 200
    assert session.query(Subscription).one().state is SubscriptionState.LEFT


def test_a_letter_can_be_read_in_the_browser(reader, another, world, smtp, saturday):
    write_and_publish(another(), world.alice)
    saturday()
    page = another().visit(smtp.only(READER, "digest").link("/digests/"))
    assert page.status == 200
    assert "The first frost" in page.text


@pytest.mark.parametrize("address", [READER, "member@example.org"], ids=["unknown", "has the letter already"])
def test_asking_looks_the_same_for_every_address(address, thursday, visitor, another, smtp, jobs):
    factories.subscription("member@example.org")
    visitor.visit("/subscribe")
    page = visitor.fill(email=address)
    assert page.status == 200
    elsewhere = another()
    elsewhere.visit("/subscribe")
    other = elsewhere.fill(email="third@example.org")
    assert page.text.replace(address, "") == other.text.replace("third@example.org", "")


@pytest.mark.parametrize(
    "address", ["", "nobody", "a@example.org, b@example.org", "a@[127.0.0.1]", "a@example.org\r\nBcc: b@example.org"]
)
def test_an_address_we_cannot_write_to_is_said_beside_the_field(address, visitor, smtp, jobs):
    visitor.visit("/subscribe")
    page = visitor.fill(email=address)
    assert page.status == 422
    assert page.soup.select_one("[aria-invalid=true]")["name"] == "email"
    jobs.run()
    assert smtp.received == []


def test_sending_now_twice_sends_once(reader, another, world, smtp, runner, jobs, time_machine):
    write_and_publish(another(), world.alice)
    time_machine.shift(60)
    for _ in range(2):
        result = runner("digest", "send", "--now")
        assert result.exit_code == 0, result.output
        jobs.run()
        runner("sweep")
        jobs.run()
    assert len(smtp.to(READER, "digest")) == 1
