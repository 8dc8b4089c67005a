"""Setting a reminder, through the door."""

from datetime import UTC, datetime, timedelta

import pytest

from tests import factories
from tests.unit.reminders.pages import ask, error_of, every_reminder, shown, the_reminder, words
from tests.world import post_form, sign_in
from webapp.extensions import db as database
from webapp.reminders.models import ReminderKind, ReminderState

NOW = datetime(2026, 11, 25, 1, 40, tzinfo=UTC)


def test_a_reminder_is_set_for_the_time_on_the_clock_of_its_zone(browser):
    answer = ask(browser)
    assert (answer.status_code, answer.location) == (303, "/reminders")
    reminder = the_reminder()
    assert reminder.due_at == datetime(2026, 11, 25, 8, 30, tzinfo=UTC)
    assert (reminder.zone, reminder.text) == ("Asia/Shanghai", "Call the printer")
    assert "We will remind you on Wed 25 Nov, 16:30 · Shanghai · in 7 hours." in shown(browser)


def test_the_list_shows_day_text_full_time_repetition_and_post(browser, world, db):
    post = factories.post(world.alice, "Salt", published_at=NOW)
    ask(browser, text="Water the fig", when="2026-12-01 08:00", repeat="weekly", post_id=str(post.id))
    page = shown(browser)
    assert "1 December Water the fig" in page
    assert "Tue 1 Dec, 08:00 · Shanghai · in 6 days Then every Tuesday Open the post" in page
    assert f'href="/posts/{post.slug}"' in browser.get("/reminders").text


def test_words_are_read_in_the_chosen_city(browser):
    ask(browser, when="tomorrow 9am", zone="new york")
    reminder = the_reminder()
    assert reminder.zone == "America/New_York"
    assert reminder.due_at == datetime(2026, 11, 25, 14, 0, tzinfo=UTC)  # it is still Tuesday evening there
    assert "Wed 25 Nov, 09:00 · New York · in 12 hours Wed 25 Nov, 22:00 in Shanghai" in shown(browser)


def test_a_picked_time_counts_before_the_words(browser):
    ask(browser, when="tomorrow", picked="2026-11-28T20:00")
    assert the_reminder().wall_time == "2026-11-28T20:00:00"


def test_an_empty_zone_is_refused_beside_its_field(browser):
    answer = ask(browser, zone="Atlantis")
    assert answer.status_code == 422
    assert "do not know that city" in error_of(answer, "zone")
    assert every_reminder() == []


def test_every_fault_is_named_at_once_and_what_was_typed_is_kept(browser):
    answer = ask(browser, text="", when="when pigs fly <b>", zone="Nowhere", repeat="sometimes")
    assert answer.status_code == 422
    assert "Say what" in error_of(answer, "text")
    assert error_of(answer, "zone")
    assert "Choose one" in error_of(answer, "repeat")
    assert 'value="when pigs fly &lt;b&gt;"' in answer.text
    assert 'value="Nowhere"' in answer.text


@pytest.mark.parametrize(
    "when",
    [
        "",
        "yesterday",
        "2026-11-25 09:30",
        "0001-01-01 00:00",
        "9999-12-31 23:59",
        "2036-11-26 10:00",
        "2026-12-31 23:59:60",
        "2026-02-30 10:00",
        "NaN",
        "inf",
        "\0",
        "9" * 5000,
    ],
)
def test_a_time_that_cannot_be_is_refused_beside_its_field(browser, when):
    answer = ask(browser, when=when)
    assert answer.status_code == 422
    assert error_of(answer, "when")
    assert every_reminder() == []


@pytest.mark.parametrize("when", ["2035-11-25 10:00", "in 9 years", "in 1 second", "2026-11-25 09:40"])
def test_a_time_at_the_edge_is_taken(browser, when):
    assert ask(browser, when=when).status_code == 303


@pytest.mark.parametrize("picked", ["2026-11-25", "garbage", "2026-13-01T10:00", "2026-11-25T09:00Z"])
def test_a_picked_time_that_cannot_be_is_refused_beside_its_own_field(browser, picked):
    answer = ask(browser, picked=picked)
    assert answer.status_code == 422
    assert error_of(answer, "picked")


@pytest.mark.parametrize(
    "when", ["-1", "١٢", "0", "Z", "24:00", "tomorrow" * 12, "in 99999999 years", "🕐", "UTC", "%s"]
)
def test_strange_words_are_read_or_refused_but_break_nothing(browser, when):
    assert ask(browser, when=when).status_code in {303, 422}


@pytest.mark.parametrize(("text", "says"), [("x" * 501, "500"), ("a\0b", "cannot be shown"), (" \n ", "Say what")])
def test_a_text_that_does_not_fit_is_refused(browser, text, says):
    answer = ask(browser, text=text)
    assert answer.status_code == 422
    assert says in error_of(answer, "text")


def test_a_skipped_hour_is_said_after_saving_and_on_the_row(browser):
    ask(browser, when="2027-03-14 02:30", zone="New York")
    sentence = "02:30 does not exist on Sun 14 Mar in New York. That day we remind you at 03:30."
    page = shown(browser)
    assert page.count(sentence) == 2
    assert "Sun 14 Mar 2027, 03:30 · New York" in page
    assert shown(browser).count(sentence) == 1


def test_an_hour_that_comes_twice_is_said(browser):
    ask(browser, when="2027-11-07 01:30", zone="New York")
    assert "01:30 comes twice on Sun 7 Nov in New York. We remind you the first time." in shown(browser)
    assert the_reminder().due_at == datetime(2027, 11, 7, 5, 30, tzinfo=UTC)


def test_a_repeating_one_tells_of_a_skipped_hour_before_it_comes(browser):
    ask(browser, when="2027-02-28 02:30", zone="New York", repeat="weekly")
    assert "02:30 does not exist on Sun 14 Mar in New York." in shown(browser)


@pytest.mark.parametrize(
    ("repeat", "when", "says"),
    [
        ("daily", "2026-11-28 10:00", "Then every day"),
        ("weekly", "2026-11-28 10:00", "Then every Saturday"),
        ("monthly", "2026-11-28 10:00", "Then every month on day 28"),
        ("monthly", "2027-01-31 10:00", "Then every month that has a day 31"),
        ("yearly", "2027-05-24 10:00", "Then every year on 24 May"),
        ("yearly", "2028-02-29 10:00", "Then every leap year on 29 February"),
    ],
)
def test_a_repetition_is_said_in_words(browser, repeat, when, says):
    ask(browser, when=when, repeat=repeat)
    assert says in shown(browser)


def test_the_same_form_sent_twice_sets_one_reminder(browser):
    assert ask(browser).status_code == 303
    assert ask(browser).status_code == 303
    assert len(every_reminder()) == 1


def test_the_same_thing_again_later_is_a_second_reminder(browser, frozen):
    ask(browser)
    frozen.move_to(NOW + timedelta(minutes=5), tick=False)
    ask(browser)
    assert len(every_reminder()) == 2


def test_fields_that_are_not_asked_for_are_ignored(browser, world):
    answer = ask(browser, person_id=str(world.alice.id), state="fired", kind="welcome", version="9", due_at="x")
    assert answer.status_code == 303
    reminder = the_reminder()
    assert reminder.person_id == world.bob.id
    assert (reminder.state, reminder.kind, reminder.version) == (ReminderState.PENDING, ReminderKind.REMINDER, 1)


def test_a_near_reminder_is_handed_to_the_broker_after_the_commit(browser, jobs):
    ask(browser, when="in 20 seconds")
    assert [job.args for job in jobs.named("reminders.remind")] == [(the_reminder().id, 1)]


def test_without_a_confirmed_address_nothing_can_be_set(client, db, frozen):
    newcomer = factories.person("Nora", confirmed=False)
    sign_in_anyway(client, newcomer)
    page = client.get("/reminders")
    if page.status_code == 200:
        assert "Confirm your mail address first." in words(page)
        assert "Remind me" not in page.text
    answer = post_form(client, "/reminders", page="/settings", text="x", when="tomorrow", zone="UTC", repeat="never")
    assert answer.status_code == 422
    assert "Confirm your mail address first." in words(answer)
    assert every_reminder() == []


def sign_in_anyway(client, person):
    """Signs someone in whose address was confirmed at the time."""
    person.email_confirmed_at = NOW
    sign_in(client, person)
    person.email_confirmed_at = None
    database.session.commit()
