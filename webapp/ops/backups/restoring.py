"""Putting a backup back: all of it or nothing, in a house that stands still, with all mail held afterwards."""

from __future__ import annotations

import json
import os
import secrets
import shutil
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from datetime import datetime, timedelta
from pathlib import Path

from sqlalchemy import Connection, func, insert, inspect, select
from sqlalchemy.dialects import sqlite as sqlite_dialect
from sqlalchemy.engine import make_url
from sqlalchemy.exc import DBAPIError

from config import Config
from webapp.audit.models import AuditEntry
from webapp.audit.operations import SHELL
from webapp.core import site
from webapp.extensions import db
from webapp.mail.models import HoldKind, MailHold
from webapp.ops import migrations
from webapp.ops.backups import archive, making, postgres, sqlite
from webapp.ops.backups.archive import Archive, BadBackup, Manifest
from webapp.ops.models import Heartbeat
from webapp.settings.models import SiteSetting

FRESH = timedelta(seconds=30)
"""A sign of life younger than this is that of a house that is running."""

UNTIMED = frozenset({SiteSetting.__tablename__})
"""Tables that change by themselves."""


class Refused(Exception):
    """It would do harm. The message is one line."""


def restore(file: Path, *, force: bool, now: datetime) -> tuple[Manifest, Path | None]:
    """Puts a backup back, brings it to this version and holds all mail.

    Returns what was restored and where the old database is kept, if it was a file. Raises BadBackup,
    :class:`Refused`, or postgres.Failed; then nothing has changed.
    """
    config = site.config()
    with archive.reading(file) as opened:
        manifest = opened.manifest
        _check_fit(manifest, config)
        opened.verify()
        _check_stillness(config, now)
        if not force and not _is_new(config):
            _check_age(manifest)
        db.session.remove()
        db.engine.dispose()
        reason = f"the database was restored from a backup of {manifest.made_at:%Y-%m-%d %H:%M} UTC"
        with _uploads(opened, config) as put_uploads_back:
            if manifest.database == "sqlite":
                kept = _restore_sqlite(opened, config, reason, now)
            else:
                kept = None
                _restore_postgres(opened, config, reason, now)
            put_uploads_back()
    return manifest, kept


def _check_fit(manifest: Manifest, config: Config) -> None:
    kind = making.kind_of(config)
    expected = {"sqlite": sqlite.MEMBER, "postgresql": postgres.MEMBER}.get(manifest.database)
    if manifest.members[0].name != expected:
        raise BadBackup("it is not a backup of Almanac")
    if manifest.database != kind:
        raise Refused(f"the backup is of {manifest.database}, and DATABASE_URL is of {kind}")
    if not migrations.knows(manifest.revision):
        raise Refused(f"the backup was made by version {manifest.version}, which is newer than this one: upgrade first")


def _check_stillness(config: Config, now: datetime) -> None:
    if pid := _running(config.data_dir):
        raise Refused(f"the house is running (process {pid}): stop it first")
    if making.kind_of(config) == "sqlite":
        database = _database_file(config)
        db.session.remove()
        db.engine.dispose()
        if database.exists() and sqlite.is_in_use(database):
            raise Refused(f"another process has {database} open: stop the house first")
        return
    with suppress(DBAPIError):  # without tables nobody was here
        seen = db.session.scalar(select(func.max(Heartbeat.seen_at)))
        if seen is not None and now - seen < FRESH:
            seconds = int((now - seen).total_seconds())
            raise Refused(f"the house is running: it showed a sign of life {seconds} s ago. Stop it, and wait 30 s")
    db.session.rollback()


def _running(folder: Path) -> int | None:
    """The process of a `make run` in this folder, while it lives."""
    try:
        pid = int(json.loads((folder / "run.json").read_text())["pid"])
        os.kill(pid, 0)
    except (OSError, ValueError, KeyError, TypeError):
        return None
    with suppress(OSError):
        if b"supervise" not in Path(f"/proc/{pid}/cmdline").read_bytes():
            return None  # the number has gone to somebody else
    return pid


def _is_new(config: Config) -> bool:
    """Whether there is no database file yet. Asking SQLite would make one."""
    return making.kind_of(config) == "sqlite" and not _database_file(config).exists()


def _check_age(manifest: Manifest) -> None:
    try:
        newest = _newest_change()
    except DBAPIError as error:
        cause = " ".join(str(error.orig).split())
        raise Refused(f"the present database cannot be read ({cause}): --force replaces it") from None
    finally:
        db.session.rollback()
    if newest is not None and newest > manifest.made_at:
        raise Refused(
            f"the present database is newer than the backup: it was changed {newest:%Y-%m-%d %H:%M} UTC, the backup is"
            f" of {manifest.made_at:%Y-%m-%d %H:%M} UTC. --force replaces it"
        )


def _newest_change() -> datetime | None:
    """When anything that people see was last written; None for a database without tables, or with empty ones."""
    present = set(inspect(db.session.connection()).get_table_names())
    found = []
    for table in db.metadata.sorted_tables:
        for name in ("updated_at", "created_at"):
            if name in table.columns and table.name in present - UNTIMED:
                found.append(db.session.scalar(select(func.max(table.columns[name]))))
                break
    return max((each for each in found if each is not None), default=None)


def _restore_sqlite(opened: Archive, config: Config, reason: str, now: datetime) -> Path | None:
    def finish(connection: Connection) -> None:
        migrations.upgrade_over(connection)
        hold = sqlite_dialect.insert(MailHold).values(kind=HoldKind.COPY, reason=reason, placed_at=now)
        connection.execute(hold.on_conflict_do_nothing())
        connection.execute(insert(AuditEntry).values(**_entry(opened, now)))

    try:
        return sqlite.replace(_database_file(config), lambda to: opened.extract(opened.manifest.members[0], to), finish)
    except sqlite.InUse:
        raise Refused(f"another process has {_database_file(config)} open: stop the house first") from None
    except OSError as error:
        raise Refused(f"{error.filename} cannot be written: {error.strerror}") from None


def _restore_postgres(opened: Archive, config: Config, reason: str, now: datetime) -> None:
    with tempfile.TemporaryDirectory(prefix="almanac-restore-") as folder:
        dumped = Path(folder) / postgres.MEMBER
        opened.extract(opened.manifest.members[0], dumped)
        postgres.check(dumped)
        postgres.replace(config.database_url, dumped, hold_reason=reason)
    migrations.upgrade()
    db.session.execute(insert(AuditEntry).values(**_entry(opened, now)))
    db.session.commit()


def _entry(opened: Archive, now: datetime) -> dict[str, object]:
    manifest = opened.manifest
    detail = {"made_at": manifest.made_at.isoformat(), "version": manifest.version, "instance": manifest.instance}
    return {"at": now, "actor": SHELL, "action": "backup.restored", "subject": "the database", "detail": detail}


@contextmanager
def _uploads(opened: Archive, config: Config) -> Iterator[Callable[[], None]]:
    """Lays out what was uploaded beside its place; what is called in the end moves it there."""
    place = config.data_dir / making.UPLOADS
    members = [each for each in opened.manifest.members if each.name.startswith(f"{making.UPLOADS}/")]
    draft = place.with_name(f".{making.UPLOADS}-{secrets.token_hex(4)}")
    try:
        for each in members:
            opened.extract(each, draft / each.name.removeprefix(f"{making.UPLOADS}/"))

        def put_back() -> None:
            if members:
                if place.exists():
                    place.rename(place.with_name(f"{making.UPLOADS}.before-restore-{secrets.token_hex(4)}"))
                draft.rename(place)

        yield put_back
    finally:
        shutil.rmtree(draft, ignore_errors=True)


def _database_file(config: Config) -> Path:
    return Path(make_url(config.database_url).database or "").resolve()
