"""What came from elsewhere, where it used to be, and the runs that brought it here."""

from __future__ import annotations

import enum
from datetime import datetime
from typing import Any

from sqlalchemy import ForeignKey, String, Text, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from webapp.core import clock
from webapp.core.db import Model, Timestamps, states


class Direction(enum.StrEnum):
    IMPORT = "import"
    EXPORT = "export"


class TransferState(enum.StrEnum):
    """``waiting → running → done | failed``. A run whose lease ran out is taken up again where it stopped."""

    WAITING = "waiting"
    RUNNING = "running"
    DONE = "done"
    FAILED = "failed"


class Outcome(enum.StrEnum):
    """What became of one item of a file."""

    IMPORTED = "imported"
    DRAFT = "draft"
    UNCHANGED = "unchanged"
    SKIPPED = "skipped"
    FAILED = "failed"


class Transfer(Timestamps, Model):
    """An import or an export: what was asked for, how far it is, and what came of it.

    ``done`` of ``total`` items have an entry; both change in the transaction that writes the items themselves, so
    whoever takes up a run that was killed goes on behind them. ``counts`` is how often each outcome occurred, by kind
    of item. ``file`` is where the upload or the result lies.
    """

    __tablename__ = "transfers"

    id: Mapped[int] = mapped_column(primary_key=True)
    direction: Mapped[Direction] = mapped_column(states(Direction))
    system: Mapped[str] = mapped_column(String(20))
    state: Mapped[TransferState] = mapped_column(states(TransferState), default=TransferState.WAITING)
    person_id: Mapped[int | None] = mapped_column(ForeignKey("people.id", ondelete="SET NULL"), index=True)
    file: Mapped[str] = mapped_column(Text)
    name: Mapped[str] = mapped_column(String(200))
    options: Mapped[dict[str, Any]]
    done: Mapped[int] = mapped_column(default=0)
    total: Mapped[int] = mapped_column(default=0)
    counts: Mapped[dict[str, Any]] = mapped_column(default=dict)
    error: Mapped[str] = mapped_column(Text, default="")
    claim_token: Mapped[str | None] = mapped_column(String(64))
    lease_until: Mapped[datetime | None]
    started_at: Mapped[datetime | None]
    ended_at: Mapped[datetime | None]

    @property
    def is_over(self) -> bool:
        return self.state in {TransferState.DONE, TransferState.FAILED}

    @property
    def is_dry_run(self) -> bool:
        return bool(self.options.get("dry_run"))


class TransferEntry(Model):
    """What became of the ``nth`` item of a file, and why."""

    __tablename__ = "transfer_entries"

    id: Mapped[int] = mapped_column(primary_key=True)
    transfer_id: Mapped[int] = mapped_column(ForeignKey("transfers.id", ondelete="CASCADE"))
    nth: Mapped[int]
    kind: Mapped[str] = mapped_column(String(40))
    title: Mapped[str] = mapped_column(String(200))
    outcome: Mapped[Outcome] = mapped_column(states(Outcome))
    reason: Mapped[str] = mapped_column(Text, default="")

    __table_args__ = (UniqueConstraint("transfer_id", "nth"),)


class ImportedThing(Model):
    """Something of another system that is here already, by a digest of its system, its site and its own key.

    The unique key is why a second import, or two at once, bring it in only once. ``local_id`` is the row it became;
    that may be gone by now, and is not brought back.
    """

    __tablename__ = "imported_things"

    id: Mapped[int] = mapped_column(primary_key=True)
    key: Mapped[str] = mapped_column(String(64), unique=True)
    kind: Mapped[str] = mapped_column(String(40))
    local_id: Mapped[int]
    fingerprint: Mapped[str] = mapped_column(String(32), default="")
    created_at: Mapped[datetime] = mapped_column(default=clock.now)


class OldAddress(Model):
    """A path under which readers know something from another system; asking for it answers 301.

    It leads to a post, or to a path of this site. ``path`` is decoded, begins with a slash and does not end with one.
    """

    __tablename__ = "old_addresses"

    id: Mapped[int] = mapped_column(primary_key=True)
    path: Mapped[str] = mapped_column(String(500), unique=True)
    post_id: Mapped[int | None] = mapped_column(ForeignKey("posts.id", ondelete="CASCADE"), index=True)
    leads_to: Mapped[str | None] = mapped_column(String(500))
    created_at: Mapped[datetime] = mapped_column(default=clock.now)
