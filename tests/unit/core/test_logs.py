"""The log: one line a fact, who asked, and nothing that opens a door."""

import json
import logging
import multiprocessing
import sys

import pytest
import structlog
from werkzeug.test import create_environ, run_wsgi_app

from webapp.core import logs
from webapp.extensions import celery


@pytest.fixture
def lines(monkeypatch):
    """What is written from now on, as it would stand in a file."""
    written = []

    class Listener(logging.Handler):
        def emit(self, record):
            written.append(json.loads(self.format(record)))

    listener = Listener()
    root = logging.getLogger()
    listener.setFormatter(json_formatter(root))
    root.addHandler(listener)
    monkeypatch.setattr(root, "level", logging.INFO)
    yield written
    root.removeHandler(listener)


def json_formatter(root):
    return next(each.formatter for each in root.handlers if getattr(each, "is_almanac", False))


def test_a_request_is_logged_once_with_its_number_and_who_asked(client, lines):
    answer = client.get("/login", environ_base={"REMOTE_ADDR": "192.0.2.7"})
    (line,) = [each for each in lines if each["event"] == "request"]
    assert (line["method"], line["path"], line["status"]) == ("GET", "/login", 200)
    assert line["caller"] == "192.0.2.7"
    assert line["request_id"] == answer.headers["X-Request-ID"]
    assert line["ms"] >= 0


def test_what_is_logged_after_a_request_is_not_laid_at_its_door(app, client, lines):
    run_wsgi_app(
        app.wsgi_app, create_environ("/login", app.config["ALMANAC"].site_url)
    )  # as a server does, in its own context
    structlog.get_logger().info("house.started")
    (line,) = [each for each in lines if each["event"] == "house.started"]
    assert "request_id" not in line
    assert "caller" not in line


def test_a_number_that_a_stranger_brings_is_not_taken_over(client):
    assert client.get("/login", headers={"X-Request-ID": "forged-forged"}).headers["X-Request-ID"] != "forged-forged"


def test_health_checks_are_not_in_the_way(client, lines):
    client.get("/healthz")
    assert lines == []


@pytest.mark.parametrize(
    "path",
    [
        "/confirm/t0k3n",
        "/confirm/letter-t0k3n",
        "/reset/t0k3n",
        "/unsubscribe/t0k3n",
        "/setup/t0k3n",
        "/digests/t0k3n",
        "/reminders/act/t0k3n",
        "/login?token=t0k3n&next=/",
    ],
)
def test_no_link_that_opens_a_door_is_written_down(client, lines, path):
    client.get(path)
    structlog.get_logger("test").warning("mail.link", link=f"https://blog.example.org{path}")
    assert lines
    assert "t0k3n" not in json.dumps(lines)


def test_credentials_are_hidden_wherever_they_stand(lines):
    log = structlog.get_logger("test")
    log.warning("a", authorization="Bearer abcdefghijk", password="swordfish", note="Authorization: Bearer abcdefghijk")
    log.warning("b", url="amqp://almanac:swordfish@broker/", secret_key="swordfish")
    logging.getLogger("elsewhere").warning("could not reach %s", "postgresql://me:swordfish@db/x")
    log.error("c", exc_info=ConnectionError("redis://:swordfish@cache:6379/0 refused"))
    assert len(lines) == 4
    assert "swordfish" not in json.dumps(lines)
    assert "abcdefghijk" not in json.dumps(lines)
    assert "amqp://almanac:" in lines[1]["url"]


def test_a_task_writes_its_number(db, lines):
    celery.tasks["ops.log"].apply(args=("hello",), throw=True)
    (line,) = [each for each in lines if each["event"] == "selftest.said"]
    assert line["task"] == "ops.log"
    assert line["task_id"]


def test_a_task_names_the_request_that_it_came_out_of_and_forgets_it(db, lines):
    celery.tasks["ops.log"].apply(args=("hello",), headers={logs.ASKED_BY: "0123456789abcdef"}, throw=True)
    celery.tasks["ops.log"].apply(args=("again",), throw=True)
    first, second = [each for each in lines if each["event"] == "selftest.said"]
    assert first["request_id"] == "0123456789abcdef"
    assert "request_id" not in second


@pytest.mark.parametrize("number", [7, "short", "a b", "x" * 100, ["0123456789abcdef"]])
def test_a_number_that_no_request_has_is_not_taken_over_from_a_message(db, lines, number):
    celery.tasks["ops.log"].apply(args=("hello",), headers={logs.ASKED_BY: number}, throw=True)
    (line,) = [each for each in lines if each["event"] == "selftest.said"]
    assert "request_id" not in line


@pytest.fixture
def config(app):
    """The application's, which logs as before when the test is over."""
    yield app.config["ALMANAC"]
    logs.configure(app.config["ALMANAC"])


def test_a_service_logs_to_standard_output_and_a_command_beside_its_answer(config, capsys):
    logs.configure(config)
    structlog.get_logger("test").warning("by a service")
    logs.configure(config, sys.stderr)
    structlog.get_logger("test").warning("by a command")
    out, err = capsys.readouterr()
    assert json.loads(out)["event"] == "by a service"
    assert json.loads(err)["event"] == "by a command"


def test_several_processes_turn_one_file_over_and_lose_no_line(tmp_path):
    file = tmp_path / "almanac.log"
    context = multiprocessing.get_context("fork")
    writers = [context.Process(target=write_lines, args=(file, name)) for name in "abc"]
    for each in writers:
        each.start()
    for each in writers:
        each.join()
    kept = [line for part in tmp_path.glob("almanac.log*") for line in part.read_text().splitlines()]
    assert sorted(kept) == sorted(f"{name} {number}" for name in "abc" for number in range(200))
    assert (tmp_path / "almanac.log.1").exists()


def write_lines(file, name):
    handler = logs.SharedRotatingFile(str(file))
    handler.maxBytes, handler.backupCount = 500, 50
    for number in range(200):
        handler.emit(logging.makeLogRecord({"msg": f"{name} {number}"}))
