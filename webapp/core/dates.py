"""Days and times as each language writes them. A pattern is one of Unicode's (TR 35), by what it is for."""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import date, datetime, timedelta

from babel.dates import format_date, format_datetime, format_timedelta
from flask_babel import get_locale

PATTERNS: Mapping[str, Mapping[str, str]] = {
    "en": {
        "moment": "EEE d MMM, HH:mm",
        "moment with year": "EEE d MMM y, HH:mm",
        "full": "EEEE d MMMM y",
        "day with year": "d MMMM y",
        "day of year": "d MMMM",
        "short day of year": "EEE d MMM",
        "month with year": "MMMM y",
        "month": "MMMM",
        "weekday": "EEEE",
        "short weekday": "EEE",
        "letter's weekday": "EEEE",
        "day": "d",
    },
    "zh": {
        "moment": "M月d日 EEE HH:mm",
        "moment with year": "y年M月d日 EEE HH:mm",
        "full": "y年M月d日 EEEE",
        "day with year": "y年M月d日",
        "day of year": "M月d日",
        "short day of year": "M月d日 EEE",
        "month with year": "y年M月",
        "month": "M月",
        "weekday": "EEEE",
        "short weekday": "EEE",
        "letter's weekday": "EEE",
        "day": "d",
    },
}
BETWEEN_NUMBER_AND_WORD = re.compile(r"(?<=\d)(?=[\u4e00-\u9fff])")


def written(at: datetime | date, pattern: str) -> str:
    """A day, or an aware instant on its own clock, by one of :data:`PATTERNS`."""
    locale = get_locale() or "en"
    how = PATTERNS[str(locale)[:2]][pattern]
    if isinstance(at, datetime):
        return str(format_datetime(at, how, tzinfo=at.tzinfo, locale=locale))
    return str(format_date(at, how, locale=locale))


def distance(span: timedelta) -> str:
    """``in 3 days``, ``2 hours ago``, ``3 天后``."""
    words = str(format_timedelta(span, add_direction=True, threshold=1, locale=get_locale() or "en"))
    return BETWEEN_NUMBER_AND_WORD.sub(" ", words)
