"""When a weekly slot falls, by the site's clock and through its changes."""

from datetime import UTC, datetime, time
from zoneinfo import ZoneInfo

import pytest

from webapp.core.weekly import Weekly

SHANGHAI = Weekly(5, time(10), ZoneInfo("Asia/Shanghai"))


def utc(*parts):
    return datetime(*parts, tzinfo=UTC)


@pytest.mark.parametrize(
    ("now", "slot"),
    [
        (utc(2026, 11, 28, 2), utc(2026, 11, 28, 2)),
        (utc(2026, 11, 28, 1, 59, 59), utc(2026, 11, 21, 2)),
        (utc(2026, 11, 29, 23), utc(2026, 11, 28, 2)),
        (utc(2026, 11, 27, 23), utc(2026, 11, 21, 2)),
    ],
)
def test_latest_slot_is_the_newest_not_later_than_now(now, slot):
    assert SHANGHAI.latest(now) == slot


def test_next_slot_is_later_than_now():
    assert SHANGHAI.after(utc(2026, 11, 28, 1, 59, 59)) == utc(2026, 11, 28, 2)
    assert SHANGHAI.after(utc(2026, 11, 28, 2)) == utc(2026, 12, 5, 2)


def test_slots_between_leave_out_both_ends():
    assert list(SHANGHAI.between(utc(2026, 11, 7, 2), utc(2026, 11, 28, 2))) == [
        utc(2026, 11, 14, 2),
        utc(2026, 11, 21, 2),
    ]


def test_wall_time_stays_when_the_clocks_change():
    berlin = Weekly(5, time(10), ZoneInfo("Europe/Berlin"))

    assert list(berlin.between(utc(2026, 10, 20), utc(2026, 11, 5))) == [utc(2026, 10, 24, 8), utc(2026, 10, 31, 9)]


def test_time_that_does_not_exist_uses_the_offset_before_the_gap():
    new_york = Weekly(6, time(2, 30), ZoneInfo("America/New_York"))

    assert new_york.after(utc(2027, 3, 8)) == utc(2027, 3, 14, 7, 30)  # 03:30 there
    assert new_york.latest(utc(2027, 3, 14, 7, 30)) == utc(2027, 3, 14, 7, 30)
    assert new_york.latest(utc(2027, 3, 14, 7, 29)) == utc(2027, 3, 7, 7, 30)


def test_time_that_comes_twice_means_the_first_and_is_one_slot():
    new_york = Weekly(6, time(1, 30), ZoneInfo("America/New_York"))

    assert list(new_york.between(utc(2026, 10, 26), utc(2026, 11, 8))) == [utc(2026, 11, 1, 5, 30)]
    assert new_york.latest(utc(2026, 11, 1, 6, 30)) == utc(2026, 11, 1, 5, 30)


def test_leap_day_is_a_day():
    assert Weekly(1, time(10), ZoneInfo("UTC")).after(utc(2028, 2, 28)) == utc(2028, 2, 29, 10)


def test_day_that_a_zone_left_out_has_one_slot_all_the_same():
    apia = Weekly(4, time(10), ZoneInfo("Pacific/Apia"))  # there was no Friday 30 December 2011 there

    assert list(apia.between(utc(2011, 12, 24), utc(2012, 1, 7))) == [utc(2011, 12, 30, 20), utc(2012, 1, 5, 20)]
