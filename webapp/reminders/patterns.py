"""How a form asks for a repetition, and the rule of RFC 5545 that it stands for."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from itertools import islice

from dateutil.rrule import rrulestr

from webapp.core.errors import Refused
from webapp.core.words import _

DAYS = ("MO", "TU", "WE", "TH", "FR", "SA", "SU")
NEVER, WEEKDAY_OF_MONTH = "never", "monthly-weekday"
FREQUENCIES = {
    "daily": "DAILY",
    "weekly": "WEEKLY",
    "monthly": "MONTHLY",
    WEEKDAY_OF_MONTH: "MONTHLY",
    "yearly": "YEARLY",
}


@dataclass(frozen=True)
class Pattern:
    """What was chosen: how often, every how many times, on which days of a week, and when it ends."""

    repeat: str = NEVER
    every: int = 1
    days: Sequence[str] = ()
    until: date | None = None
    count: int | None = None

    def rule(self, first: datetime) -> str | None:
        """The rule of a series that begins at this wall time; None for what does not repeat."""
        if self.repeat == NEVER:
            return None
        parts = [f"FREQ={FREQUENCIES[self.repeat]}"]
        if self.every != 1:
            parts.append(f"INTERVAL={self.every}")
        if self.repeat == "weekly" and self.days:
            parts.append(f"BYDAY={','.join(sorted(self.days, key=DAYS.index))}")
        if self.repeat == WEEKDAY_OF_MONTH:
            parts.append(f"BYDAY={_nth(first)}")
        if self.until is not None and self.count is not None:
            raise Refused("count", _("Say until when or how often, not both."))
        if self.until is not None:
            if self.until < first.date():
                raise Refused("until", _("That is before the first time."))
            parts.append(f"UNTIL={self.until:%Y%m%d}")
        if self.count is not None:
            parts.append(f"COUNT={self.count}")
        return ";".join(parts)

    def begins(self, wanted: datetime) -> datetime:
        """The first of its times that is not before the one that was asked for."""
        if self.repeat != "weekly" or not self.days:
            return wanted
        rule = Pattern(self.repeat, 1, self.days).rule(wanted) or ""
        return next(islice(rrulestr(rule, dtstart=wanted), 1), wanted)


def of(rule: str | None, first: datetime) -> Pattern | None:
    """The pattern that makes this rule for a series that begins so; None for a rule that is richer than a form."""
    if rule is None:
        return Pattern()
    parts = dict(part.split("=", 1) for part in rule.split(";"))
    for repeat, frequency in FREQUENCIES.items():
        if frequency != parts["FREQ"]:
            continue
        pattern = Pattern(
            repeat,
            int(parts.get("INTERVAL", "1")),
            tuple(parts["BYDAY"].split(",")) if repeat == "weekly" and "BYDAY" in parts else (),
            _day(parts.get("UNTIL", "")),
            int(parts["COUNT"]) if "COUNT" in parts else None,
        )
        if set(pattern.days) <= set(DAYS) and _same(pattern.rule(first), rule):
            return pattern
    return None


def _same(made: str | None, rule: str) -> bool:
    return made is not None and set(made.split(";")) == set(rule.split(";"))


def _nth(first: datetime) -> str:
    """``2TU`` for the second Tuesday of its month; the fifth is called the last, which every month has."""
    nth = (first.day - 1) // 7 + 1
    return f"{nth if nth < 5 else -1}{DAYS[first.weekday()]}"


def _day(stamp: str) -> date | None:
    return datetime.strptime(stamp, "%Y%m%d").date() if len(stamp) == 8 else None  # noqa: DTZ007  # a day has no zone
