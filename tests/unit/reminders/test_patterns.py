"""From what a form asks to a rule, and from a rule to words and back into the form."""

from datetime import date, datetime

import pytest

from webapp.reminders import patterns, recurrence, wording
from webapp.reminders.models import Reminder
from webapp.reminders.patterns import Pattern

FIRST = datetime(2026, 11, 26, 9)
"""A Thursday, the fourth of its month."""


@pytest.mark.parametrize(
    ("pattern", "rule", "said"),
    [
        (Pattern("daily"), "FREQ=DAILY", "Then every day"),
        (Pattern("daily", every=3), "FREQ=DAILY;INTERVAL=3", "Then every 3 days"),
        (Pattern("weekly", days=("FR", "MO")), "FREQ=WEEKLY;BYDAY=MO,FR", "Then every Monday and Friday"),
        (Pattern("monthly"), "FREQ=MONTHLY", "Then every month on day 26"),
        (
            Pattern("monthly-weekday", every=2),
            "FREQ=MONTHLY;INTERVAL=2;BYDAY=4TH",
            "Then on the fourth Thursday of every 2 months",
        ),
        (Pattern("yearly", count=5), "FREQ=YEARLY;COUNT=5", "Then every year on 26 November, 5 times in all"),
        (
            Pattern("daily", until=date(2026, 12, 24)),
            "FREQ=DAILY;UNTIL=20261224",
            "Then every day until 24 December 2026",
        ),
    ],
)
def test_a_pattern_is_a_rule_is_words_and_is_the_pattern_again(app, pattern, rule, said):
    assert pattern.rule(FIRST) == rule
    assert recurrence.check(rule, FIRST) == rule
    found = patterns.of(rule, FIRST)
    assert found.rule(FIRST) == rule
    reminder = Reminder(recurrence=rule, series_start=FIRST.isoformat(), wall_time=FIRST.isoformat(), zone="UTC")
    with app.test_request_context():
        assert wording.repetition(reminder) == said


def test_the_fifth_weekday_of_a_month_is_called_the_last():
    assert Pattern("monthly-weekday").rule(datetime(2026, 11, 30, 9)) == "FREQ=MONTHLY;BYDAY=-1MO"


def test_a_series_on_days_begins_on_the_first_of_them():
    assert Pattern("weekly", days=("MO", "WE")).begins(FIRST) == datetime(2026, 11, 30, 9)
    assert Pattern("weekly", days=("TH",)).begins(FIRST) == FIRST


@pytest.mark.parametrize("rule", ["FREQ=HOURLY", "FREQ=MONTHLY;BYMONTHDAY=1", "FREQ=DAILY;BYHOUR=9"])
def test_a_richer_rule_is_none_of_the_forms(rule):
    assert patterns.of(rule, FIRST) is None
