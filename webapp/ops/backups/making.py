"""Making a backup, also while the house is running."""

from __future__ import annotations

import tempfile
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

from sqlalchemy.engine import make_url

from config import Config
from webapp.audit import operations as audit
from webapp.core import site
from webapp.core.version import VERSION
from webapp.extensions import db
from webapp.ops import migrations
from webapp.ops.backups import archive, postgres, sqlite
from webapp.ops.backups.archive import Manifest, Member
from webapp.settings import instance
from webapp.settings.models import SiteSetting

LAST = "last_backup"
UPLOADS = "uploads"


class Impossible(Exception):
    """There is nothing to make a backup of, or nowhere to put it. The message is one line."""


@dataclass(frozen=True)
class Last:
    """The newest backup that was made from here."""

    at: datetime
    file: str


def make(target: Path, *, now: datetime) -> Manifest:
    """Writes a backup to ``target``, reads it back, and notes it. Commit afterwards.

    A file of that name is replaced only when it is a backup itself. Raises :class:`Impossible`, BadBackup, or
    postgres.Failed; then ``target`` is as it was.
    """
    config, revision = site.config(), migrations.present()
    if revision is None:
        raise Impossible("the database has no tables yet: there is nothing to keep")
    target = target.absolute()
    if target.exists() and not archive.is_one(target):
        raise Impossible(f"{target} is there, and is not a backup: choose another name")
    known = instance.twin()
    db.session.rollback()

    def manifest(members: tuple[Member, ...]) -> Manifest:
        return Manifest(
            made_at=now,
            version=VERSION,
            revision=revision,
            database=kind_of(config),
            instance=known.id if known else "",
            site_url=config.site_url,
            members=members,
        )

    try:
        with tempfile.TemporaryDirectory(dir=target.parent, prefix=f".{target.name}-") as folder:
            files = {**_dumped(config, Path(folder)), **_uploaded(config)}
            made = archive.write(target, manifest, files)
    except OSError as error:
        raise Impossible(f"{error.filename or target} cannot be written: {error.strerror}") from None
    _note(target, now)
    return made


def last() -> Last | None:
    """The newest backup that was made from here; None when there was none."""
    row = db.session.get(SiteSetting, LAST)
    return Last(datetime.fromisoformat(row.value["at"]), row.value["file"]) if row else None


def kind_of(config: Config) -> str:
    """``sqlite`` or ``postgresql``."""
    return make_url(config.database_url).get_backend_name()


def _dumped(config: Config, folder: Path) -> dict[str, Path]:
    if kind_of(config) == "sqlite":
        file = folder / sqlite.MEMBER
        sqlite.dump(Path(make_url(config.database_url).database or "").resolve(), file)
        return {sqlite.MEMBER: file}
    file = folder / postgres.MEMBER
    postgres.dump(config.database_url, file)
    return {postgres.MEMBER: file}


def _uploaded(config: Config) -> dict[str, Path]:
    """After the database: a file it names was there when it named it."""
    folder = config.data_dir / UPLOADS
    found = (each for each in folder.rglob("*") if not each.name.startswith("."))  # what is just being written
    files = sorted(each for each in found if each.is_file() and not each.is_symlink())
    return {f"{UPLOADS}/{each.relative_to(folder).as_posix()}": each for each in files}


def _note(target: Path, now: datetime) -> None:
    value: dict[str, Any] = {"at": now.isoformat(), "file": str(target)}
    db.session.merge(SiteSetting(name=LAST, value=value))
    audit.record("backup.made", str(target)[:200], now=now)
