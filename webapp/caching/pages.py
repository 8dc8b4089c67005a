"""Keeps what a stranger was shown, and shows it to the next.

A view says with :func:`same_for_strangers` that its page depends on nothing but its address, the language, the theme,
the minute, and what the database says. Whoever is signed in, or has anything in their session, is answered anew each
time, and so is everybody once the stamp has changed. What differs in every copy, such as a form's token, is put in
afterwards.
"""

from __future__ import annotations

import hashlib
import json
import secrets
from collections.abc import Callable
from functools import wraps
from typing import Any

from flask import Flask, Response, g, make_response, request, session
from flask.typing import ResponseReturnValue
from flask_login import current_user
from flask_wtf.csrf import generate_csrf
from sqlalchemy import select

from webapp.caching import stores
from webapp.caching.models import THE_ONLY, PageStamp
from webapp.caching.signals import pages_changed
from webapp.core import clock, languages, rendering
from webapp.core.version import VERSION
from webapp.extensions import db

LONGEST_ADDRESS = 300
ARGUMENTS = frozenset({"before", "comments", "reply"})
"""What may stand behind the question mark of a page that is kept: else anybody could have thousands of them kept."""
TOKEN, ONE_OFF = "token", "one-off"

View = Callable[..., ResponseReturnValue]


def init_app(app: Flask) -> None:
    """Gives the application its store, which forgets everything when this process changes what pages show."""
    store = app.extensions["almanac.pages"] = stores.at(app.config["ALMANAC"].cache_url)
    pages_changed.connect(lambda _sender: store.forget(), weak=False)


def same_for_strangers(view: View) -> View:
    """Has a view answer strangers from what is kept. Only whole pages are kept, no redirects and no errors."""

    @wraps(view)
    def answer(*args: Any, **values: Any) -> ResponseReturnValue:
        key = _key()
        if key is None:
            return view(*args, **values)
        store, stamp = stores.here(), _stamp()
        kept = store.get(key)
        if kept is not None and (page := json.loads(kept))["stamp"] == stamp:
            return _copy(page)
        response = make_response(view(*args, **values))
        if request.method == "GET" and response.status_code == 200 and "Set-Cookie" not in response.headers:
            store.put(key, json.dumps(_page(response, stamp)))
        return response

    return answer


def one_off() -> str:
    """A word that no two copies of a page have in common: 22 characters, not to be guessed."""
    word = secrets.token_urlsafe(16)
    g.setdefault("one_offs", []).append(word)
    return word


def _key() -> str | None:
    """What tells this page from others; None for whoever gets one of their own."""
    is_stranger = not (session.keys() - {"csrf_token"}) and not current_user.is_authenticated
    is_usual = request.args.keys() <= ARGUMENTS and len(request.url) <= LONGEST_ADDRESS
    if not is_stranger or not is_usual or "HX-Request" in request.headers:
        return None
    told_apart = json.dumps([VERSION, request.url, languages.of_browser(), rendering.theme()])
    return hashlib.sha256(told_apart.encode()).hexdigest()


def _stamp() -> str:
    """What every page shown in this minute and this state of the database has in common."""
    stamp = db.session.scalar(select(PageStamp.stamp).where(PageStamp.id == THE_ONLY))
    return f"{stamp} {clock.now():%Y-%m-%d %H:%M}"


def _page(response: Response, stamp: str) -> dict[str, Any]:
    """A page to be kept, with a mark in the place of each word that is its reader's alone."""
    body, marks = response.get_data(as_text=True), {}
    for kind, word in [(TOKEN, g.get("csrf_token")), *((ONE_OFF, each) for each in g.get("one_offs", []))]:
        if word and word in body:
            mark = secrets.token_hex(16)
            body, marks[mark] = body.replace(word, mark), kind
    return {"stamp": stamp, "headers": response.headers.to_wsgi_list(), "body": body, "marks": marks}


def _copy(page: dict[str, Any]) -> Response:
    body = page["body"]
    for mark, kind in page["marks"].items():
        body = body.replace(mark, generate_csrf() if kind == TOKEN else one_off())
    response = Response(body, headers=[(name, value) for name, value in page["headers"] if name != "Content-Length"])
    if response.mimetype == "text/html":
        languages.spoken()  # the headers of a page in which words were looked up say so
    if response.get_etag()[0]:
        response.make_conditional(request)
    return response
