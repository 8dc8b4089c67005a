"""Is all well? What `doctor`, `/healthz` and `/readyz` say, and what they say when it is not."""

import json
from datetime import timedelta

import pytest
from sqlalchemy.exc import OperationalError

from tests import factories
from webapp.core import clock
from webapp.extensions import celery
from webapp.mail import operations as ledger
from webapp.mail.models import Kind, State
from webapp.ops import broker, checks, migrations, operations, queries


@pytest.fixture
def well(db, smtp, monkeypatch):
    """A house in which everything is as it should be."""
    monkeypatch.setattr(migrations, "present", migrations.wanted)
    for name in ("worker", "beat", "dispatcher"):
        operations.beat(name, now=clock.now())
    db.session.commit()


def found(now=None):
    return {each.name: each for each in checks.all_checks(now)}


def unwell(now=None):
    return {name for name, each in found(now).items() if not each.ok}


def test_a_house_in_order_passes_every_check(well):
    assert unwell() == set()
    assert {
        "database",
        "migrations",
        "broker",
        "worker",
        "beat",
        "dispatcher",
        "holds",
        "reminders",
        "mail",
        "smtp",
        "disk",
    } <= set(found())


@pytest.mark.parametrize("name", ["worker", "beat", "dispatcher"])
def test_a_part_that_is_silent_for_more_than_two_minutes_is_not_well(well, db, name):
    now = clock.now()
    operations.beat(name, now=now - timedelta(seconds=119))
    db.session.commit()
    assert unwell(now) == set()
    operations.beat(name, now=now - timedelta(seconds=121))
    db.session.commit()
    assert unwell(now) == {name}
    assert "2 minutes ago" in found(now)[name].detail
    assert found(now)[name].fix


def test_a_part_that_was_never_seen_is_not_well(db, smtp, monkeypatch):
    monkeypatch.setattr(migrations, "present", migrations.wanted)
    assert unwell() == {"worker", "beat", "dispatcher"}
    assert "never" in found()["worker"].detail


def test_the_heartbeat_task_is_what_shows_that_the_worker_lives(well, db):
    before = queries.last_seen("worker")
    db.session.commit()
    celery.tasks["ops.heartbeat"].apply(throw=True)
    assert queries.last_seen("worker") > before


def test_a_reminder_that_is_five_minutes_late_is_not_well(well, db, jobs, world):
    factories.reminder(world.bob, due_at=clock.now() - timedelta(minutes=4))
    db.session.commit()
    assert unwell() == set()
    factories.reminder(world.bob, due_at=clock.now() - timedelta(minutes=6))
    db.session.commit()
    assert unwell() == {"reminders"}
    assert "6 minutes late" in found()["reminders"].detail


def test_a_mail_that_is_five_minutes_late_is_not_well_and_an_uncertain_one_is_named(well, db, jobs):
    content = ledger.compose(subject="Hello", text="A word.\n", html="<p>A word.</p>")
    mail = ledger.enqueue(
        kind=Kind.TEST, address="a@example.org", content=content, dedupe_key="test:1", now=clock.now()
    )
    mail.due_at = mail.created_at = clock.now() - timedelta(minutes=10)
    db.session.commit()
    assert unwell() == {"mail"}
    mail.state = State.UNCERTAIN
    db.session.commit()
    assert "1 uncertain" in found()["mail"].detail


def test_a_mail_server_that_is_not_there_is_one_line(well, smtp, app, monkeypatch):
    monkeypatch.setattr(checks.smtplib, "SMTP", refuse)
    assert unwell() == {"smtp"}
    assert "SMTP_HOST" in found()["smtp"].fix


def refuse(*_args, **_kwargs):
    raise ConnectionRefusedError(111, "Connection refused")


def test_a_folder_that_cannot_be_written_to_is_not_well(well, monkeypatch):
    def full(**_):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(checks.tempfile, "TemporaryFile", full)
    assert {"disk", "broker"} <= unwell()
    assert "No space left" in found()["disk"].fix


def test_without_a_database_nothing_that_lies_in_it_is_guessed(well, monkeypatch):
    def gone():
        raise OperationalError("SELECT 1", {}, Exception("could not connect to server"))

    monkeypatch.setattr(queries, "answers", gone)
    assert {"database", "worker", "beat", "dispatcher", "holds", "reminders", "mail", "search", "backup"} == unwell()
    assert "could not connect" in found()["database"].fix
    assert "SELECT" not in found()["database"].fix


def test_tables_of_another_version_are_not_well(db, smtp):
    assert not found()["migrations"].ok
    assert "db upgrade" in found()["migrations"].fix


def test_a_broker_that_does_not_answer_is_unreachable_without_its_password():
    with pytest.raises(broker.Unreachable) as said:
        broker.ping("amqp://almanac:swordfish@127.0.0.1:9/")
    assert "swordfish" not in str(said.value)
    with pytest.raises(broker.Unreachable):
        broker.ping("redis://:swordfish@127.0.0.1:9/0")


def test_a_house_whose_broker_is_away_says_so_and_is_opened_all_the_same(monkeypatch, app):
    monkeypatch.setitem(celery.conf, "broker_url", "amqp://almanac:swordfish@127.0.0.1:9/")
    monkeypatch.setitem(celery.conf, "broker_transport_options", {})
    with pytest.raises(broker.Unreachable) as said:
        broker.declare_topology()
    assert "swordfish" not in str(said.value)


def test_doctor_exits_with_1_when_something_is_not_well_and_0_when_all_is(well, runner, db):
    assert runner("doctor").exit_code == 0
    operations.beat("worker", now=clock.now() - timedelta(hours=1))
    db.session.commit()
    answer = runner("doctor")
    assert answer.exit_code == 1
    assert "NOT   worker" in answer.stdout


def test_doctor_speaks_json(well, runner):
    said = json.loads(runner("doctor", "--json").stdout)
    assert said["ok"] is True
    assert {"name", "ok", "detail", "fix"} == set(said["checks"][0])


def test_healthz_asks_nobody(client, monkeypatch):
    monkeypatch.setattr(queries, "answers", refuse)
    answer = client.get("/healthz")
    assert (answer.status_code, answer.text) == (200, "ok\n")
    assert "Set-Cookie" not in answer.headers


def test_readyz_is_200_only_when_database_tables_and_broker_are_there(well, client, monkeypatch):
    answer = client.get("/readyz")
    assert answer.status_code == 200
    assert [each["name"] for each in answer.json["checks"]] == ["database", "migrations", "broker", "reminders", "mail"]
    monkeypatch.setattr(migrations, "present", lambda: "0000")
    answer = client.get("/readyz")
    assert (answer.status_code, answer.json["ok"]) == (503, False)


def test_readyz_tells_strangers_no_particulars(well, client, monkeypatch):
    def gone():
        raise OperationalError("SELECT 1", {}, Exception("no route to db.internal as almanac"))

    monkeypatch.setattr(queries, "answers", gone)
    answer = client.get("/readyz")
    assert answer.status_code == 503
    assert "db.internal" not in answer.text
