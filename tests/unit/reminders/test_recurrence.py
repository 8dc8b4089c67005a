"""Which times a repeating reminder falls on."""

from datetime import UTC, datetime

import pytest

from webapp.core.errors import Refused
from webapp.reminders import recurrence, when
from webapp.reminders.models import Reminder

FIRST = datetime(2027, 2, 28, 2, 30)


def weekly(rule="FREQ=WEEKLY", zone="America/New_York", first=FIRST):
    return Reminder(
        recurrence=recurrence.check(rule, first),
        zone=zone,
        wall_time=first.isoformat(),
        series_start=first.isoformat(),
        due_at=when.instant(first, zone),
    )


def wall_times(reminder):
    return [when.local(each, reminder.zone).strftime("%m-%d %H:%M") for each in recurrence.upcoming(reminder)]


def test_the_wall_time_is_kept_when_the_clocks_change_and_moved_in_the_gap():
    assert wall_times(weekly()) == ["02-28 02:30", "03-07 02:30", "03-14 03:30", "03-21 02:30", "03-28 02:30"]


def test_a_series_goes_on_after_an_outage_without_what_was_missed():
    wall, instant = recurrence.next_after(weekly(), datetime(2027, 4, 1, 12, tzinfo=UTC))
    assert wall == datetime(2027, 4, 4, 2, 30)
    assert instant == when.instant(wall, "America/New_York")


def test_count_is_counted_from_the_first():
    assert wall_times(weekly("FREQ=DAILY;COUNT=3")) == ["02-28 02:30", "03-01 02:30", "03-02 02:30"]


def test_until_in_utc_ends_the_series_at_that_instant():
    assert wall_times(weekly("FREQ=DAILY;UNTIL=20270302T080000Z")) == ["02-28 02:30", "03-01 02:30", "03-02 02:30"]
    assert len(wall_times(weekly("FREQ=DAILY;UNTIL=20270302T070000Z"))) == 2


def test_the_last_of_february_comes_only_in_leap_years():
    reminder = weekly("FREQ=YEARLY;BYMONTH=2;BYMONTHDAY=29", first=datetime(2028, 2, 29, 9))
    assert [each.year for each in recurrence.upcoming(reminder)][:3] == [2028, 2032, 2036]


def test_an_hourly_series_gives_the_hour_that_comes_twice_only_once_for_each_slot():
    reminder = weekly("FREQ=HOURLY", first=datetime(2027, 3, 14, 0, 30))
    instants = recurrence.upcoming(reminder)
    assert instants == sorted(set(instants))
    assert len(instants) == 5


@pytest.mark.parametrize(
    "rule",
    [
        "FREQ=SECONDLY",
        "FREQ=MINUTELY;INTERVAL=90",
        "FREQ=DAILY;BYMINUTE=0,10,20",
        "FREQ=DAILY;INTERVAL=0",
        "FREQ=DAILY;COUNT=99999999",
        "FREQ=HOURLY;BYMONTH=2;BYMONTHDAY=30",
        "FREQ=HOURLY;INTERVAL=2;BYHOUR=3",
        "FREQ=DAILY;COUNT=3;UNTIL=20300101",
        "FREQ=DAILY;FREQ=WEEKLY",
        "FREQ=DAILY;BYHOUR=99",
        "FREQ=DAILY;UNTIL=tomorrow",
        "DTSTART:20270101T000000\nRRULE:FREQ=DAILY",
        "FREQ",
        "daily",
        "FREQ=DAILY;" * 100,
        "",
        "FREQ=WEEKLY;BYDAY=",
        "\uff26REQ=DAILY",
    ],
)
def test_what_is_no_rule_or_too_frequent_is_refused_by_name(rule):
    with pytest.raises(Refused) as refused:
        recurrence.check(rule, FIRST)
    assert refused.value.field == "recurrence"


@pytest.mark.parametrize(
    "rule",
    [
        "FREQ=DAILY;BYMONTH=2;BYMONTHDAY=30",
        "FREQ=MONTHLY;BYDAY=5MO;BYMONTHDAY=1",
        "FREQ=MONTHLY;BYDAY=MO;BYSETPOS=9",
    ],
)
def test_a_day_that_never_comes_is_refused(rule):
    with pytest.raises(Refused, match="never comes"):
        recurrence.check(rule, FIRST)


def test_the_leap_day_of_every_second_odd_year_never_comes():
    with pytest.raises(Refused):
        recurrence.check("FREQ=YEARLY;INTERVAL=2;BYMONTH=2;BYMONTHDAY=29", FIRST)
