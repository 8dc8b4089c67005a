"""Turning pages by time: "You are reading 18 to 24 November. Older: 9 to 17 November"."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from flask import abort, request, url_for
from flask_babel import gettext

from webapp.core import clock, pagination
from webapp.core.dates import written
from webapp.core.errors import Refused
from webapp.core.pagination import Place
from webapp.core.rendering import viewer_zone
from webapp.posts.queries import Page, Span


@dataclass(frozen=True)
class Pager:
    """What the pager says: the days on this page, and an address and the days of its neighbours."""

    reading: str
    older: tuple[str, str] | None
    newer: tuple[str, str] | None


def before() -> Place | None:
    """The place that the address asks to read below. An address nobody was given is a 400."""
    raw = request.args.get("before")
    if raw is None:
        return None
    try:
        return pagination.read(raw)
    except Refused:
        abort(400)


def pager(page: Page, endpoint: str, **values: Any) -> Pager | None:
    """The pager below a page; None when there is nothing to turn to."""
    if not page.older and not page.newer:
        return None

    def turn(span: Span | None) -> tuple[str, str] | None:
        if span is None:
            return None
        cursor = pagination.write(span.begins_below) if span.begins_below else None
        return url_for(endpoint, before=cursor, **values), days(span.oldest, span.newest)

    reading = days(page.posts[-1].published_at, page.posts[0].published_at)
    return Pager(reading, turn(page.older), turn(page.newer))


def days(oldest: datetime, newest: datetime) -> str:
    """``18 to 24 November``, as the reader's calendar has it; with years only where they are not this one."""
    zone = viewer_zone()
    first, last = oldest.astimezone(zone).date(), newest.astimezone(zone).date()
    this_year = clock.now().astimezone(zone).year
    end = written(last, "day of year" if first.year == last.year == this_year else "day with year")
    if first == last:
        return end
    if (first.year, first.month) == (last.year, last.month):
        return str(gettext("%(first)s to %(last)s", first=first.day, last=end))
    start = written(first, "day of year" if first.year == last.year else "day with year")
    return str(gettext("%(first)s to %(last)s", first=start, last=end))
