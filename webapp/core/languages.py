"""The languages Almanac speaks, and which of them a page or a mail is in.

A language is named as in HTML (``zh-Hans``); Babel writes it with an underscore. A page follows the setting of whoever
is signed in, else the cookie of the button in its foot, else the browser. A mail follows its recipient, see
:func:`or_sites`.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta

from flask import Flask, Response, current_app, g, has_request_context, request
from flask_babel import force_locale, get_locale, refresh
from flask_login import current_user

from config import LANGUAGES
from webapp.core.site import config

ENGLISH = "en"
COOKIE = "language"
A_YEAR = timedelta(days=365)
BY_FIRST_PART = {name.partition("-")[0]: name for name in LANGUAGES}
"""A browser that asks for ``zh``, ``zh-CN`` or ``zh-TW`` reads ``zh-Hans`` sooner than anything else we have."""


def init_app(app: Flask) -> None:
    """Gives templates what they need to say which language they are in, and tells caches that it matters."""
    app.jinja_env.globals |= {"locale": spoken, "other_languages": others}
    app.after_request(_say_which)


def chosen_locale() -> str:
    """The language of this request, for Flask-Babel. Commands and tasks have none: they speak English."""
    return chosen().replace("-", "_")


def chosen() -> str:
    """The language that whoever is here wants."""
    if not has_request_context():
        return ENGLISH
    if "language" in g:
        return str(g.language)
    return known(getattr(current_user, "language", None)) or of_browser()


def speak(name: str) -> None:
    """Answers this request in that language, whatever anybody wants."""
    g.language = name
    refresh()


def of_browser() -> str:
    """What the cookie says, else what the browser likes best, else the site's. It asks nobody who is signed in."""
    wanted = known(request.cookies.get(COOKIE))
    if wanted:
        return wanted
    for accepted, quality in request.accept_languages:
        found = BY_FIRST_PART.get(accepted.replace("_", "-").partition("-")[0].lower())
        if found and quality > 0:
            return found
    return config().site_language


def known(name: str | None) -> str | None:
    """The name, if it is a language of ours."""
    return name if name in LANGUAGES else None


def or_sites(name: str | None) -> str:
    """The language of a mail: its recipient's, else the site's."""
    return known(name) or config().site_language


@contextmanager
def speaking(name: str | None) -> Iterator[None]:
    """Within it words come out in this language, or in the site's: for a mail, whoever asked for it."""
    with force_locale(or_sites(name).replace("-", "_")):
        yield


def spoken() -> str:
    """The language that words come out in at this point, for a ``lang`` attribute."""
    return str(get_locale() or ENGLISH).replace("_", "-")


def others() -> list[tuple[str, str]]:
    """The languages this page is not in, by name and by what they call themselves."""
    return [(name, says) for name, says in LANGUAGES.items() if name != spoken()]


def remember(response: Response, name: str) -> None:
    """Keeps a choice in this browser."""
    response.set_cookie(
        COOKIE,
        name,
        max_age=A_YEAR,
        secure=current_app.config["SESSION_COOKIE_SECURE"],
        httponly=True,
        samesite="Lax",
    )


def _say_which(response: Response) -> Response:
    """An answer in which words were looked up names its language, and what it would be different for."""
    if getattr(getattr(g, "_flask_babel", None), "babel_locale", None) is not None:
        response.headers.setdefault("Content-Language", spoken())
        response.vary.update(["Accept-Language", "Cookie"])
    return response
