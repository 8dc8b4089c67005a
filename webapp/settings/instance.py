"""Which house this is: an identity kept outside the database, its twin inside, and whether the two still agree.

Outside is DATA_DIR/instance.json, or SITE_INSTANCE in the environment, or both. The twin says where the database was
and whose site it served. Both know a counter that only grows; the twin is raised first, so a crash in between leaves
it ahead, and only a twin that is *behind* has come out of a backup. See docs/adr/0006.
"""

from __future__ import annotations

import json
import os
import secrets
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import asdict, dataclass, replace
from datetime import datetime
from pathlib import Path
from typing import Any

import structlog
from sqlalchemy import select
from sqlalchemy.dialects import postgresql, sqlite

from webapp.core import site
from webapp.extensions import db
from webapp.settings import place
from webapp.settings.models import SiteSetting

NAME = "instance"
FILE = "instance.json"
log = structlog.get_logger()


@dataclass(frozen=True)
class Outside:
    """What this place knows of its house: the name, and the highest counter seen here."""

    id: str
    counter: int


@dataclass(frozen=True)
class Twin:
    """What the database knows of its house. ``addresses`` are those under which the house has reached it."""

    id: str
    counter: int
    site: str
    addresses: tuple[str, ...]
    mark: str | None


def outside() -> Outside | None:
    """The identity outside the database; None when there is none. A file that cannot be read has no name."""
    config = site.config()
    kept = _kept(_file())
    if not config.site_instance:
        return kept
    is_its_own = kept is not None and kept.id == config.site_instance
    return Outside(config.site_instance, kept.counter if kept and is_its_own else 0)


def twin() -> Twin | None:
    """The identity inside the database; None when it has never had one."""
    return _read(db.session.scalar(select(SiteSetting.value).where(SiteSetting.name == NAME)))


def doubt() -> str | None:
    """Why this database may not be the one that this house has been using, for the operator; None when it is.

    A database without a twin raises no doubt here: whoever knows whether it has been used decides.
    """
    here = outside()  # before the twin: it is raised first, and whoever looks in between must not see it behind
    known = twin()
    return None if known is None else next(_doubts(here, known), None)


def adopt(*, anew: bool, now: datetime) -> None:
    """Makes the present database this house's own, in the caller's transaction.

    ``anew`` is an operator's decision: a new identity (unless the environment gives it) and a counter that is above
    whatever another machine of the house has seen, because it is the time in milliseconds. Without it, only a database
    that has no twin yet gets one. The file is written first: should the transaction fail, the two disagree, and nothing
    is mailed.
    """
    config, known = site.config(), twin()
    if known is not None and not anew:
        return
    here = outside()
    if here is None or not here.id or (anew and not config.site_instance):
        here = _begin(anew=anew)
    highest = max(here.counter, known.counter if known else 0, _counter_of_file())
    counter = max(highest + 1, int(now.timestamp() * 1000)) if anew else highest
    addresses = known.addresses if known and config.site_instance else ()
    at = place.address(config.database_url)
    if anew:
        _keep(Outside(here.id, counter))
    _write(
        Twin(
            id=here.id,
            counter=counter,
            site=place.site(config.site_url),
            addresses=(*(each for each in addresses if each != at), at),
            mark=place.mark(config.database_url),
        ),
        replace_old=anew,
    )


def raise_counter() -> int:
    """Counts one further, in the caller's transaction; :func:`remember` it once that is committed.

    There must be a twin, and no doubt about it.
    """
    row = db.session.scalars(
        select(SiteSetting).where(SiteSetting.name == NAME).with_for_update().execution_options(populate_existing=True)
    ).one()
    known = _read(row.value)
    here = outside()
    if known is None or here is None:
        raise RuntimeError("raise_counter() comes after adopt()")
    value = replace(known, counter=max(known.counter, here.counter) + 1)
    row.value = asdict(value)
    return value.counter


def remember(counter: int) -> None:
    """Notes outside the database that it has come this far."""
    here = outside()
    if here is not None and here.counter < counter:
        _settle()
        _keep(Outside(here.id, counter))


def _doubts(here: Outside | None, known: Twin) -> Iterator[str]:
    config = site.config()
    if here is None:
        yield (
            f"the database belongs to a house that this place does not know: there is no {_file()}, and SITE_INSTANCE"
            " is not set. It was copied here, or this is a further machine of the house and needs its SITE_INSTANCE"
        )
        return
    if here.id != known.id:
        yield f"the database belongs to another house: it says {known.id}, here it says {here.id or 'nothing readable'}"
    serves = place.site(config.site_url)
    if known.site != serves:
        yield f"the database served {known.site}, and SITE_URL is {serves} now"
    at = place.address(config.database_url)
    if at not in known.addresses:
        yield f"the database was at {' and '.join(known.addresses)}, and is at {at} now"
    mark = place.mark(config.database_url)
    if None not in {known.mark, mark} and known.mark != mark:
        yield f"what is at {at} now is a copy of the database that was there, or was put in its place"
    if known.counter < here.counter:
        yield (
            f"the database is older than what this house has seen: it counts {known.counter}, and here it was"
            f" {here.counter}. It came out of a backup"
        )


def _read(value: dict[str, Any] | None) -> Twin | None:
    if value is None:
        return None
    return Twin(value["id"], value["counter"], value["site"], tuple(value["addresses"]), value["mark"])


def _write(value: Twin, *, replace_old: bool) -> None:
    insert = (postgresql if db.session.get_bind().dialect.name == "postgresql" else sqlite).insert
    row = insert(SiteSetting).values(name=NAME, value=asdict(value))
    if replace_old:
        row = row.on_conflict_do_update(index_elements=["name"], set_={"value": row.excluded.value})
    else:
        row = row.on_conflict_do_nothing(index_elements=["name"])  # another process was first
    db.session.execute(row)


def _file() -> Path:
    return site.config().data_dir / FILE


def _kept(file: Path) -> Outside | None:
    try:
        found = json.loads(file.read_text())
        return Outside(str(found["id"]), int(found["counter"]))
    except FileNotFoundError:
        return None
    except (OSError, ValueError, TypeError, KeyError):
        return Outside("", 0)


def _counter_of_file() -> int:
    kept = _kept(_file())
    return kept.counter if kept else 0


def _begin(*, anew: bool) -> Outside:
    """A new identity. Two processes that begin at the same time get the same one, that of the first."""
    made = Outside(secrets.token_hex(8), 0)
    if anew:
        return made
    if (kept := _kept(_file())) is not None and not kept.id:
        _keep(made)
    draft = _draft(made)
    with suppress(FileExistsError):
        os.link(draft, _file())
    draft.unlink()
    return _kept(_file()) or made


def _keep(here: Outside) -> None:
    """Writes the file, whole or not at all."""
    try:
        _draft(here).replace(_file())
    except OSError as error:
        if not site.config().site_instance:
            raise
        log.warning("instance.not_remembered", error=str(error))  # the environment still says who we are


def _draft(here: Outside) -> Path:
    draft = _file().with_name(f".{FILE}-{os.getpid()}-{secrets.token_hex(4)}")
    draft.parent.mkdir(parents=True, exist_ok=True)
    with draft.open("w") as stream:
        json.dump(asdict(here), stream)
        stream.flush()
        os.fsync(stream.fileno())  # after a power cut there may be an older file, never an empty one
    return draft


def _settle() -> None:
    """Brings what SQLite has committed onto the disk: a power cut must not take back what the file already says.

    The main file is not opened here, for the reason that :mod:`webapp.settings.place` gives.
    """
    database = Path(place.address(site.config().database_url) + "-wal")
    if db.session.get_bind().dialect.name == "sqlite" and database.exists():
        log_of_writes = os.open(database, os.O_RDONLY)
        try:
            os.fsync(log_of_writes)
        finally:
            os.close(log_of_writes)
