"""Who is awake and in which version, and what waits for whom in the broker."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from webapp.core import site
from webapp.core.broker import DEAD_QUEUE
from webapp.core.version import VERSION
from webapp.core.words import _
from webapp.ops import broker, queries
from webapp.ops.checks import SILENT_AFTER, Check, checked

LIVING = ("worker", "beat", "dispatcher")
LATE = ("reminders", "mail")


@dataclass(frozen=True)
class Part:
    """A row of the table. ``seen_at`` is None for what answers only when it is asked, as it was just now."""

    name: str
    state: str
    is_well: bool
    fix: str = ""
    seen_at: datetime | None = None
    version: str = ""

    @property
    def is_other_version(self) -> bool:
        return bool(self.version) and self.version != VERSION


@dataclass(frozen=True)
class Queue:
    """``listening`` is None where the broker does not know who listens."""

    name: str
    waiting: int
    listening: int | None

    @property
    def is_unheard(self) -> bool:
        """Work goes in and nobody takes it out. The dead wait for a person."""
        return self.listening == 0 and self.name != DEAD_QUEUE


def queues(checks: Sequence[Check]) -> list[Queue]:
    """The queues that the broker can count; none while it does not answer."""
    if not all(each.ok for each in checks if each.name == "broker"):
        return []
    try:
        found = broker.depths(site.config().celery_broker_url)
    except broker.Unreachable:
        return []
    return [Queue(name, waiting, listening) for name, (waiting, listening) in found.items()]


def parts(checks: Sequence[Check], now: datetime) -> list[Part]:
    """Everybody, the process that asks first. What the checks say stands where it belongs."""
    said = {each.name: each for each in checks}
    found = [Part(_("Web"), _("well"), is_well=True, seen_at=now, version=VERSION)]
    beats = {each.name: each for each in queries.heartbeats()}
    for name in LIVING:
        check = said.pop(name, None)
        seen = beats.get(name)
        if check is None or seen is None:
            found.append(Part(checked(name), _("never seen"), is_well=False, fix=check.fix if check else ""))
        else:
            state = _("well") if check.ok else check.detail
            found.append(Part(checked(name), state, check.ok, check.fix, seen.seen_at, seen.detail))
        if name == "worker":
            found += [
                Part(
                    _("Worker %(host)s", host=each.name.partition(" ")[2]),
                    _("well") if now - each.seen_at <= SILENT_AFTER else _("silent"),
                    now - each.seen_at <= SILENT_AFTER,
                    seen_at=each.seen_at,
                    version=each.detail,
                )
                for each in beats.values()
                if each.name.startswith("worker ")
            ]
    for name, check in said.items():
        if name not in LATE or not check.ok:
            found.append(Part(checked(name), check.detail, check.ok, check.fix))
    return found
