"""The names and hours by which work is asked for."""

import ast
from datetime import datetime, timedelta
from pathlib import Path

import pytest
from celery.schedules import crontab

import config
from webapp import schedule
from webapp.extensions import celery

WEBAPP = Path(__file__).resolve().parents[2] / "webapp"
MONDAY = datetime(2026, 11, 23)


def minutes_of(entry: crontab) -> list[datetime]:
    """Every minute of one week at which a crontab is due. Its weekdays count from Sunday, 0."""
    return [
        minute
        for minute in (MONDAY + timedelta(minutes=number) for number in range(7 * 24 * 60))
        if minute.minute in entry.minute
        and minute.hour in entry.hour
        and minute.isoweekday() % 7 in entry.day_of_week
        and minute.day in entry.day_of_month
        and minute.month in entry.month_of_year
    ]


def crontabs(settings: config.Config) -> list[crontab]:
    entries = schedule.beat_schedule(settings).values()
    return [entry["schedule"] for entry in entries if isinstance(entry["schedule"], crontab)]


def test_the_digest_goes_out_once_a_week_on_saturday_at_ten(app):
    (weekly,) = crontabs(app.config["ALMANAC"])
    assert minutes_of(weekly) == [datetime(2026, 11, 28, 10, 0)]


@pytest.mark.parametrize(("weekday", "day"), list(zip(config.WEEKDAYS, range(23, 30), strict=True)))
def test_the_digest_keeps_the_day_and_time_that_were_set(weekday, day, tmp_path):
    settings = config.load(
        {"WEBAPP_ENV": "test", "DATA_DIR": str(tmp_path), "DIGEST_WEEKDAY": weekday, "DIGEST_TIME": "23:59"}
    )
    (weekly,) = crontabs(settings)
    assert minutes_of(weekly) == [datetime(2026, 11, day, 23, 59)]
    assert settings.weekday == datetime(2026, 11, day).weekday()


def test_a_crontab_without_a_minute_would_be_noticed():
    assert len(minutes_of(crontab(hour=10, day_of_week="sat"))) == 60


def test_crontabs_are_read_in_the_zone_of_the_site(app):
    assert celery.conf.timezone == app.config["ALMANAC"].site_timezone


def test_every_scheduled_task_is_registered(app):
    for entry in celery.conf.beat_schedule.values():
        assert entry["task"] in celery.tasks


def test_every_task_that_is_asked_for_by_name_is_registered(app):
    asked = names_asked_for()
    assert asked, "nothing is asked for: has jobs.after_commit been renamed?"
    assert {name: where for name, where in asked.items() if name not in celery.tasks} == {}


def test_every_task_has_a_name_of_its_own(app):
    ours = [task for task in celery.tasks.values() if task.__module__.startswith("webapp")]
    assert ours
    for task in ours:
        feature = task.__module__.split(".")[1]
        assert task.name.startswith(f"{feature}."), f"{task.name} is not named feature.verb"


def names_asked_for() -> dict[str, str]:
    """Task names written as text where a job is made, with the file that does it."""
    found = {}
    for file in WEBAPP.rglob("*.py"):
        for node in ast.walk(ast.parse(file.read_text())):
            if isinstance(node, ast.Call):
                called = node.func.attr if isinstance(node.func, ast.Attribute) else getattr(node.func, "id", "")
                place = {"after_commit": 1, "Job": 0}.get(called)
                if place is not None and len(node.args) > place:
                    name = node.args[place]
                    if isinstance(name, ast.Constant):
                        found[name.value] = str(file.relative_to(WEBAPP))
    return found
