"""Signs of life."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy.dialects import postgresql, sqlite

from webapp.extensions import db
from webapp.ops.models import Heartbeat


def beat(name: str, *, now: datetime, detail: str = "") -> None:
    """Notes that this part of the house was awake."""
    insert = (postgresql if db.session.get_bind().dialect.name == "postgresql" else sqlite).insert
    row = insert(Heartbeat).values(name=name, seen_at=now, detail=detail)
    db.session.execute(row.on_conflict_do_update(index_elements=["name"], set_={"seen_at": now, "detail": detail}))
