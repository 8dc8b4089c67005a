"""SQLite: a copy made by SQLite itself, and put back as a whole or not at all."""

from __future__ import annotations

import os
import secrets
import sqlite3
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager, suppress
from pathlib import Path

from sqlalchemy import Connection, create_engine

from webapp.ops.backups.archive import BadBackup, sync_folder

MEMBER = "almanac.db"


class InUse(Exception):
    """Another process has the database open."""


def dump(database: Path, to: Path) -> None:
    """A consistent copy of a database that may be in use, as one file, checked."""
    with closing(sqlite3.connect(f"{database.as_uri()}?mode=ro", uri=True)) as source, closing(_new(to)) as target:
        source.backup(target)
        target.execute("PRAGMA journal_mode=DELETE")
    check(to)


def check(file: Path) -> None:
    """Lets SQLite look at every page. Raises :class:`BadBackup`."""
    try:
        with closing(sqlite3.connect(f"{file.as_uri()}?mode=ro", uri=True)) as opened:
            found = [row[0] for row in opened.execute("PRAGMA integrity_check(1)")]
            broken = opened.execute("PRAGMA foreign_key_check").fetchone()
    except sqlite3.DatabaseError as error:
        raise BadBackup(f"the database in it is damaged: {error}") from None
    if found != ["ok"] or broken:
        raise BadBackup(f"the database in it is damaged: {found[0] if found != ['ok'] else 'rows are missing'}")


def replace(database: Path, extract: Callable[[Path], None], finish: Callable[[Connection], None]) -> Path | None:
    """Puts a database in the place of ``database``; returns where the old one is kept, if there was one.

    ``extract`` writes the new file, ``finish`` makes it ready, both before anything is replaced. Until the rename the
    old database is there, after it the new one. Raises :class:`InUse` while another process has the old one open.
    """
    database.parent.mkdir(parents=True, exist_ok=True)
    draft = database.with_name(f".{database.name}-restored-{secrets.token_hex(4)}")
    try:
        extract(draft)
        check(draft)
        engine = create_engine(f"sqlite:///{draft}")
        try:
            with engine.begin() as connection:
                finish(connection)
        finally:
            engine.dispose()
        _settle(draft)
        return _swap(draft, database)
    finally:
        for leftover in (draft, *_beside(draft)):
            leftover.unlink(missing_ok=True)


def _swap(draft: Path, database: Path) -> Path | None:
    if not database.exists():
        draft.replace(database)
        sync_folder(database.parent)
        return None
    with _to_itself(database):
        old = database.stat()
        draft.chmod(old.st_mode & 0o777)
        with suppress(PermissionError):
            os.chown(draft, old.st_uid, old.st_gid)
        kept = _free_name(database)
        os.link(database, kept)
        for leftover in _beside(database):
            leftover.unlink(missing_ok=True)
        draft.replace(database)
    sync_folder(database.parent)
    return kept


@contextmanager
def _to_itself(database: Path) -> Iterator[None]:
    """Has the database alone, with its write-ahead log emptied into it: a log left behind would be read by the next."""
    with closing(sqlite3.connect(database, isolation_level=None, timeout=1)) as opened:
        try:
            opened.execute("PRAGMA locking_mode=EXCLUSIVE")
            opened.execute("BEGIN EXCLUSIVE")
            opened.execute("COMMIT")
            opened.execute("PRAGMA wal_checkpoint(TRUNCATE)")
            if opened.execute("PRAGMA journal_mode=DELETE").fetchone()[0] != "delete":
                raise InUse
            opened.execute("BEGIN EXCLUSIVE")
        except sqlite3.OperationalError:
            raise InUse from None
        except sqlite3.DatabaseError:  # it is not a database any more, and so nobody has it open
            pass
        yield


def is_in_use(database: Path) -> bool:
    """Whether another process has the database open."""
    try:
        with closing(sqlite3.connect(f"{database.as_uri()}?mode=rw", uri=True, isolation_level=None, timeout=1)) as own:
            own.execute("PRAGMA locking_mode=EXCLUSIVE")
            own.execute("BEGIN EXCLUSIVE")
            own.execute("ROLLBACK")
    except sqlite3.OperationalError as error:
        return "locked" in str(error)
    except sqlite3.DatabaseError:
        return False
    return False


def _settle(file: Path) -> None:
    """One file again, and on the disk."""
    with closing(sqlite3.connect(file, isolation_level=None)) as opened:
        opened.execute("PRAGMA wal_checkpoint(TRUNCATE)")
        opened.execute("PRAGMA journal_mode=DELETE")
    with file.open("rb") as stream:
        os.fsync(stream.fileno())


def _new(file: Path) -> sqlite3.Connection:
    os.close(os.open(file, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600))
    return sqlite3.connect(file)


def _beside(database: Path) -> list[Path]:
    return [database.with_name(database.name + ending) for ending in ("-wal", "-shm", "-journal")]


def _free_name(database: Path) -> Path:
    number = 1
    while (kept := database.with_name(f"{database.name}.before-restore-{number}")).exists():
        number += 1
    return kept
