"""What someone means by a time."""

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from webapp.core import wall_clock
from webapp.core.errors import Refused
from webapp.reminders import when

NOW = datetime(2026, 11, 25, 1, 40, tzinfo=UTC)  # 09:40 in Shanghai


def test_iso_is_read_as_the_wall_time_of_the_zone():
    assert when.read("2027-03-14 02:30", "America/New_York", NOW) == datetime(2027, 3, 14, 2, 30)


@pytest.mark.parametrize(
    ("words", "expected"),
    [
        ("tomorrow 9am", datetime(2026, 11, 26, 9, 0)),
        ("in 2 hours", datetime(2026, 11, 25, 11, 40)),
        ("2026-12-01T08:00", datetime(2026, 12, 1, 8, 0)),
    ],
)
def test_words_are_read_on_the_clock_of_the_zone(words, expected):
    assert when.read(words, "Asia/Shanghai", NOW) == expected


@pytest.mark.parametrize("words", ["", " ", "soon-ish blorp", "2027-02-30 10:00", "2027-01-01 24:00", "9" * 5000, "\0"])
def test_what_is_no_time_is_refused_by_name(words):
    with pytest.raises(Refused) as refused:
        when.read(words, "Asia/Shanghai", NOW)
    assert refused.value.field == "when"


@pytest.mark.parametrize(
    "raw", ["2027-01-01T10:00", "2027-01-01", "NaN", "2027-01-01T23:59:60Z", "10000-01-01T00:00Z", "", "x" * 9000]
)
def test_an_instant_without_an_offset_or_sense_is_refused(raw):
    with pytest.raises(Refused) as refused:
        when.from_offset(raw)
    assert refused.value.field == "due_at"


def test_an_instant_at_the_end_of_the_calendar_is_refused_and_not_an_error():
    for raw in ("0001-01-01T00:00:00+14:00", "9999-12-31T23:59:59-14:00"):
        with pytest.raises(Refused):
            when.check_due(when.from_offset(raw), NOW, field="due_at")


def test_a_time_in_the_gap_is_read_with_the_offset_from_before_it():
    wall = datetime(2027, 3, 14, 2, 30)
    assert wall_clock.oddity(wall, "America/New_York") is wall_clock.Oddity.SKIPPED
    landed = when.local(when.instant(wall, "America/New_York"), "America/New_York")
    assert (landed.hour, landed.minute) == (3, 30)


def test_a_time_that_comes_twice_means_the_first():
    wall = datetime(2027, 11, 7, 1, 30)
    assert wall_clock.oddity(wall, "America/New_York") is wall_clock.Oddity.TWICE
    assert when.instant(wall, "America/New_York") == datetime(2027, 11, 7, 5, 30, tzinfo=UTC)


def test_half_an_hour_can_be_missing_too():
    assert wall_clock.oddity(datetime(2027, 10, 3, 2, 15), "Australia/Lord_Howe") is wall_clock.Oddity.SKIPPED


@given(st.datetimes(min_value=datetime(2026, 1, 1), max_value=datetime(2036, 1, 1)))
def test_an_ordinary_time_survives_the_way_to_the_instant_and_back(wall):
    zone = "Europe/Berlin"
    if wall_clock.oddity(wall, zone) is wall_clock.Oddity.NONE:
        assert when.local(when.instant(wall, zone), zone).replace(tzinfo=None) == wall


@pytest.mark.parametrize(
    ("offset", "is_fine"),
    [
        (timedelta(seconds=-59), True),
        (timedelta(seconds=-61), False),
        (timedelta(seconds=0.5), True),
        (timedelta(days=365 * 9), True),
        (timedelta(days=3660), False),
    ],
)
def test_a_due_time_lies_between_a_minute_ago_and_ten_years_ahead(offset, is_fine):
    if is_fine:
        when.check_due(NOW + offset, NOW, field="due_at")
    else:
        with pytest.raises(Refused):
            when.check_due(NOW + offset, NOW, field="due_at")
