"""Kombu's filesystem transport, made safe for several processes that start, stop and lose their folder.

Kombu 5.7 writes a message, and its table of who listens where, in place: a worker that looks in between reads half a
file and ends with a JSON error. Here every file is written beside its place and renamed into it, and a folder that was
deleted under a running house is made again. What was in it is gone, as docs/adr/0001 allows. See docs/adr/0005.
"""

from __future__ import annotations

import fcntl
import os
import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from queue import Empty
from time import time_ns
from typing import Any, cast

import structlog
from kombu.transport import TRANSPORT_ALIASES, filesystem
from kombu.utils.json import dumps, loads

SCHEME = "folder"
LONGEST_LOOK = 0.25
"""Seconds. Celery itself asks for two, which is most of the time that stopping takes."""

for _scheme in (SCHEME, "filesystem"):  # Celery prefers a CELERY_BROKER_URL of the environment to its own settings
    TRANSPORT_ALIASES[_scheme] = f"{__name__}:Transport"

log = structlog.get_logger()


class Channel(filesystem.Channel):
    """A channel whose messages are files in ``data_folder_in``, which is ``data_folder_out`` too."""

    def _put(self, queue: str, payload: Any, **_options: Any) -> None:  # type: ignore[override]  # as in the parent
        name = f"{time_ns():020d}_{uuid.uuid4()}.{queue}.msg"
        _write_whole(self._messages() / name, dumps(payload))

    def _get(self, queue: str, timeout: float | None = None) -> Any:  # noqa: ARG002  # it is asked again soon
        for file in sorted(self._waiting(queue)):
            taken = file.with_name(f".{file.name}-{os.getpid()}")
            try:
                file.rename(taken)  # one process gets it; for the others it is not there
                payload = taken.read_text()
                taken.unlink()
                return loads(payload)
            except OSError:
                continue
            except ValueError:
                log.warning("broker.unreadable_message", file=file.name)
        raise Empty

    def _size(self, queue: str) -> int:
        return len(self._waiting(queue))

    def _purge(self, queue: str) -> int:
        waiting = self._waiting(queue)
        for file in waiting:
            file.unlink(missing_ok=True)
        return len(waiting)

    def get_table(self, exchange: str) -> list[Any]:
        """The bindings of an exchange; none when they cannot be read."""
        try:
            return [filesystem.exchange_queue_t(*row) for row in loads(self._table(exchange).read_text())]
        except (OSError, ValueError):
            return []

    def _queue_bind(self, exchange: str, routing_key: str, pattern: str, queue: str) -> None:
        bound = filesystem.exchange_queue_t(routing_key or "", pattern or "", queue or "")
        with self._table_lock():
            table = self.get_table(exchange)
            if bound not in table:
                _write_whole(self._table(exchange), dumps([bound, *table]))

    def _delete(self, queue: str, exchange: str, routing_key: str, pattern: str, *args: Any, **_options: Any) -> None:  # noqa: ARG002
        self._purge(queue)
        bound = filesystem.exchange_queue_t(routing_key or "", pattern or "", queue or "")
        with self._table_lock():
            table = self.get_table(exchange)
            if bound in table:
                _write_whole(self._table(exchange), dumps([row for row in table if row != bound]))

    def _waiting(self, queue: str) -> list[Path]:
        return [
            file for file in self._messages().iterdir() if file.name.endswith(f".{queue}.msg") and file.name[0] != "."
        ]

    def _table(self, exchange: str) -> Path:
        return cast(Path, self._exchange_file(exchange))  # type: ignore[no-untyped-call]

    def _messages(self) -> Path:
        folder = Path(self.data_folder_in)
        folder.mkdir(parents=True, exist_ok=True)
        return folder

    @contextmanager
    def _table_lock(self) -> Iterator[None]:
        self.control_folder.mkdir(parents=True, exist_ok=True)
        with (self.control_folder / "lock").open("w") as file:
            fcntl.flock(file, fcntl.LOCK_EX)
            yield


class Transport(filesystem.Transport):
    """The transport of ``folder://``."""

    Channel = Channel

    def drain_events(self, connection: Any, timeout: float | None = None) -> None:  # type: ignore[override]
        """Comes back at the latest after :data:`LONGEST_LOOK`, so that a worker soon sees that it should stop."""
        super().drain_events(connection, timeout=min(timeout or LONGEST_LOOK, LONGEST_LOOK))  # type: ignore[no-untyped-call]


def _write_whole(path: Path, text: str) -> None:
    """Writes a file that readers see whole or not at all."""
    path.parent.mkdir(parents=True, exist_ok=True)
    draft = path.with_name(f".{path.name}-{os.getpid()}-{uuid.uuid4().hex}")
    try:
        draft.write_text(text)
        draft.replace(path)
    except OSError:
        draft.unlink(missing_ok=True)  # on a full disk each try would leave one behind
        raise
