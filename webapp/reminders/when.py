"""What someone means by a time: words or ISO, in a zone, and the instant that it is.

The contract is RFC 5545 3.3.5: a time that the clocks skip is read with the offset from before the gap (02:30 becomes
03:30), and a time that comes twice means the first.
"""

from __future__ import annotations

import re
from datetime import UTC, datetime, time, timedelta
from functools import cache
from typing import cast
from zoneinfo import ZoneInfo, available_timezones

from webapp.core.errors import Refused
from webapp.core.words import _
from webapp.reminders import chinese

LATEST_PAST = timedelta(minutes=1)
FURTHEST = timedelta(days=3653)
LONGEST_WORDS = 100
ISO_LOCAL = re.compile(r"\d{4}-\d{2}-\d{2}[T ]\d{2}:\d{2}(:\d{2})?")

MIDNIGHT = re.compile(r"midnight|\b0{1,2}:00|\b12(:00)? ?am", re.IGNORECASE)
BARE_DAY = re.compile(r"(the )?(day after )?tomorrow", re.IGNORECASE)
"""A day without a time means nine in the morning."""


def zone(name: str, *, field: str = "zone") -> ZoneInfo:
    """The zone of that IANA name. Raises :class:`Refused` for any other."""
    if name not in _zones():
        raise Refused(field, _("That is not a time zone we know. Choose one such as Asia/Shanghai."))
    return ZoneInfo(name)


@cache
def _zones() -> frozenset[str]:
    """Read from the disk once: it takes longer than all else that a reminder's next time takes."""
    return frozenset(available_timezones())


def read(words: str, zone_name: str, now: datetime) -> datetime:
    """The wall time, naive and in ``zone_name``, that someone typed: ISO (`2027-03-14 02:30`) or words.

    Raises :class:`Refused` on ``when``.
    """
    words = words.strip()
    there = zone(zone_name)
    if not words or len(words) > LONGEST_WORDS:
        raise Refused("when", _("Say when, such as: tomorrow 9am, in 2 hours, 2027-03-14 02:30."))
    if ISO_LOCAL.fullmatch(words):
        try:
            return datetime.fromisoformat(words)
        except ValueError:
            raise Refused("when", _("There is no such date or time.")) from None
    found = _in_words(words, there, now)
    if found is None:
        raise Refused("when", _("We could not read that time. Try: tomorrow 9am, in 2 hours, 2027-03-14 02:30."))
    return found


def from_offset(raw: str, *, field: str = "due_at") -> datetime:
    """The instant that an ISO 8601 date-time with an offset names. Raises :class:`Refused` without one."""
    try:
        found = datetime.fromisoformat(raw)
        if found.tzinfo is None:
            raise Refused(field, _("A time needs its offset from UTC, such as 2027-03-14T02:30:00+08:00."))
        return found.astimezone(UTC)
    except (ValueError, OverflowError):
        raise Refused(field, _("That is not a date and time in ISO 8601.")) from None


def instant(wall_time: datetime, zone_name: str) -> datetime:
    """The instant, in UTC, of a naive wall time in a zone. Raises :class:`Refused` where the calendar ends."""
    try:
        return wall_time.replace(tzinfo=zone(zone_name), fold=0).astimezone(UTC)
    except OverflowError:
        raise Refused("when", _("That is too far away.")) from None


def local(moment: datetime, zone_name: str) -> datetime:
    """What the clock on the wall shows at an instant: aware, in the zone."""
    return moment.astimezone(ZoneInfo(zone_name))


def check_due(due_at: datetime, now: datetime, *, field: str) -> None:
    """Raises :class:`Refused` for a due time more than a minute past or more than ten years ahead."""
    if due_at < now - LATEST_PAST:
        raise Refused(field, _("That time is already past."))
    if due_at > now + FURTHEST:
        raise Refused(field, _("That is more than ten years ahead."))


def _in_words(words: str, there: ZoneInfo, now: datetime) -> datetime | None:
    here = now.astimezone(there).replace(tzinfo=None, microsecond=0)
    return chinese.read(words, here) or _by_library(words, here)


def _by_library(words: str, here: datetime) -> datetime | None:
    import dateparser  # a large library, loaded by the first person who writes a time in words

    try:
        found = dateparser.parse(
            words,
            languages=["en", "zh"],
            settings={
                "RELATIVE_BASE": here,
                "PREFER_DATES_FROM": "future",
                "RETURN_AS_TIMEZONE_AWARE": False,
                "REQUIRE_PARTS": [],
            },
        )
    except (ValueError, OverflowError, RecursionError):
        return None
    if found is None:
        return None
    found = cast(datetime, found).replace(tzinfo=None, microsecond=0)
    is_a_day_only = found.time() == time.min and not MIDNIGHT.search(words)
    return found.replace(hour=9, minute=0, second=0) if is_a_day_only or BARE_DAY.fullmatch(words) else found
