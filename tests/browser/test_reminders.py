"""Reminders from the first word to the last, on a phone and at a desk, with the keyboard alone."""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta
from urllib.parse import parse_qs, urlsplit

import pytest
from playwright.sync_api import Page, expect

from tests import factories
from tests.door import local
from webapp.core import clock
from webapp.extensions import db as database
from webapp.posts.models import PostState
from webapp.reminders import firing
from webapp.reminders.models import Recipient, Reminder, ReminderState

SIZES = {"phone": {"width": 360, "height": 740}, "desk": {"width": 1280, "height": 900}}
ACTIVE = """(() => {
    const it = document.activeElement, label = it.labels && it.labels[0];
    return [it.tagName, (label || it).textContent.replace(/\\s+/g, ' ').trim(),
        it.closest('li.row')?.textContent || ''];
})()"""
SEEN = """(() => {
    const it = document.activeElement, box = it.getBoundingClientRect();
    const top = document.elementFromPoint(box.x + Math.min(box.width, 40) / 2, box.y + box.height / 2);
    return box.height > 0 && !!top && (it === top || it.contains(top) || top.contains(it));
})()"""


@pytest.fixture(params=SIZES)
def size(request):
    return SIZES[request.param]


@pytest.fixture
def bob(window, world, client, size):
    """Bob's window on his reminders; he lives in Shanghai."""
    page = window(world.bob, client, viewport=size, timezone_id="Asia/Shanghai")
    page.goto("/reminders")
    yield page
    assert page.evaluate("document.documentElement.scrollWidth <= innerWidth"), "nothing is wider than the window"


def focus(page: Page, name: str, *, within: str = "", back: bool = False) -> None:
    """Tab until what is called so has the focus, and can be seen."""
    page.wait_for_load_state()
    passed = []
    for _ in range(120):
        page.keyboard.press("Shift+Tab" if back else "Tab")
        _tag, words, around = page.evaluate(ACTIVE)
        if words == name and within in around:
            assert page.evaluate(SEEN), f"{name} has the focus and is hidden"
            return
        passed.append(words[:30])
    pytest.fail(f"{name} cannot be reached by the keyboard: {passed[:40]}")


def press(page: Page, name: str, **where) -> None:
    focus(page, name, **where)
    page.keyboard.press("Enter")


def go(page: Page, name: str, **where) -> None:
    """Presses what leads to another page."""
    focus(page, name, **where)
    with page.expect_navigation():
        page.keyboard.press("Enter")


def enter(page: Page) -> None:
    """Sends the form that is being filled in."""
    with page.expect_navigation():
        page.keyboard.press("Enter")


def write(page: Page, name: str, words: str, **where) -> None:
    focus(page, name, **where)
    page.keyboard.press("Control+a")
    page.keyboard.type(words)


def row(page: Page, words: str):
    return page.locator("main li.row", has_text=words)


def kept(text: str) -> Reminder:
    database.session.expire_all()
    found = database.session.query(Reminder).filter_by(text=text).one()
    database.session.commit()  # or the page could not write
    return found


def sent(reminder: Reminder) -> None:
    """Its time comes."""
    reminder.due_at = clock.now()
    database.session.commit()
    assert firing.fire(reminder.id, reminder.version)


def test_what_is_typed_is_read_at_once_and_can_be_corrected(bob):
    write(bob, "What", "Ring the boat club")
    write(bob, "When", "tomorrow 9am")
    reading = bob.locator("#reading")
    expect(reading).to_contain_text(
        re.compile(r"That is\s+\w+ \d+ \w+, 09:00 · Shanghai · in "), timeout=15_000
    )  # the first of all
    write(bob, "Where", "New York")
    expect(reading).to_contain_text("09:00 · New York")
    expect(reading).to_contain_text(re.compile(r"2[23]:00 in Shanghai"))
    with bob.expect_response("**/reminders/reading*") as asked:  # the field is left
        bob.keyboard.press("Tab")
    sent = parse_qs(urlsplit(asked.value.url).query)
    assert sent["zone"] == ["New York"]
    assert not {"csrf_token", "text"} & sent.keys(), "an address is written into logs"
    bob.wait_for_load_state("networkidle")
    press(bob, "Not quite? Change it")
    there = bob.get_by_label("Day and time we understood")
    there.fill(there.input_value()[:11] + "10:30")
    focus(bob, "Remind me")
    expect(reading).to_contain_text("10:30 · New York")
    enter(bob)
    expect(row(bob, "Ring the boat club")).to_contain_text("10:30 · New York")
    assert kept("Ring the boat club").wall_time[11:16] == "10:30"


def test_a_time_that_does_not_exist_is_said_before_it_is_set(bob):
    write(bob, "When", "2027-03-14 02:30")
    write(bob, "Where", "New York")
    expect(bob.locator("#reading")).to_contain_text("02:30 does not exist on Sun 14 Mar in New York")


def test_what_repeats_shows_its_next_five_times_before_it_is_set(bob):
    write(bob, "What", "Water the fig")
    write(bob, "When", "2027-03-12 08:00")
    bob.get_by_label("Repeat", exact=True).focus()
    bob.keyboard.press("ArrowDown")
    bob.keyboard.press("ArrowDown")
    reading = bob.locator("#reading")
    expect(reading.get_by_role("table", name="The next five").locator("tbody tr")).to_have_count(5)
    expect(reading).to_contain_text("Then every Friday")
    expect(reading.locator("tbody tr").nth(4)).to_contain_text("9 Apr")
    go(bob, "Remind me")
    expect(row(bob, "Water the fig")).to_contain_text("Then every Friday")


def test_a_pause_stops_it_and_resuming_lets_it_go_on(bob, world):
    factories.reminder(world.bob, "Water the fig", due_at=datetime.now(UTC) + timedelta(days=2))
    factories.db.session.commit()
    bob.reload()
    press(bob, "Pause", within="Water the fig")
    go(bob, "Until I resume it")
    expect(row(bob, "Water the fig")).to_contain_text("Paused")
    assert kept("Water the fig").state is ReminderState.PAUSED
    go(bob, "Resume")
    expect(bob.locator("main")).to_contain_text("goes on")
    assert kept("Water the fig").state is ReminderState.PENDING


def test_the_link_in_the_mail_puts_it_off_without_signing_in(bob, browser, size, world, smtp):
    reminder = factories.reminder(world.bob, "Water the fig")
    sent(reminder)
    page = browser.window(viewport=size)
    page.goto(local(smtp.only(world.bob.email).link("/reminders/act/")))
    assert kept("Water the fig").state is ReminderState.FIRED
    go(page, "In 1 hour")
    expect(page.locator("main")).to_contain_text("Put off. It comes")
    assert kept("Water the fig").state is ReminderState.PENDING
    bob.reload()
    expect(row(bob, "Water the fig")).to_contain_text(re.compile("in (1 hour|59 minutes|60 minutes)"))


def test_what_was_done_by_mistake_comes_back_and_the_history_says_so(bob, world):
    factories.reminder(world.bob, "Water the fig", due_at=datetime.now(UTC) + timedelta(days=2))
    factories.db.session.commit()
    bob.reload()
    go(bob, "Done", within="Water the fig")
    expect(row(bob, "Water the fig")).to_have_count(0)
    go(bob, "Undo")
    expect(row(bob, "Water the fig")).to_have_count(1)
    go(bob, "Cancel", within="Water the fig")
    expect(row(bob, "Water the fig")).to_have_count(0)
    go(bob, "History")
    expect(row(bob, "Water the fig")).to_contain_text("Cancelled")
    go(bob, "Bring back")
    expect(row(bob, "Water the fig")).to_have_count(1)
    go(bob, "Edit", within="Water the fig")
    expect(bob.get_by_role("heading", name="What has happened")).to_be_visible()
    happened = [each.inner_text() for each in bob.locator("#history li").all()]
    for line, word in zip(happened, ("Brought back", "Cancelled", "Brought back", "Done"), strict=True):
        assert word in line


def test_a_reader_is_reminded_of_a_post_from_its_page(bob, world):
    post = factories.post(world.alice, "The first frost", published_at=datetime.now(UTC))
    factories.db.session.commit()
    bob.goto(f"/posts/{post.slug}")
    go(bob, bob.locator("aside form button").first.inner_text())
    expect(bob).to_have_url(re.compile(post.slug))
    expect(bob.locator("body")).to_contain_text("We will remind you on")
    bob.goto("/reminders")
    expect(row(bob, "Read “The first frost”").get_by_role("link", name="Open the post")).to_be_visible()


def test_an_author_is_reminded_of_a_draft_until_it_is_published(window, world, client, size):
    post = factories.post(world.alice, "The second frost")
    factories.db.session.commit()
    page = window(world.alice, client, viewport=size)
    page.goto("/write")
    focus(page, "Remind me to finish it “The second frost”")
    page.keyboard.press("Enter")
    go(page, page.locator("details[open] form button").first.inner_text())
    expect(page.locator("body")).to_contain_text("We will remind you on")
    post.state, post.published_at = PostState.PUBLISHED, datetime.now(UTC)
    database.session.commit()
    page.goto("/reminders/history")
    expect(row(page, "Finish “The second frost”")).to_contain_text("Cancelled itself: the post is published")


def test_the_calendar_gets_an_address_a_new_one_and_none(bob, browser):
    go(bob, "Calendar feed")
    go(bob, "Make an address for my calendar")
    first = bob.get_by_label("Your address").input_value()
    assert bob.request.get(local(first)).status == 200
    go(bob, "Give me a new address")
    expect(bob.get_by_label("Your address")).not_to_have_value(first)
    second = bob.get_by_label("Your address").input_value()
    assert bob.request.get(local(first)).status == 404
    assert bob.request.get(local(second)).headers["content-type"].startswith("text/calendar")
    go(bob, "Stop the feed")
    expect(bob.get_by_label("Your address")).to_have_count(0)
    assert bob.request.get(local(second)).status == 404


def test_somebody_else_is_asked_says_yes_is_reminded_and_stops_it(bob, browser, size, world, jobs, smtp):
    go(bob, "Someone else")
    write(bob, "Their mail address", "friend@example.net")
    enter(bob)
    expect(bob.locator("main")).to_contain_text("Has not said yes")
    jobs.run()

    friend = browser.window(viewport=size)
    friend.goto(local(smtp.only("friend@example.net", "confirm").link("/reminders/request/")))
    expect(friend.get_by_role("heading", name="May Bob remind you?")).to_be_visible()
    go(friend, "Yes, Bob may remind me")
    expect(friend.locator("main")).to_contain_text("Bob may remind you.")

    bob.goto("/reminders/others")
    go(bob, "New reminder")
    expect(bob.get_by_label("Whom")).to_have_value(re.compile(r"^\d+$"))
    write(bob, "What", "Swimming lesson")
    write(bob, "When", "tomorrow 15:00")
    enter(bob)
    expect(row(bob, "Swimming lesson")).to_contain_text("To you and to friend@example.net")
    sent(kept("Swimming lesson"))
    assert smtp.only(world.bob.email)
    friend.goto(local(smtp.to("friend@example.net")[-1].link("/reminders/stop/")))
    go(friend, "No more from Bob")
    expect(friend.locator("main")).to_contain_text("Nothing of Bob goes to you.")
    database.session.expire_all()
    assert database.session.query(Recipient).one().is_open is False
    database.session.commit()
    bob.goto("/reminders/others")
    expect(bob.locator("main")).to_contain_text("Said yes once, and no longer does")
