"""What a program can do with a reminder that is set: put off, pause, finish, and read what happened."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

NOW = datetime(2026, 11, 25, 1, 40, tzinfo=UTC)
HOUR = timedelta(hours=1)


@pytest.fixture
def frozen(time_machine):
    time_machine.move_to(NOW, tick=False)
    return time_machine


@pytest.fixture
def at_most(app, monkeypatch):
    def limit(**limits):
        monkeypatch.setitem(app.config, "ALMANAC", replace(app.config["ALMANAC"], **limits))

    return limit


def test_a_program_reads_the_history(world, program, frozen):
    call = program(world.bob)
    made = call("POST", "/reminders", {"text": "Tea", "when": "tomorrow 9am"}).get_json()
    assert call("POST", f"/reminders/{made['id']}/snooze", {"by": "1h"}).get_json()["due_at"] == "2026-11-26T02:00:00Z"
    items = call("GET", f"/reminders/{made['id']}/history").get_json()["items"]
    assert [(each["what"], each["origin"]) for each in items] == [("snoozed", "api"), ("set", "api")]
    assert items[0]["due_at"] == "2026-11-26T01:00:00Z"
    assert program(world.carol)("GET", f"/reminders/{made['id']}/history").status_code == 404


def test_a_program_pauses_and_resumes(world, program, frozen):
    call = program(world.bob)
    made = call("POST", "/reminders", {"text": "Tea", "when": "2026-11-26 09:00"}).get_json()
    path = f"/reminders/{made['id']}/pause"
    assert call("PUT", path).get_json()["state"] == "paused"
    assert call("DELETE", path).get_json()["due_at"] == "2026-11-26T01:00:00Z"
    assert call("PUT", path, {"until": "2026-12-01T09:00:00+08:00"}).get_json()["due_at"] == "2026-12-01T01:00:00Z"


def test_a_program_that_runs_away_is_stopped(world, program, at_most, frozen):
    at_most(reminders_per_hour=3)
    call = program(world.bob)
    body = {"text": "x", "when": "tomorrow 9am"}
    assert [call("POST", "/reminders", body).status_code for _ in range(4)] == [201, 201, 201, 422]
    assert "within an hour" in call("POST", "/reminders", body).get_json()["detail"]
    frozen.move_to(NOW + HOUR, tick=False)
    assert call("POST", "/reminders", body).status_code == 201


def test_done_moves_a_series_on_and_can_be_taken_back(world, program, frozen):
    call = program(world.bob)
    body = {"text": "Tea", "when": "2026-11-26 09:00", "recurrence": "FREQ=DAILY"}
    made = call("POST", "/reminders", body).get_json()
    path = f"/reminders/{made['id']}/completion"
    assert call("PUT", path).get_json()["due_at"] == "2026-11-27T01:00:00Z"
    assert call("DELETE", path).get_json()["due_at"] == "2026-11-26T01:00:00Z"


@pytest.mark.parametrize("body", [{}, {"by": "5y"}, {"by": "1h", "when": "tomorrow"}, {"until": "2026-11-26T09:00"}])
def test_a_snooze_that_says_no_time_is_refused(world, program, frozen, body):
    call = program(world.bob)
    made = call("POST", "/reminders", {"text": "Tea", "when": "2026-11-26 09:00"}).get_json()
    assert call("POST", f"/reminders/{made['id']}/snooze", body).status_code == 422


@pytest.mark.parametrize(
    ("method", "path"), [("PUT", "pause"), ("DELETE", "pause"), ("PUT", "completion"), ("DELETE", "completion")]
)
def test_what_is_someone_elses_does_not_exist_for_a_program(world, program, frozen, method, path):
    made = program(world.bob)("POST", "/reminders", {"text": "Tea", "when": "2026-11-26 09:00"}).get_json()
    assert program(world.carol)(method, f"/reminders/{made['id']}/{path}").status_code == 404
