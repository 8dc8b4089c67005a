"""What is unusual about a time on the wall, where clocks are moved (RFC 5545 3.3.5 says how it is read)."""

from __future__ import annotations

import enum
from datetime import UTC, datetime
from zoneinfo import ZoneInfo


class Oddity(enum.StrEnum):
    """What is unusual about a wall time in its zone."""

    NONE = "none"
    SKIPPED = "skipped"
    TWICE = "twice"


def oddity(wall_time: datetime, zone_name: str) -> Oddity:
    """Whether the clocks skip this wall time or show it twice."""
    there = ZoneInfo(zone_name)
    first = wall_time.replace(tzinfo=there, fold=0)
    second = wall_time.replace(tzinfo=there, fold=1)
    if first.utcoffset() == second.utcoffset():
        return Oddity.NONE
    survives = first.astimezone(UTC).astimezone(there).replace(tzinfo=None, fold=0) == wall_time
    return Oddity.TWICE if survives else Oddity.SKIPPED
