"""A PostgreSQL primary and its streaming replica, of the tests' own, in a folder that is gone afterwards."""

from __future__ import annotations

import os
import pwd
import re
import shutil
import signal
import subprocess
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path

import psycopg

from tests.house import needed
from tests.mailbox import free_port

START_SECONDS = 60
DATABASE = "almanac"


class Server:
    """One PostgreSQL, which listens on 127.0.0.1 only and lets everybody there in."""

    def __init__(self, folder: Path, name: str) -> None:
        self.folder = folder / name
        self.name = name
        self.port = free_port()
        self._sockets = folder
        self._process: subprocess.Popen | None = None

    def init(self) -> None:
        run("initdb", "--auth=trust", "--username=postgres", "--no-sync", "--encoding=UTF8", "-D", str(self.folder))

    def copy(self, primary: Server) -> None:
        """Becomes the replica of a running primary."""
        run(
            "pg_basebackup",
            "-D",
            str(self.folder),
            "-d",
            f"{primary.dsn} application_name={self.name}",
            "-R",
            "-c",
            "fast",
        )

    @property
    def dsn(self) -> str:
        return f"host=127.0.0.1 port={self.port} user=postgres"

    def start(self, **settings: str) -> None:
        words = [f"--{name}={value}" for name, value in settings.items()]
        with (self._sockets / f"{self.name}.log").open("ab") as log:
            self._process = subprocess.Popen(
                [
                    binaries() / "postgres",
                    *("-D", self.folder, "-p", str(self.port), "-k", self._sockets),
                    *("-c", "listen_addresses=127.0.0.1", "-c", "fsync=off", "-c", "max_connections=60"),
                    *("-c", "dynamic_shared_memory_type=mmap"),
                    *words,
                ],
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                cwd="/",
                start_new_session=True,
                **as_postgres(),
            )
        self.wait(lambda: self.ask("SELECT 1") == 1)

    def promote(self) -> None:
        """The replica becomes a primary. Returns when it takes writes."""
        self.ask("SELECT pg_promote(false)")
        self.wait(lambda: self.ask("SELECT pg_is_in_recovery()") is False)

    def kill(self) -> None:
        """As the power would: with every process of it, and without a goodbye to any client."""
        if self._process is None:
            return
        everyone = [self._process.pid, *_children(self._process.pid)]  # each child has a session of its own
        for pid in everyone:
            with suppress(ProcessLookupError):
                os.kill(pid, signal.SIGKILL)
        self._process.wait()
        self._process = None
        self._forget_shared_memory()

    def stop(self) -> None:
        if self._process is not None:
            self._process.send_signal(signal.SIGINT)
            with suppress(subprocess.TimeoutExpired):
                self._process.wait(10)
        self.kill()

    def ask(self, statement: str, database: str = "postgres") -> object:
        with psycopg.connect(f"{self.dsn} dbname={database}", autocommit=True, connect_timeout=5) as connection:
            answer = connection.execute(statement)
            return answer.fetchone()[0] if answer.description else None

    def log(self) -> str:
        return (self._sockets / f"{self.name}.log").read_text(errors="replace")

    def wait(self, it_is_so) -> None:
        deadline = time.monotonic() + START_SECONDS
        while True:
            with suppress(psycopg.OperationalError):
                if it_is_so():
                    return
            assert self._process.poll() is None, f"{self.name} ended:\n{self.log()[-3000:]}"
            assert time.monotonic() < deadline, f"{self.name} does not answer:\n{self.log()[-3000:]}"
            time.sleep(0.1)

    def _forget_shared_memory(self) -> None:
        """The few bytes by which a starting server knows that an old one is alive. Only a living one tidies them up."""
        with suppress(OSError, IndexError, ValueError):
            segment = int((self.folder / "postmaster.pid").read_text().splitlines()[6].split()[1])
            subprocess.run(["ipcrm", "-m", str(segment)], capture_output=True, timeout=10, check=False)


@dataclass(frozen=True)
class Pair:
    """A primary, and a replica that has confirmed every commit before the primary does.

    Without that (``synchronous_standby_names``) one may be promoted that does not know yet what was sent.
    """

    primary: Server
    replica: Server

    @property
    def url(self) -> str:
        """Both of them: libpq takes the one that can be written to."""
        return (
            f"postgresql+psycopg://postgres@/{DATABASE}?host=127.0.0.1,127.0.0.1"
            f"&port={self.primary.port},{self.replica.port}&target_session_attrs=read-write"
        )

    def join(self) -> None:
        """Makes the replica out of the running primary."""
        ask = self.primary.ask
        self.replica.copy(self.primary)
        self.replica.start()
        self.primary.wait(lambda: ask("SELECT count(*) FROM pg_stat_replication") == 1)
        ask("ALTER SYSTEM SET synchronous_standby_names = '*'")
        ask("SELECT pg_reload_conf()")
        self.primary.wait(lambda: ask("SELECT sync_state FROM pg_stat_replication") == "sync")


@contextmanager
def own_pair() -> Iterator[Pair]:
    if binaries() is None:
        needed("PostgreSQL", FileNotFoundError("there is no initdb to make a server with"))
    folder = Path(tempfile.mkdtemp(prefix="almanac-postgres-"))
    if as_postgres():
        shutil.chown(folder, "postgres")
    pair = Pair(Server(folder, "primary"), Server(folder, "replica"))
    try:
        pair.primary.init()
        pair.primary.start()
        pair.primary.ask(f"CREATE DATABASE {DATABASE}")
        pair.join()
        yield pair
    finally:
        for server in (pair.replica, pair.primary):
            server.stop()
        shutil.rmtree(folder, ignore_errors=True)


def binaries() -> Path | None:
    """The newest version on this machine."""
    found = sorted(Path("/usr/lib/postgresql").glob("*/bin/initdb"), key=lambda file: int(file.parts[-3]))
    elsewhere = shutil.which("initdb")
    return found[-1].parent if found else Path(elsewhere).parent if elsewhere else None


def as_postgres() -> dict[str, object]:
    """For a child process: PostgreSQL refuses to be run by root."""
    if os.geteuid() != 0:
        return {}
    user = pwd.getpwnam("postgres")
    return {"user": user.pw_uid, "group": user.pw_gid, "extra_groups": []}


def run(program: str, *words: str) -> None:
    done = subprocess.run(
        [binaries() / program, *words],
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        timeout=START_SECONDS,
        check=False,
        cwd="/",
        **as_postgres(),
    )
    assert done.returncode == 0, f"{program}:\n{done.stdout}{done.stderr}"


def _children(parent: int) -> list[int]:
    found = []
    for stat in Path("/proc").glob("[0-9]*/stat"):
        with suppress(OSError):
            fields = re.sub(r"\(.*\)", "-", stat.read_text()).split()
            if int(fields[3]) == parent:
                found.append(int(fields[0]))
    return found
