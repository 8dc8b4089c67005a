"""The form says how it reads a time before anything is set."""

from datetime import UTC, datetime

import pytest
from bs4 import BeautifulSoup

from tests.unit.reminders.pages import ask, every_reminder, shown, the_reminder, words
from webapp.core import zones

NOW = datetime(2026, 11, 25, 1, 40, tzinfo=UTC)


def reading(browser, **fields):
    answer = browser.get("/reminders/reading", query_string={"zone": "Shanghai", "repeat": "never"} | fields)
    assert answer.status_code == 200
    return words(answer)


@pytest.mark.parametrize("when", ["tomorrow 9am", "明天上午9点", "2026-11-26 09:00", "tomorrow"])
def test_words_are_read_at_once_with_place_and_distance(browser, when):
    assert "That is Thu 26 Nov, 09:00 · Shanghai · in 23 hours" in reading(browser, when=when)
    assert every_reminder() == []


def test_a_time_elsewhere_is_shown_on_ones_own_clock_too(browser):
    said = reading(browser, when="2026-11-26 09:00", zone="New York")
    assert "Thu 26 Nov, 09:00 · New York" in said
    assert "Thu 26 Nov, 22:00 in Shanghai" in said


def test_a_time_that_does_not_exist_is_said_before_it_is_set(browser):
    said = reading(browser, when="2027-02-28 02:30", zone="New York", repeat="weekly")
    assert "02:30 does not exist on Sun 14 Mar in New York. That day we remind you at 03:30." in said
    assert "Sun 14 Mar 2027, 03:30 15:30 moved" in said


def test_a_time_that_comes_twice_is_said_too(browser):
    assert "comes twice on Sun 7 Nov" in reading(browser, when="2027-11-07 01:30", zone="New York")


def test_a_gap_at_midnight_names_the_day_it_lands_on(browser):
    said = reading(browser, when="2027-03-27 23:30", zone="America/Scoresbysund")
    assert "We remind you at 00:30 on Sun 28 Mar." in said


@pytest.mark.parametrize(
    ("fields", "said"),
    [
        ({"when": "blorp"}, "We could not read that time."),
        ({"when": "2020-01-01 09:00"}, "That time is already past."),
        ({"when": "tomorrow", "zone": "Atlantis"}, "We do not know that city."),
        ({"when": "tomorrow", "repeat": "daily", "every": "0"}, "Give a number from 1 to 1000."),
        ({"when": "tomorrow", "repeat": "daily", "until": "soon"}, "Give a day such as"),
        ({"when": "tomorrow", "repeat": "daily", "until": "2027-01-01", "count": "3"}, "not both"),
        ({"when": ""}, ""),
    ],
)
def test_what_cannot_be_read_is_said_and_is_no_error_page(browser, fields, said):
    assert said in reading(browser, **fields)


def test_without_javascript_a_button_shows_it_first(browser):
    answer = ask(browser, when="tomorrow 9am", repeat="weekly", days=["MO", "FR"], look="1")
    assert answer.status_code == 200
    assert "That is Fri 27 Nov, 09:00 · Shanghai" in words(answer)
    assert "Then every Monday and Friday" in words(answer)
    assert every_reminder() == []


def test_our_reading_can_be_corrected_and_counts_for_those_words_only(browser):
    ask(browser, when="tomorrow 9am", exact="2026-11-26T09:15", exact_of="tomorrow 9am")
    assert the_reminder().wall_time == "2026-11-26T09:15:00"
    ask(browser, text="Other", when="tomorrow 10am", exact="2026-11-26T09:15", exact_of="tomorrow 9am")
    assert every_reminder()[1].wall_time == "2026-11-26T10:00:00"


def test_a_series_with_days_and_an_end_is_set_from_the_form(browser):
    ask(browser, when="tomorrow 9am", repeat="weekly", every="2", days=["FR", "MO"], count="6")
    reminder = the_reminder()
    assert reminder.recurrence == "FREQ=WEEKLY;INTERVAL=2;BYDAY=MO,FR;COUNT=6"
    assert reminder.wall_time == "2026-11-27T09:00:00"
    assert "Then every 2 weeks on Monday and Friday, 6 times in all" in shown(browser)


@pytest.mark.parametrize(
    ("city", "zone"),
    [("北京", "Asia/Shanghai"), ("纽约", "America/New_York"), ("Boston", "America/New_York")],
)
def test_a_zone_is_found_by_cities_that_give_it_no_name(city, zone):
    assert zones.named(city) == zone


def test_a_reading_that_nobody_changed_is_read_anew_in_another_city(browser):
    asked = {"when": "in 2 hours", "zone": "New York", "exact_of": "in 2 hours", "exact": "2026-11-25T11:40"}
    untouched = browser.get("/reminders/reading", query_string=asked | {"exact_was": "2026-11-25T11:40"})
    assert "Tue 24 Nov, 22:40 · New York · in 2 hours" in words(untouched)
    corrected = browser.get("/reminders/reading", query_string=asked | {"exact_was": "2026-11-24T22:40"})
    assert "Wed 25 Nov, 11:40 · New York" in words(corrected)


@pytest.mark.parametrize("address", ["/reminders", "/reminders/reading?when=tomorrow&zone=Shanghai"])
def test_only_what_tells_the_time_stands_in_the_address_of_a_reading(browser, address):
    page = BeautifulSoup(browser.get(address).data, "html.parser")
    asking = page.select('[data-hx-get="/reminders/reading"]')
    named = {name for each in asking for name in each["data-hx-params"].split(",")}
    assert {each["name"] for each in asking} <= named
    assert not named & {"csrf_token", "text", "recipient", "next", "post_id", "version", "*"}
