"""The whole house, as it is deployed: web, worker, beat and dispatcher as processes of their own, on real services."""

from __future__ import annotations

import os
import re
import secrets
import signal
import subprocess
import sys
import time
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path

import psycopg
import pytest
import redis
import requests
from sqlalchemy import Engine, create_engine
from sqlalchemy.engine import make_url

from tests.mailbox import Mailbox, free_port

ROOT = Path(__file__).resolve().parents[1]
PYTHON = sys.executable
POSTGRES = os.environ.get("TEST_POSTGRES_URL", "postgresql+psycopg://postgres@127.0.0.1/postgres")
RABBITMQ = os.environ.get("TEST_RABBITMQ_URL", "amqp://guest:guest@127.0.0.1:5672/")
REDIS = os.environ.get("TEST_REDIS_URL", "redis://127.0.0.1:6379/9")


@dataclass
class House:
    """Processes that share a folder, a database, a broker and a mailbox."""

    folder: Path
    database_url: str
    broker_url: str
    mailbox: Mailbox
    settings: dict[str, str] = field(default_factory=dict)
    processes: dict[str, subprocess.Popen] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self.port = free_port()
        self.url = f"http://127.0.0.1:{self.port}"
        self.engine: Engine = create_engine(self.database_url)
        self.environ = {
            "PATH": os.environ["PATH"],
            "HOME": str(self.folder),
            "PYTHONUNBUFFERED": "1",
            "WEBAPP_ENV": "prod",
            "SECRET_KEY": secrets.token_urlsafe(48),
            "SITE_URL": self.url,
            "DATA_DIR": str(self.folder),
            "DATABASE_URL": self.database_url,
            "CELERY_BROKER_URL": self.broker_url,
            "SMTP_HOST": "127.0.0.1",
            "SMTP_PORT": str(self.mailbox.port),
            "MAIL_FROM": "almanac@example.org",
            **self.settings,
        }

    # The parts.

    def command(self, part: str) -> list[str]:
        celery = [PYTHON, "-m", "celery", "-A", "celery_runner"]
        kind, _, number = part.partition("-")
        return {
            "web": [PYTHON, "-m", "gunicorn", "--bind", f"127.0.0.1:{self.port}", "webapp:create_app()"],
            "worker": [
                *celery,
                "worker",
                "--concurrency=1",
                "--loglevel=info",
                f"--hostname={part}@{self.folder.name}",
            ],
            "beat": [*celery, "beat", f"--schedule={self.folder / f'schedule{number}'}", "--loglevel=info"],
            "dispatcher": [PYTHON, "manage.py", "sweep", "--forever"],
        }[kind]

    def start(self, *parts: str) -> None:
        """Starts parts: ``web``, ``worker``, ``beat``, ``dispatcher``, or a second one as ``beat-2``."""
        for part in parts:
            with (self.folder / f"{part}.log").open("ab") as log:
                self.processes[part] = subprocess.Popen(
                    self.command(part), cwd=ROOT, env=self.environ, stdout=log, stderr=log, start_new_session=True
                )
        for part in parts:
            if part.startswith("worker"):
                self.wait_for_line(part, r"ready\.")
            if part == "web":
                self.wait_for_web()

    def kill(self, *parts: str) -> None:
        """As the power would: with all their children, without a word."""
        for part in parts:
            process = self.processes.pop(part)
            with suppress(ProcessLookupError):
                os.killpg(process.pid, signal.SIGKILL)
            process.wait()

    def stop(self) -> float:
        """Ends everything politely, then firmly. Returns the seconds it took."""
        began = time.monotonic()
        for process in self.processes.values():
            process.terminate()
        for process in self.processes.values():
            with suppress(subprocess.TimeoutExpired):
                process.wait(10 - min(9.9, time.monotonic() - began))
        took = time.monotonic() - began
        for part in list(self.processes):
            self.kill(part)
        self.engine.dispose()
        return took

    def log(self, part: str) -> str:
        return (self.folder / f"{part}.log").read_text(errors="replace")

    def wait_for_line(self, part: str, pattern: str, seconds: float = 30) -> None:
        deadline = time.monotonic() + seconds
        while not re.search(pattern, self.log(part)):
            assert self.processes[part].poll() is None, f"{part} ended:\n{self.log(part)[-3000:]}"
            assert time.monotonic() < deadline, f"{part} never said {pattern}:\n{self.log(part)[-3000:]}"
            time.sleep(0.05)

    def wait_for_web(self, seconds: float = 30) -> None:
        deadline = time.monotonic() + seconds
        while True:
            with suppress(requests.ConnectionError):
                if requests.get(f"{self.url}/healthz", timeout=5).status_code == 200:
                    return
            assert self.processes["web"].poll() is None, f"web ended:\n{self.log('web')[-3000:]}"
            assert time.monotonic() < deadline, f"web does not answer:\n{self.log('web')[-3000:]}"
            time.sleep(0.05)

    # What people do.

    def manage(self, *words: str, given: str = "", status: int = 0) -> str:
        """Runs a command of `manage.py` and returns what it printed."""
        done = subprocess.run(
            [PYTHON, "manage.py", *words],
            cwd=ROOT,
            env=self.environ,
            input=given,
            capture_output=True,
            text=True,
            timeout=60,
            check=False,
        )
        assert done.returncode == status, f"manage.py {' '.join(words)}: {done.returncode}\n{done.stdout}{done.stderr}"
        return done.stdout

    def person(self, email: str, role: str = "reader") -> None:
        self.manage(
            "user", "create", email, "--role", role, "--confirmed", "--password-stdin", given="a walk before breakfast"
        )

    def token(self, email: str, *scopes: str) -> dict[str, str]:
        """The headers of a program that acts for someone."""
        words = [word for scope in scopes for word in ("--scope", scope)]
        return {"Authorization": f"Bearer {self.manage('token', 'create', email, *words).strip()}"}


# The services. One that is missing skips its tests by name, or fails them where everything has to be there.


def needed(name: str, error: Exception) -> None:
    if os.environ.get("REQUIRE_SERVICES"):
        pytest.fail(f"{name} is required and does not answer: {error}")
    pytest.skip(f"{name} does not answer: {error}")


def own_postgres() -> tuple[str, str]:
    """A new database: its URL and its name."""
    name = f"almanac_test_{secrets.token_hex(4)}"
    try:
        on_postgres(f"CREATE DATABASE {name}")
    except psycopg.Error as error:
        needed("PostgreSQL", error)
    return make_url(POSTGRES).set(database=name).render_as_string(hide_password=False), name


def drop_postgres(name: str) -> None:
    on_postgres(f"DROP DATABASE IF EXISTS {name} WITH (FORCE)")


def on_postgres(statement: str) -> None:
    url = make_url(POSTGRES).set(drivername="postgresql").render_as_string(hide_password=False)
    with psycopg.connect(url, autocommit=True, connect_timeout=5) as connection:
        connection.execute(statement)


def own_vhost() -> tuple[str, str]:
    """A new virtual host of RabbitMQ: its URL and its name."""
    name = f"almanac_test_{secrets.token_hex(4)}"
    try:
        make_vhost(name)
    except (OSError, subprocess.SubprocessError) as error:
        needed("RabbitMQ (rabbitmqctl)", error)
    return f"{RABBITMQ.rsplit('/', 1)[0]}/{name}", name


def make_vhost(name: str) -> None:
    user = RABBITMQ.partition("://")[2].partition(":")[0]
    rabbitmqctl("add_vhost", name)
    rabbitmqctl("set_permissions", "-p", name, user, ".*", ".*", ".*")


def drop_vhost(name: str) -> None:
    rabbitmqctl("delete_vhost", name)


def rabbitmqctl(*words: str) -> str:
    return subprocess.run(
        ["rabbitmqctl", "--quiet", *words], capture_output=True, text=True, check=True, timeout=30
    ).stdout


def own_redis() -> str:
    """A database of Redis, emptied."""
    try:
        redis.Redis.from_url(REDIS, socket_connect_timeout=2).flushdb()
    except redis.RedisError as error:
        needed("Redis", error)
    return REDIS
