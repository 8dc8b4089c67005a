from contextlib import contextmanager
from datetime import UTC, date, datetime
from types import SimpleNamespace

import pytest

from webapp.core import week

WEDNESDAY = datetime(2026, 11, 25, 1, 40, tzinfo=UTC)


@contextmanager
def answering(*entries):
    heard = []

    def receiver(_sender, **asked):
        heard.append(asked)
        return list(entries)

    with week.asked.connected_to(receiver):
        yield heard


def entry(at, label="Call the printer"):
    return week.Entry(at=at, label=label, url=None, state="coming")


@pytest.fixture(autouse=True)
def quiet(monkeypatch):
    """Only the receivers of the test answer."""
    monkeypatch.setattr(week, "asked", week.signal("almanac.test-week-asked"))


def test_the_week_runs_from_monday_to_sunday_and_knows_today(app):
    with app.app_context():
        found = week.this_week(WEDNESDAY)

    assert [day.on.day for day in found.days] == [23, 24, 25, 26, 27, 28, 29]
    assert [day.on for day in found.days if day.is_today] == [date(2026, 11, 25)] == [found.today]
    assert [day.on.day for day in found.days if day.is_past] == [23, 24]
    assert found.number == 48


def test_receivers_are_asked_for_the_days_of_the_week_and_for_whom(app):
    someone = SimpleNamespace(zone="Asia/Shanghai")
    with app.app_context(), answering() as heard:
        week.this_week(WEDNESDAY, someone)

    assert heard == [{"start": date(2026, 11, 23), "end": date(2026, 11, 30), "person": someone}]


def test_an_entry_stands_on_its_day_where_the_viewer_is(app):
    late = entry(datetime(2026, 11, 25, 20, tzinfo=UTC))
    someone = SimpleNamespace(zone="Asia/Shanghai")
    with app.app_context(), answering(late):
        there = week.this_week(WEDNESDAY, someone)
        here = week.this_week(WEDNESDAY)

    assert [day.on.day for day in there.days if day.entries] == [26]
    assert [day.on.day for day in here.days if day.entries] == [25]


def test_entries_of_all_features_come_in_the_order_of_time(app):
    early, late = entry(datetime(2026, 11, 25, 8, tzinfo=UTC)), entry(datetime(2026, 11, 26, 8, tzinfo=UTC))
    with app.app_context(), answering(late), answering(early):
        assert week.entries(date(2026, 11, 23), date(2026, 11, 30)) == [early, late]


def test_a_full_day_shows_what_is_still_to_come(app):
    done = [week.Entry(datetime(2026, 11, 25, hour, tzinfo=UTC), "Water", None, "done") for hour in range(5)]
    coming = entry(datetime(2026, 11, 25, 21, tzinfo=UTC))
    with app.app_context(), answering(*done, coming):
        today = week.this_week(WEDNESDAY).days[2]

    assert today.shown == [*done[:3], coming]
    assert today.unshown == 2


def test_instants_of_a_day_follow_the_clock_that_changes(app):
    someone = SimpleNamespace(zone="America/New_York")
    with app.app_context():
        start, end = week.instants(date(2027, 3, 14), date(2027, 3, 15), someone)

    assert (end - start).total_seconds() == 23 * 3600
