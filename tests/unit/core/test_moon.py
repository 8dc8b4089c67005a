from datetime import UTC, datetime, timedelta
from itertools import pairwise
from zoneinfo import ZoneInfo

import pytest

from webapp.core import moon

SHANGHAI = ZoneInfo("Asia/Shanghai")

# Instants from published tables of the phases of the moon, rounded to the minute.
KNOWN = [
    (datetime(2000, 1, 6, 18, 14, tzinfo=UTC), 0.0),
    (datetime(2024, 4, 8, 18, 21, tzinfo=UTC), 0.0),
    (datetime(2025, 3, 14, 6, 55, tzinfo=UTC), 0.5),
    (datetime(2026, 11, 24, 14, 53, tzinfo=UTC), 0.5),
]


@pytest.mark.parametrize(("true_instant", "phase"), KNOWN)
def test_a_phase_is_found_within_an_hour_of_its_true_instant(true_instant, phase):
    found = moon.next_at(phase, true_instant - timedelta(days=3))

    assert abs(found - true_instant) < timedelta(hours=1)


@pytest.mark.parametrize(
    ("day", "expected"),
    [
        (20, "The moon is waxing, full in 4 days."),
        (23, "The moon will be full tomorrow night."),
        (24, "The moon is full tonight."),
        (25, "The moon was full last night."),
        (26, "The moon is waning, new in 12 days."),
    ],
)
def test_the_sentence_follows_the_night_where_the_reader_is(day, expected):
    assert moon.sentence(datetime(2026, 11, day, 9, 40, tzinfo=SHANGHAI), SHANGHAI) == expected


def test_every_day_of_a_year_has_a_sentence_that_counts_down_to_its_night():
    start = datetime(2026, 1, 1, 9, tzinfo=UTC)
    said = [moon.sentence(start + timedelta(days=day), UTC) for day in range(365)]

    for today, tomorrow in pairwise(said):
        if today.endswith(" days."):
            left = int(today.split()[-2])
            assert left >= 2
            assert str(left - 1) in tomorrow or "tomorrow night" in tomorrow
        if "tonight" in today:
            assert "last night" in tomorrow


def test_a_waxing_moon_is_dark_on_the_left_and_a_waning_one_on_the_right():
    assert moon.shadow(0.1).startswith("M10 2a8 8 0 0 0")
    assert moon.shadow(0.9).startswith("M10 2a8 8 0 0 1")


def test_at_first_quarter_the_shadow_ends_in_a_straight_line():
    assert "a0.00 8" in moon.shadow(0.25)
