"""What every template can use: times as people say them, addresses of static files, the theme."""

from __future__ import annotations

import hashlib
from datetime import UTC, date, datetime, timedelta
from functools import cache
from pathlib import Path
from typing import Literal
from zoneinfo import ZoneInfo

from flask import Blueprint, Flask, current_app, redirect, request, url_for
from flask.typing import ResponseReturnValue
from flask_login import current_user

from webapp.core import clock, dates, moon
from webapp.core.dates import written
from webapp.core.urls import host, local_path
from webapp.core.words import _, kept
from webapp.core.zones import city

THEMES = ("light", "dark")
THEME_COOKIE = "theme"
DateStyle = Literal["day", "short", "weekday", "month", "date", "full"]
DATE_STYLES: dict[DateStyle, str] = {"short": "short weekday", "month": "month with year", "date": "day with year"}
A_DAY = timedelta(days=1)
A_WEEK = timedelta(days=7)

blueprint = Blueprint("look", __name__)


def init_app(app: Flask) -> None:
    """Registers filters, globals and the theme button's address."""
    app.jinja_env.filters |= {
        "when": when,
        "moment_parts": moment_parts,
        "relative": relative,
        "day_parts": day_parts,
        "date_in_words": date_in_words,
        "iso": iso,
        "clock_time": clock_time,
        "host": host,
        "written": written,
        "kept": kept,
        "city": city,
    }
    app.jinja_env.globals |= {
        "site_url": app.config["ALMANAC"].site_url,
        "static_url": static_url,
        "theme": theme,
        "this_page": this_page,
        "zone_city": lambda: city(viewer_zone().key),
        "letter_time": letter_time,
        "moon_shadow": lambda: moon.shadow(moon.phase(clock.now())),
    }
    app.register_blueprint(blueprint)
    # another site could at worst turn the light on, and readers need no session for it
    app.extensions["csrf"].exempt(blueprint)


def chosen_zone() -> str:
    """The zone of this page, for Flask-Babel."""
    return viewer_zone().key


def viewer_zone() -> ZoneInfo:
    """The zone times are shown in: that of whoever is signed in, else the site's own."""
    return ZoneInfo(getattr(current_user, "zone", None) or current_app.config["ALMANAC"].site_timezone)


def iso(at: datetime) -> str:
    """An instant for a ``datetime`` attribute, in UTC to the second."""
    return at.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def when(at: datetime, zone: str | None = None) -> str:
    """``Sat 28 Nov, 10:00``, with the year when it is not this one."""
    there = ZoneInfo(zone) if zone else viewer_zone()
    local = at.astimezone(there)
    is_this_year = local.year == clock.now().astimezone(there).year
    return written(local, "moment" if is_this_year else "moment with year")


def clock_time(at: datetime) -> str:
    """``10:00``, where the viewer is."""
    return at.astimezone(viewer_zone()).strftime("%H:%M")


def moment_parts(at: datetime, zone: str | None = None) -> tuple[str, str, str | None]:
    """What a moment is written from: the time, the place, and how far it is (None for what is over a week past)."""
    name = zone or viewer_zone().key
    is_long_past = at < clock.now() - A_WEEK
    return when(at, name), city(name), None if is_long_past else relative(at, name)


def relative(at: datetime, zone: str | None = None) -> str:
    """``in 3 days``, ``2 hours ago``. From a day on it counts midnights, as people do."""
    now = clock.now()
    ahead = at - now
    if abs(ahead) < timedelta(minutes=1):
        return _("in less than a minute") if ahead > timedelta(0) else _("just now")
    if abs(ahead) >= A_DAY:
        there = ZoneInfo(zone) if zone else viewer_zone()
        ahead = at.astimezone(there).date() - now.astimezone(there).date()
    return dates.distance(ahead)


def day_parts(at: datetime) -> tuple[str, str, bool]:
    """A day for the margin: its numeral, the word below it, and whether it is today.

    The word is the weekday for days near today in the same month, else the month, with a year that is not this one.
    """
    zone = viewer_zone()
    day, today = at.astimezone(zone).date(), clock.now().astimezone(zone).date()
    if day == today:
        return str(day.day), _("Today"), True
    if abs(day - today) <= A_WEEK and (day.year, day.month) == (today.year, today.month):
        word = written(day, "weekday")
    else:
        word = written(day, "month" if day.year == today.year else "month with year")
    return str(day.day), word, False


def date_in_words(at: datetime | date, style: DateStyle = "full") -> str:
    """``Wednesday 25 November 2026``, or a part of it: a numeral, a weekday, a month with its year."""
    day = at.astimezone(viewer_zone()).date() if isinstance(at, datetime) else at
    return written(day, DATE_STYLES.get(style, style))


def letter_time() -> tuple[str, str]:
    """The weekday and the time of day of the weekly letter, in the site's zone: ``("Saturday", "10:00")``."""
    config = current_app.config["ALMANAC"]
    a_monday = date(2024, 1, 1)
    return written(a_monday + timedelta(days=config.weekday), "letter's weekday"), config.digest_time.strftime("%H:%M")


def static_url(filename: str) -> str:
    """The address of a static file, with a part of its hash: it may be cached for ever, and changes when it does.

    Made by hand, for ``url_for`` cannot help the page that answers a request to a wrong host.
    """
    return f"{request.script_root}{current_app.static_url_path}/{filename}?v={_content_hash(filename)}"


def theme() -> str | None:
    """The theme chosen in this browser, or None to follow its preference."""
    chosen = request.cookies.get(THEME_COOKIE)
    return chosen if chosen in THEMES else None


def this_page() -> str:
    """The path of this page, to come back to after changing how it looks. A form's own answer leads home."""
    is_page = request.method == "GET" and request.routing_exception is None
    return request.full_path.removesuffix("?") if is_page else url_for("posts.home")


@blueprint.post("/theme")
def choose_theme() -> ResponseReturnValue:
    chosen = request.form.get("theme")
    response = redirect(local_path(request.form.get("next")) or url_for("posts.home"), 303)
    if chosen in THEMES:
        config = current_app.config
        response.set_cookie(
            THEME_COOKIE,
            chosen,
            max_age=365 * A_DAY,
            secure=config["SESSION_COOKIE_SECURE"],
            httponly=True,
            samesite="Lax",
        )
    return response


@cache
def _content_hash(filename: str) -> str:
    folder = current_app.static_folder
    return hashlib.sha256(Path(folder or "", filename).read_bytes()).hexdigest()[:10]
