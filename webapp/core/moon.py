"""The moon of tonight: its phase, its picture and a sentence about it.

Positions come from the mean elements and the largest periodic terms of Jean Meeus, *Astronomical Algorithms*
(2nd edition, 1998), chapters 47 and 48: from 1900 to 2100 a new, half or full moon is within an hour of its true
instant. That is ample for a picture and a word. Drawn as the northern half of the earth sees it.
"""

from __future__ import annotations

from datetime import UTC, datetime, time, timedelta, tzinfo
from math import cos, pi, radians, sin

from webapp.core.words import _, later

J2000 = datetime(2000, 1, 1, 12, tzinfo=UTC)
DAYS_A_CENTURY = 36525.0
DAYS_A_MONTH = 29.530588853
RADIUS = 8.0


FULL = (
    later("The moon was full last night."),
    later("The moon is full tonight."),
    later("The moon will be full tomorrow night."),
)
NEW = (
    later("The moon was new last night."),
    later("The moon is new tonight."),
    later("The moon will be new tomorrow night."),
)


def phase(instant: datetime) -> float:
    """How far the moon has come since it was new: 0 new, 0.25 first quarter, 0.5 full, 0.75 last quarter."""
    century = (instant - J2000) / timedelta(days=1) / DAYS_A_CENTURY
    elongation = 297.8501921 + 445267.1114034 * century - 0.0018819 * century**2
    sun = radians(357.5291092 + 35999.0502909 * century)
    moon = radians(134.9633964 + 477198.8675055 * century + 0.0087414 * century**2)
    apart = radians(elongation)
    corrected = (
        elongation
        + 6.289 * sin(moon)
        - 2.100 * sin(sun)
        + 1.274 * sin(2 * apart - moon)
        + 0.658 * sin(2 * apart)
        + 0.214 * sin(2 * moon)
        + 0.110 * sin(apart)
    )
    return corrected % 360 / 360


def next_at(wanted: float, after: datetime) -> datetime:
    """The first instant after ``after`` at which :func:`phase` reaches ``wanted``, to the minute."""
    ahead = (wanted - phase(after)) % 1 or 1.0
    found = after + timedelta(days=ahead * DAYS_A_MONTH)
    for _step in range(6):
        off = (phase(found) - wanted + 0.5) % 1 - 0.5
        found -= timedelta(days=off * DAYS_A_MONTH)
    return found


def sentence(now: datetime, zone: tzinfo) -> str:
    """One sentence for the top of a page. A night belongs to the day on which it begins, from noon to noon."""
    today = now.astimezone(zone).date()
    noon = datetime.combine(today, time(12), zone).astimezone(UTC)
    day = timedelta(days=1)
    for wanted, (last_night, tonight, tomorrow) in ((0.5, FULL), (0.0, NEW)):
        at = next_at(wanted, noon - day)
        if at < noon:
            return str(last_night)
        if at < noon + day:
            return str(tonight)
        if at < noon + 2 * day:
            return str(tomorrow)
    waxing = phase(now) < 0.5
    ahead = next_at(0.5 if waxing else 0.0, noon - day)
    days = int((ahead - noon) / day)
    if waxing:
        return _("The moon is waxing, full in %(days)s days.", days=days)
    return _("The moon is waning, new in %(days)s days.", days=days)


def shadow(phase: float) -> str:
    """The dark part of the disc as the data of an SVG path, for a circle of radius 8 around (10, 10)."""
    waxing = phase < 0.5
    width = RADIUS * cos(2 * pi * phase)
    bulges_right = width > 0 if waxing else width < 0
    return f"M10 2a8 8 0 0 {0 if waxing else 1} 0 16a{abs(width):.2f} 8 0 0 {0 if bulges_right else 1} 0-16Z"
