"""Where a run keeps its report: in the database, line by line with what it writes, or in memory."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from typing import Protocol

from sqlalchemy import func, insert, select

from webapp.extensions import db
from webapp.portability.models import Transfer, TransferEntry
from webapp.portability.placing import Entry

LEASE = timedelta(minutes=2)
"""How long a run may be silent before somebody else takes it up."""


class Record(Protocol):
    """A report that is being written. ``done`` items have their line already."""

    done: int

    def begin(self, total: int) -> None: ...

    def note(self, entries: Sequence[Entry], now: datetime) -> None: ...

    def stay(self, now: datetime) -> None:
        """Says that the run goes on, although there is no new line yet."""


@dataclass
class Remembered:
    """For a dry run on the command line, which leaves no trace."""

    done: int = 0
    total: int = 0
    asides: int = 0
    entries: list[Entry] = field(default_factory=list)

    def begin(self, total: int) -> None:
        self.total = total

    def note(self, entries: Sequence[Entry], now: datetime) -> None:  # noqa: ARG002  # as its sibling
        for each in entries:
            self.asides -= each.nth < 0
            self.entries.append(replace(each, nth=self.asides) if each.nth < 0 else each)
        self.done += sum(each.nth >= 0 for each in entries)

    def stay(self, now: datetime) -> None:
        """Nobody waits for it."""


class Kept:
    """In the rows of a transfer, in the transaction that writes what they are about."""

    def __init__(self, transfer: Transfer) -> None:
        self.transfer_id, self.token = transfer.id, transfer.claim_token
        self.done = transfer.done
        self.asides = (
            db.session.scalar(
                select(func.min(TransferEntry.nth)).where(
                    TransferEntry.transfer_id == transfer.id, TransferEntry.nth < 0
                )
            )
            or 0
        )

    def begin(self, total: int) -> None:
        self._mine().total = total

    def note(self, entries: Sequence[Entry], now: datetime) -> None:
        """Raises :class:`Lost` when another worker has taken the run up meanwhile; then nothing of this is kept."""
        transfer = self._mine()
        if entries:
            db.session.execute(insert(TransferEntry), [self._row(each) for each in entries])
        self.done += sum(each.nth >= 0 for each in entries)
        transfer.done = self.done
        transfer.counts = added(transfer.counts, entries)
        transfer.lease_until = now + LEASE

    def stay(self, now: datetime) -> None:
        """Raises :class:`Lost` as :meth:`note` does."""
        self._mine().lease_until = now + LEASE

    def _mine(self) -> Transfer:
        transfer = db.session.get(Transfer, self.transfer_id, populate_existing=True, with_for_update=True)
        if transfer is None or transfer.claim_token != self.token:
            raise Lost
        return transfer

    def _row(self, entry: Entry) -> dict[str, object]:
        nth = entry.nth
        if nth < 0:
            self.asides -= 1
            nth = self.asides
        return {
            "transfer_id": self.transfer_id,
            "nth": nth,
            "kind": entry.kind[:40],
            "title": entry.title[:200].replace("\0", ""),
            "outcome": entry.outcome,
            "reason": entry.reason.replace("\0", ""),
        }


class Lost(Exception):
    """Somebody else has this run now."""


def added(counts: dict[str, dict[str, int]], entries: Iterable[Entry]) -> dict[str, dict[str, int]]:
    """How often each outcome occurred, by kind."""
    total = {kind: dict(by) for kind, by in counts.items()}
    for (kind, outcome), number in Counter((each.kind[:40], str(each.outcome)) for each in entries).items():
        total.setdefault(kind, {})[outcome] = total.get(kind, {}).get(outcome, 0) + number
    return total
