"""Carrying out a run: the loop that commits after each few items, keeps the lease, and says how far it is."""

from __future__ import annotations

import multiprocessing
import os
import threading
import time
from collections.abc import Callable, Iterator
from concurrent.futures import Executor, ProcessPoolExecutor
from concurrent.futures.process import BrokenProcessPool
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

import structlog

from webapp.accounts.models import Person
from webapp.core import clock
from webapp.extensions import db
from webapp.portability import archive, converting, exporting, operations, readers
from webapp.portability.conversations import Conversations
from webapp.portability.importing import Import, Steps
from webapp.portability.items import BadSource
from webapp.portability.keeping import keeper
from webapp.portability.models import Direction, Transfer
from webapp.portability.pictures import Pictures
from webapp.portability.placing import Placing
from webapp.portability.readers import System
from webapp.portability.records import Kept, Lost, Record

LOOK_EVERY_SECONDS = 1.0
STAY_EVERY_SECONDS = 10.0

log = structlog.get_logger()


@dataclass(frozen=True)
class Wish:
    """What an import is asked to do. ``author_id`` gets what nobody else can be found for."""

    author_id: int | None = None
    uploads: Path | None = None
    may_fetch: bool = False
    is_dry_run: bool = False
    is_move: bool = False


Progress = Callable[[int, int], None]


def run(transfer_id: int, *, progress: Progress = lambda _done, _total: None) -> bool:
    """Takes up a run of the database and carries it to its end. False when it is somebody else's, or over."""
    if not operations.claim(transfer_id, now=clock.now()):
        db.session.rollback()
        return False
    db.session.commit()
    error = ""
    try:
        _carry_on(transfer_id, progress)
    except Lost:
        db.session.rollback()
        return False
    except BadSource as bad:
        error = str(bad)
    except Exception:
        db.session.rollback()
        log.exception("portability.failed", transfer=transfer_id)
        error = "Something went wrong that is our fault, and is in the log. What was done so far is kept; try again."
    db.session.rollback()
    operations.finish(db.session.get_one(Transfer, transfer_id), now=clock.now(), error=error)
    db.session.commit()
    return True


def _carry_on(transfer_id: int, progress: Progress) -> None:
    transfer = db.session.get_one(Transfer, transfer_id)
    record, file = Kept(transfer), Path(transfer.file)
    if transfer.direction is Direction.EXPORT:
        exporting.carry_out(transfer, file, record=record, progress=progress)
        return
    wish = Wish(
        author_id=transfer.options.get("author_id"),
        may_fetch=bool(transfer.options.get("may_fetch")),
        is_dry_run=transfer.is_dry_run,
        is_move=bool(transfer.options.get("is_move")),
    )
    system, now = System(transfer.system), transfer.created_at
    db.session.rollback()
    carry_out(system, file, wish, record=record, now=now, progress=progress)


def carry_out(
    system: System,
    file: Path,
    wish: Wish,
    *,
    record: Record,
    now: datetime,
    progress: Progress = lambda _done, _total: None,
    executor: Executor | None = None,
) -> None:
    """Imports a file, from where ``record`` ends. Raises :class:`BadSource`, before anything is imported."""
    if not file.exists():
        raise BadSource(f"There is nothing at {file}.")
    steps = _opened(system, file, wish, now, executor, _staying(record))
    record.begin(steps.total)
    db.session.commit()
    progress(record.done, steps.total)
    for entries in steps.steps(record.done):
        record.note(entries, clock.now())
        db.session.commit()
        progress(record.done, steps.total)


def _staying(record: Record) -> Callable[[], None]:
    """Keeps the lease of a run whose next line takes its time. Commits."""
    said_at = time.monotonic()

    def stay() -> None:
        nonlocal said_at
        if time.monotonic() - said_at >= STAY_EVERY_SECONDS:
            said_at = time.monotonic()
            record.stay(clock.now())
            db.session.commit()

    return stay


def _opened(  # noqa: PLR0917  # its only caller has all of them
    system: System, file: Path, wish: Wish, now: datetime, executor: Executor | None, stay: Callable[[], None]
) -> Steps:
    if system is System.ALMANAC:
        return archive.open_archive(file, now=now, is_dry_run=wish.is_dry_run, is_move=wish.is_move)
    source = readers.open_source(system, file)
    author = db.session.get(Person, wish.author_id) if wish.author_id else None
    placing = Placing(system=source.system, site=source.site, author=author, now=now, is_dry_run=wish.is_dry_run)
    pictures = Pictures(
        source,
        keep=keeper(wish.author_id, is_dry_run=wish.is_dry_run),
        uploads=wish.uploads,
        may_fetch=wish.may_fetch,
        is_dry_run=wish.is_dry_run,
        stay=stay,
    )
    db.session.rollback()
    conversations = Conversations(source.system, source.site, now, is_dry_run=wish.is_dry_run)
    return Import(source, placing, pictures, conversations, executor)


@contextmanager
def converters() -> Iterator[Executor | None]:
    """Processes that convert, one for each of the machine's cores; None where there is one core, or no way to fork."""
    count = min(os.cpu_count() or 1, 8)
    if count < 2 or "fork" not in multiprocessing.get_all_start_methods():
        yield None
        return
    db.session.remove()
    db.engine.dispose()  # no child shall inherit a connection
    pool = ProcessPoolExecutor(
        count,
        mp_context=multiprocessing.get_context("fork"),
        initializer=_end_with,
        initargs=(os.getpid(),),
    )
    try:
        list(pool.map(converting.plain, ["warm"] * count))  # they are forked now, before anything is opened
        yield pool
    except BrokenProcessPool:
        raise BadSource("A process that converts texts was ended, perhaps for want of memory. Try again.") from None
    finally:
        pool.shutdown(wait=False, cancel_futures=True)


def _end_with(parent: int) -> None:
    """Lets a process that converts end when the one it works for is killed; it would wait for ever."""

    def watch() -> None:
        while os.getppid() == parent:
            time.sleep(LOOK_EVERY_SECONDS)
        os._exit(1)

    threading.Thread(target=watch, name="watch", daemon=True).start()
