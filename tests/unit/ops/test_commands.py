"""`manage.py sweep`, `seed`, `celery selftest`, `routes` and `db`, as someone at a terminal meets them."""

from dataclasses import replace

import pytest
from celery.result import AsyncResult

from webapp.core import clock
from webapp.extensions import celery
from webapp.ops import dispatcher, selftest, stopping


def test_sweep_does_one_round(runner, monkeypatch):
    rounds = []
    monkeypatch.setattr(dispatcher, "sweep_once", rounds.append)
    assert runner("sweep").exit_code == 0
    assert len(rounds) == 1


def test_sweep_forever_is_the_dispatcher(runner, monkeypatch):
    stops = []
    monkeypatch.setattr(stopping, "on_signals", lambda: "until then")
    monkeypatch.setattr(dispatcher, "run", stops.append)
    assert runner("sweep", "--forever").exit_code == 0
    assert stops == ["until then"]


def test_beat_sends_the_same_sweep(db, monkeypatch):
    rounds = []
    monkeypatch.setattr(dispatcher, "sweep_once", rounds.append)
    celery.tasks["ops.sweep"].apply(throw=True)
    assert abs((rounds[0] - clock.now()).total_seconds()) < 60


def test_seed_adds_a_world_once(runner):
    assert runner("seed").stdout.startswith("Added ")
    assert "already here" in runner("seed").stdout


def test_seed_refuses_in_production(runner, app, monkeypatch):
    class Production(type(app.config["ALMANAC"])):
        name = "prod"

    monkeypatch.setitem(app.config, "ALMANAC", replace(app.config["ALMANAC"]))
    monkeypatch.setattr(type(app.config["ALMANAC"]), "name", "prod")
    answer = runner("seed")
    assert answer.exit_code == 1
    assert "dev only" in answer.stderr


def test_the_selftest_says_when_no_worker_answers(runner, monkeypatch):
    def nobody(self, timeout=None, **_):
        from celery.exceptions import TimeoutError as NoAnswer

        raise NoAnswer

    monkeypatch.setattr(AsyncResult, "get", nobody)
    answer = runner("celery", "selftest", "--seconds", "0.1")
    assert answer.exit_code == 1
    assert "no worker answered within 0.1 s" in answer.stderr
    assert "Traceback" not in answer.stderr


def test_the_selftest_prints_every_answer_and_fails_on_a_wrong_one(runner, monkeypatch):
    right = selftest.Answer("group", "4 * 1", 4, 4)
    monkeypatch.setattr(selftest, "answers", lambda _seconds: [right])
    assert runner("celery", "selftest").exit_code == 0
    monkeypatch.setattr(selftest, "answers", lambda _seconds: [right, selftest.Answer("chain", "2 * 2", 5, 4)])
    answer = runner("celery", "selftest")
    assert answer.exit_code == 1
    assert "WRONG: it should be 4" in answer.stdout


@pytest.mark.parametrize(
    ("name", "args", "answer"), [("log", ("hi",), "hi"), ("multiply", (6, 7), 42), ("total", ([1, 2],), 3)]
)
def test_the_tasks_of_the_selftest(db, name, args, answer):
    assert celery.tasks[f"ops.{name}"].apply(args=args, throw=True).get() == answer


def test_routes_lists_addresses(runner):
    assert "/healthz" in runner("routes").stdout
