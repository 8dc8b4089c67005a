"""Error pages: what happened, what it means, what to do, and a reference number that is also in the log.

A blueprint that handles HTTP errors itself keeps them.
"""

from __future__ import annotations

import errno
import secrets
import sqlite3
from collections.abc import Callable
from dataclasses import dataclass
from typing import cast
from zoneinfo import ZoneInfo

import structlog
from flask import Flask, current_app, make_response, render_template, request
from flask.typing import ResponseReturnValue
from flask_wtf.csrf import CSRFError
from sqlalchemy.exc import OperationalError
from sqlalchemy.exc import TimeoutError as PoolTimeoutError
from werkzeug.exceptions import HTTPException, SecurityError, ServiceUnavailable, default_exceptions
from werkzeug.wrappers import Response

from webapp.core import clock, languages, rendering
from webapp.core.words import later as _

RETRY_SECONDS = 5
RETRY_WHEN_FULL_SECONDS = 60
"""Nobody makes room in five seconds."""

FULL = frozenset({errno.ENOSPC, errno.EDQUOT})
SQLITE_FULL = frozenset({sqlite3.SQLITE_FULL, sqlite3.SQLITE_IOERR_WRITE, sqlite3.SQLITE_IOERR_SHMSIZE})
"""The last two are what it says where a quota is full, or no memory can be had for its index."""

POSTGRESQL_FULL = "53100"

Answer = Callable[[HTTPException], ResponseReturnValue]
log = structlog.get_logger()


@dataclass(frozen=True)
class Page:
    """What an error page says. ``is_bare``: without anything that asks the database or knows our own address."""

    title: str
    text: str
    is_bare: bool = False


PAGES: dict[int, Page] = {
    400: Page(
        _("We could not read that."),
        _("The request arrived damaged or incomplete. Go back, load the page again, then send it once more."),
    ),
    403: Page(
        _("This is not open to you."),
        _("You are signed in, but not with a role that may do this. Whoever runs this site can change that."),
    ),
    404: Page(
        _("This page does not exist either."),
        _("It may have moved, or the address lost a letter on the way. Nothing is broken on your side. (Error 404)"),
    ),
    405: Page(
        _("Nothing happened."),
        _("This address takes a form from its own page, not a visit. Go back to the page and use the button there."),
    ),
    413: Page(
        _("That is more than we take."),
        _("It is too large to send in one piece. Go back, shorten it, then send it again."),
    ),
    429: Page(
        _("That was a lot at once."),
        _("There were too many tries from where you are. Wait a minute, then try again: it will be as before."),
    ),
    500: Page(
        _("Something broke, and it was us."),
        _("It is in our log under the number below. Go back: what you typed should still be there. Try once more."),
        is_bare=True,
    ),
    503: Page(
        _("We are busy for a moment."),
        _("The database did not answer in time, so nothing was changed. Wait a few seconds, then send it again."),
        is_bare=True,
    ),
}
OTHER = Page(
    _("That did not work."),
    _("The request cannot be answered as it is. Go back, load the page again, then try once more."),
)
FORM_TOO_OLD = Page(
    _("This form is no longer good."),
    _(
        "It was open too long, or cookies are off, so we cannot tell that it came from you. Go back, copy what you "
        "wrote, load the page again and send it from there. Nothing was changed."
    ),
)
NO_ROOM = Page(
    _("There is no room left."),
    _(
        "The disk of this site is full, so nothing was changed. Keep what you wrote, tell whoever runs this site, and "
        "send it again later."
    ),
    is_bare=True,
)
WRONG_HOST = Page(
    _("This is not our address."),
    _("The name in the address bar is none that we answer to. The link above leads to the right one."),
    is_bare=True,
)


class NoRoom(ServiceUnavailable):
    """A full disk."""


def init_app(app: Flask) -> None:
    """Gives every HTTP error a page, by its code, so that no later and more general handler takes it away."""
    for code in default_exceptions:
        app.register_error_handler(code, answer)
    app.register_error_handler(HTTPException, answer)
    app.register_error_handler(OperationalError, _answer_for_the_database)
    app.register_error_handler(PoolTimeoutError, _answer_for_the_database)
    app.register_error_handler(OSError, _answer_for_the_disk)


def answer(error: HTTPException) -> ResponseReturnValue:
    """The page for an error: also for a blueprint that has a better one only for some of its addresses."""
    own = _handler_of_the_blueprint()
    if own is not None:
        return own(error)
    if error.response is not None:
        return error.response
    code = error.code or 500
    return _complete(error, _render(code, _page_for(error, code)), code)


def _handler_of_the_blueprint() -> Answer | None:
    """The general handler of the blueprint that was asked, such as the API's, which answers programs in its own form.

    Flask itself would prefer ours, being for a particular code.
    """
    for name in request.blueprints:
        handler = current_app.error_handler_spec[name][None].get(HTTPException)
        if handler is not None:
            return cast(Answer, handler)
    return None


def _answer_for_the_database(error: OperationalError | PoolTimeoutError) -> ResponseReturnValue:
    """A database that is locked, away or full is a 503: trying again helps. Any other fault of ours is a 500."""
    if isinstance(error, OperationalError) and _has_no_room(error):
        return answer(_no_room())
    if isinstance(error, OperationalError) and not _is_passing(error):
        raise error
    return answer(ServiceUnavailable(retry_after=RETRY_SECONDS))


def _answer_for_the_disk(error: OSError) -> ResponseReturnValue:
    """A file that could not be written for want of room, likewise."""
    if error.errno not in FULL:
        raise error
    return answer(_no_room())


def _no_room() -> NoRoom:
    log.error("disk.full")
    return NoRoom(str(NO_ROOM.text), retry_after=RETRY_WHEN_FULL_SECONDS)


def _has_no_room(error: OperationalError) -> bool:
    code = getattr(error.orig, "sqlite_errorcode", None)
    return code in SQLITE_FULL or getattr(error.orig, "sqlstate", None) == POSTGRESQL_FULL


def _is_passing(error: OperationalError) -> bool:
    """SQLite has one class for all that goes wrong while it runs; PostgreSQL's driver means the connection."""
    is_sqlite = type(error.orig).__module__ == "sqlite3"
    return "locked" in str(error.orig) or "busy" in str(error.orig) if is_sqlite else True


def _page_for(error: HTTPException, code: int) -> Page:
    if isinstance(error, NoRoom):
        return NO_ROOM
    if isinstance(error, CSRFError):
        return FORM_TOO_OLD
    if isinstance(error, SecurityError):
        return WRONG_HOST
    return PAGES.get(code, OTHER)


def _render(code: int, page: Page) -> str:
    reference = f"{secrets.token_hex(2)}-{secrets.token_hex(2)}"
    log.info(
        "error.page",
        reference=reference,
        status=code,
        method=request.method,
        address=request.url_rule.rule if request.url_rule else request.path[:200],
    )
    now, zone = clock.now(), _site_zone() if page.is_bare else rendering.viewer_zone()
    context = {
        "code": code,
        "page": page,
        "reference": reference,
        "at": now,
        "clock": now.astimezone(zone).strftime("%H:%M"),
        "bare": page.is_bare,
        "letter": False,
    }
    name = "errors/404.html" if code == 404 else "errors/page.html"
    if page.is_bare:  # Flask's own render_template would ask who is signed in, and so the database
        with languages.speaking(languages.of_browser()):
            return current_app.jinja_env.get_template(name).render(context)
    return render_template(name, **context)


def _complete(error: HTTPException, html: str, code: int) -> Response:
    """The page with the headers the error came with, such as Allow or Retry-After."""
    response = make_response(html, code)
    for name, value in error.get_headers(request.environ):
        if name not in {"Content-Type", "Content-Length"}:
            response.headers[name] = value
    return response


def _site_zone() -> ZoneInfo:
    return ZoneInfo(current_app.config["ALMANAC"].site_timezone)
