"""What every test stands on: one application a process, a clean database, a real mailbox, and jobs that wait.

One application, because Flask-Celery-Helper binds its tasks to the first one that a process makes.
"""

from __future__ import annotations

import contextvars
import shutil
import signal
import sys
import threading
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from flask import Flask, has_app_context
from flask.testing import FlaskClient, FlaskCliRunner
from kombu.utils.json import dumps, loads
from pytest_socket import socket_allow_hosts

import config
from tests import factories, full_site
from tests import world as people
from tests.mailbox import Mailbox, open_mailbox
from webapp import create_app
from webapp import jobs as outbox
from webapp.digests import models as _digests  # noqa: F401  # every table is made, whoever asks first
from webapp.extensions import celery, limiter
from webapp.extensions import db as database
from webapp.mail import breaker
from webapp.mail import models as _mail  # noqa: F401  # as above
from webapp.ops import dead_queue
from webapp.ops import models as _ops  # noqa: F401  # as above
from webapp.settings import instance
from webapp.settings.models import SiteSetting


def pytest_configure() -> None:
    """Whoever ends the tests by SIGTERM lets them put away what they started, as Ctrl-C does."""
    if threading.current_thread() is threading.main_thread():
        signal.signal(signal.SIGTERM, signal.default_int_handler)


def pytest_runtest_setup() -> None:
    """Nobody outside this machine is part of a test."""
    socket_allow_hosts(["127.0.0.1", "::1", "localhost"], allow_unix_socket=True)


class Door(FlaskClient):
    """A client whose requests stand alone, as real ones do.

    Each gets a context of its own, so that nothing on ``g`` (who is signed in, for one) outlives it. What the test
    has arranged is committed first, and what the test holds is read anew afterwards.
    """

    def open(self, *args: Any, **kwargs: Any) -> Any:
        return _alone(super().open, *args, **kwargs)


class CommandLine(FlaskCliRunner):
    """Runs `manage.py` commands, each with a context of its own."""

    def invoke(self, *args: Any, **kwargs: Any) -> Any:
        return _alone(super().invoke, *args, **kwargs)

    def __call__(self, *words: str, **kwargs: Any) -> Any:
        return self.invoke(args=list(words), **kwargs)


@dataclass
class Jobs:
    """What was given to the broker, and a worker that runs it when the test says so.

    ``refusing`` is a broker that is down. ``faults`` are publishes that failed although it was not.
    """

    sent: list[outbox.Job] = field(default_factory=list)
    refusing: bool = False
    faults: list[BaseException | None] = field(default_factory=list)

    def named(self, name: str) -> list[outbox.Job]:
        return [job for job in self.sent if job.name == name]

    def run(self, now: datetime | None = None) -> int:
        """Runs what is due by ``now``, oldest first, with all that it sends on the way. Returns how many ran."""
        ran = 0
        while due := [job for job in self.sent if job.eta is None or job.eta <= (now or datetime.now(UTC))]:
            self.sent.remove(due[0])
            _alone(celery.tasks[due[0].name].apply, args=due[0].args, throw=True)
            ran += 1
        return ran

    def take(
        self, name: str, args: Any = None, kwargs: Any = None, *, eta: datetime | None = None, **options: Any
    ) -> Any:
        """Stands where Celery would speak to the broker. Arguments go through JSON, as on the wire."""
        assert not kwargs, f"{name} was sent keyword arguments"
        if self.refusing:
            raise ConnectionRefusedError("the broker is down")
        if options.get("countdown"):
            raise AssertionError(f"{name} was sent a countdown: an instant is clearer")
        self.sent.append(outbox.Job(name, tuple(loads(dumps(args or ()))), eta))
        return celery.AsyncResult("not-awaited")


def _alone(call: Any, *args: Any, **kwargs: Any) -> Any:
    if has_app_context():
        database.session.commit()
    return contextvars.Context().run(call, *args, **kwargs)


@pytest.fixture(scope="session")
def _mailbox() -> Iterator[Mailbox]:
    mailbox, controller = open_mailbox()
    yield mailbox
    controller.stop()


@pytest.fixture(scope="session")
def data_dir(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("almanac")


@pytest.fixture(scope="session")
def app(_mailbox: Mailbox, data_dir: Path) -> Iterator[Flask]:
    """The one application of this process."""
    settings = config.load(
        {
            "WEBAPP_ENV": "test",
            "SECRET_KEY": "a secret that only the tests know, all of it",
            "DATA_DIR": str(data_dir),
            "DATABASE_URL": f"sqlite:///{data_dir / 'almanac.db'}",
            "CELERY_BROKER_URL": f"filesystem://{data_dir / 'broker'}",
            "SITE_URL": "http://localhost",
            "SMTP_HOST": "127.0.0.1",
            "SMTP_PORT": str(_mailbox.port),
            "MAIL_FROM": "almanac@example.org",
        }
    )
    made = create_app(settings)
    made.test_client_class = Door
    made.test_cli_runner_class = CommandLine
    with made.app_context():
        database.create_all()
    yield made
    with made.app_context():
        database.engine.dispose()


@pytest.fixture
def db(app: Flask, data_dir: Path) -> Iterator[Any]:
    """The database, empty but for what the first migration writes, inside an application context."""
    with app.app_context():
        database.session.add(SiteSetting(name="installed_at", value={"at": factories.INSTALLED_AT.isoformat()}))
        database.session.commit()
        yield database
        database.session.rollback()
        for table in reversed(database.metadata.sorted_tables):
            database.session.execute(table.delete())
        database.session.commit()
        database.session.remove()
    (data_dir / instance.FILE).unlink(missing_ok=True)  # the next test's database is a new one
    shutil.rmtree(data_dir / "uploads", ignore_errors=True)
    limiter.reset()


@pytest.fixture
def session(db: Any) -> Any:
    """The test's own session."""
    return db.session()


@pytest.fixture(autouse=True)
def jobs(monkeypatch: pytest.MonkeyPatch) -> Iterator[Jobs]:
    """Nothing reaches a broker: it lies here until ``jobs.run()``."""
    waiting = Jobs()
    monkeypatch.setattr(celery, "send_task", waiting.take, raising=False)
    outbox.Broker.answered()
    breaker.forget_all()
    failed = outbox.Broker.failed

    def noted() -> None:
        if not waiting.refusing:
            waiting.faults.append(sys.exc_info()[1])
        failed()

    monkeypatch.setattr(outbox.Broker, "failed", noted)
    yield waiting
    assert not waiting.faults, "a publish that fails is logged and dropped, which would hide a misspelt task"


@pytest.fixture
def smtp(app: Flask, _mailbox: Mailbox) -> Mailbox:
    """The server that all mail of the application goes to, empty."""
    _mailbox.clear()
    return _mailbox


@pytest.fixture
def client(app: Flask, db: Any) -> FlaskClient:
    """A browser that keeps its cookies. A test that needs two calls ``app.test_client()`` for the second."""
    return app.test_client()


@pytest.fixture
def runner(app: Flask, db: Any) -> FlaskCliRunner:
    """The command line: ``runner("user", "list")``."""
    return app.test_cli_runner()


@pytest.fixture
def world(db: Any) -> people.World:
    """Alice, Bob, Carol and Olive."""
    return people.build()


@pytest.fixture
def places(
    world: people.World, app: Flask, data_dir: Path, monkeypatch: pytest.MonkeyPatch
) -> Iterator[dict[str, Any]]:
    """A site with something on every page of `tests/pages.py`: what stands in the addresses, and who looks."""
    made = full_site.fill(world)
    letters = full_site.dead_letters()
    monkeypatch.setattr(dead_queue, "letters", lambda _most: letters)
    monkeypatch.setattr(dead_queue, "letter", lambda wanted: next(each for each in letters if each.id == wanted))
    here = app.config["ALMANAC"]
    note = data_dir / "run.json"
    note.write_text(dumps({"inbox": True, "smtp_host": here.smtp_host, "smtp_port": here.smtp_port}))
    yield made | {"dead": letters[0].id} | full_site.catch_mail(here.inbox_dir)
    note.unlink()
    shutil.rmtree(here.inbox_dir, ignore_errors=True)
