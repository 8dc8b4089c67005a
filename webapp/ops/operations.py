"""Signs of life, each with the version of whoever gives it."""

from __future__ import annotations

from datetime import datetime, timedelta

from sqlalchemy import delete
from sqlalchemy.dialects import postgresql, sqlite

from webapp.core.version import VERSION
from webapp.extensions import db
from webapp.ops.models import Heartbeat

WORKER = "worker"
FORGET_AFTER = timedelta(hours=1)


def beat(name: str, *, now: datetime) -> None:
    """Notes that this part of the house was awake."""
    insert = (postgresql if db.session.get_bind().dialect.name == "postgresql" else sqlite).insert
    row = insert(Heartbeat).values(name=name[:60], seen_at=now, detail=VERSION)
    db.session.execute(row.on_conflict_do_update(index_elements=["name"], set_={"seen_at": now, "detail": VERSION}))


def worker_beat(name: str | None, *, now: datetime) -> None:
    """Notes that a worker ran a task of beat's. Those that have long been silent were taken away, and are forgotten."""
    beat(WORKER, now=now)
    if name:
        beat(f"{WORKER} {name}", now=now)
    db.session.execute(
        delete(Heartbeat).where(Heartbeat.name.startswith(f"{WORKER} "), Heartbeat.seen_at < now - FORGET_AFTER)
    )
