"""The contract of docs/time.md, held against every zone of the tz database for ten years."""

from datetime import UTC, datetime, timedelta
from itertools import pairwise

from hypothesis import HealthCheck, example, given, settings

from tests.unit.reminders.clock_changes import changes, every_change, every_zone
from tests.unit.reminders.time_contract import (
    CHANGING,
    DAY,
    NEAR,
    RULES,
    ZONES,
    daily,
    holds_for_a_series,
    holds_for_one_time,
)
from webapp.core import wall_clock
from webapp.reminders import recurrence, when

SECOND = timedelta(seconds=1)


def test_the_clocks_of_most_of_the_world_are_looked_at():
    """Should the tz database be unreadable, no change would be found and all that follows would hold."""
    assert len(ZONES) > 550
    assert len(CHANGING) > 200
    assert sum(map(len, every_zone().values())) > 3000


def test_a_time_in_a_gap_is_read_with_the_offset_from_before_it_in_every_zone():
    for zone, found in every_zone().items():
        for change in found:
            if change.is_gap:
                for wall in (change.first_wall, change.first_wall + change.length / 2, last_wall(change)):
                    assert when.instant(wall, zone) == (wall - change.before).replace(tzinfo=UTC), (zone, wall)
                    assert wall_clock.oddity(wall, zone) is wall_clock.Oddity.SKIPPED, (zone, wall)


def test_a_time_that_comes_twice_means_the_first_in_every_zone():
    for zone, found in every_zone().items():
        for change in found:
            if not change.is_gap:
                for wall in (change.first_wall, change.first_wall + change.length / 2, last_wall(change)):
                    assert when.instant(wall, zone) == (wall - change.before).replace(tzinfo=UTC), (zone, wall)
                    assert wall_clock.oddity(wall, zone) is wall_clock.Oddity.TWICE, (zone, wall)


def test_the_times_beside_a_change_are_what_they_say_in_every_zone():
    for zone, found in every_zone().items():
        for change in found:
            before, after = change.first_wall - SECOND, change.first_wall + change.length
            assert when.instant(before, zone) == (before - change.before).replace(tzinfo=UTC), (zone, before)
            assert when.instant(after, zone) == (after - change.after).replace(tzinfo=UTC), (zone, after)
            for wall in (before, after):
                assert wall_clock.oddity(wall, zone) is wall_clock.Oddity.NONE, (zone, wall)
                assert when.local(when.instant(wall, zone), zone).replace(tzinfo=None) == wall


def test_a_daily_reminder_comes_once_a_day_over_every_change_of_clocks():
    for change, zone in every_change().items():
        wall = change.first_wall + change.length / 2
        first = wall - 2 * DAY
        asked, times = zip(*recurrence.coming(daily(zone, first), 5), strict=True)
        shown = [when.local(each, zone).replace(tzinfo=None) for each in times]
        assert list(times) == sorted(set(times)), (zone, wall)
        assert list(asked) == [first + number * DAY for number in range(5)], (zone, wall)
        on_the_day = shown.pop(2)
        assert on_the_day == (wall + change.length if change.is_gap else wall), (zone, wall)
        assert {each.time() for each in shown} == {wall.time()}, (zone, wall)


def test_zones_without_summer_time_never_move_anything():
    quiet = [zone for zone in ZONES if zone not in CHANGING]
    assert {"UTC", "Asia/Shanghai", "Asia/Kolkata", "America/Phoenix"} <= set(quiet)
    wall = datetime(2027, 3, 14, 2, 30)
    for zone in quiet:
        assert wall_clock.oddity(wall, zone) is wall_clock.Oddity.NONE
        times = recurrence.upcoming(daily(zone, wall), 5)
        assert {later - sooner for sooner, later in pairwise(times)} == {DAY}, zone


def test_half_an_hour_is_skipped_on_lord_howe():
    wall = datetime(2027, 10, 3, 2, 15)
    lands = when.local(when.instant(wall, "Australia/Lord_Howe"), "Australia/Lord_Howe")
    assert (lands.hour, lands.minute) == (2, 45)


def test_the_day_that_apia_skipped_lands_on_the_next_and_there_is_one_mail_for_both():
    """Samoa went from the 29th to the 31st of December 2011: 24 hours were skipped."""
    (change,) = changes("Pacific/Apia", datetime(2011, 12, 20, tzinfo=UTC), datetime(2012, 1, 9, tzinfo=UTC))
    assert change.length == DAY
    wall = datetime(2011, 12, 30, 9)
    assert wall_clock.oddity(wall, "Pacific/Apia") is wall_clock.Oddity.SKIPPED
    assert when.local(when.instant(wall, "Pacific/Apia"), "Pacific/Apia").replace(tzinfo=None) == wall + DAY
    times = recurrence.upcoming(daily("Pacific/Apia", wall - DAY), 3)
    assert [when.local(each, "Pacific/Apia").day for each in times] == [29, 31, 1]


def last_wall(change):
    return change.first_wall + change.length - SECOND


# Any time, any zone, any rule


@given(NEAR)
@example(("America/New_York", datetime(2027, 3, 14, 2, 30)))
@example(("America/New_York", datetime(2027, 11, 7, 1, 30)))
@example(("Africa/Casablanca", datetime(2027, 2, 7, 2, 30)))
@settings(max_examples=2000, deadline=None)
def test_any_time_in_any_zone_keeps_the_contract(asked):
    holds_for_one_time(asked)


@given(NEAR, RULES)
@example(("America/New_York", datetime(2027, 3, 14, 0, 30)), "FREQ=HOURLY")
@settings(max_examples=2000, deadline=None, suppress_health_check=[HealthCheck.too_slow])
def test_any_series_in_any_zone_keeps_the_contract(asked, rule):
    holds_for_a_series(asked, rule)
