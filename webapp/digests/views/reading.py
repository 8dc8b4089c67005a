"""A letter in the browser, and the page that stops one before it goes out."""

from __future__ import annotations

from flask import abort, redirect, render_template, url_for
from flask.typing import ResponseReturnValue

from webapp.core import clock
from webapp.core.errors import Refused
from webapp.digests import links, news, opening
from webapp.digests.models import DigestRun
from webapp.digests.views.blueprint import blueprint
from webapp.extensions import db
from webapp.posts import queries as posts


@blueprint.get("/digests/<token>")
def browser(token: str) -> ResponseReturnValue:
    """The posts of a letter that are still to be read here."""
    letter = None if "\0" in token else news.letter_by_token(token)
    if letter is not None:
        found = posts.published_among(news.posts_in(letter.content_id))
        return render_template("digests/letter.html", start=letter.starts_at, end=letter.ends_at, posts=found)
    start, end = links.window(token) or abort(404)
    return render_template("digests/letter.html", start=start, end=end, posts=posts.published_between(start, end))


@blueprint.get("/digests/links")
def links_of_a_preview() -> ResponseReturnValue:
    """Where the links lead that are the reader's own, in a letter that somebody else looks at."""
    return render_template("digests/links.html")


@blueprint.get("/digests/stop/<token>")
def stop(token: str) -> ResponseReturnValue:
    return render_template("digests/stop.html", run=_run(token))


@blueprint.post("/digests/stop/<token>")
def stopped(token: str) -> ResponseReturnValue:
    """Who has the link is an editor: it was mailed to nobody else."""
    run = _run(token)
    try:
        opening.stop(run.id, by="an editor, by the link in the mail", now=clock.now())
    except Refused:
        db.session.rollback()  # the page says how it stands
    else:
        db.session.commit()
    return redirect(url_for("digests.stop", token=token), 303)


def _run(token: str) -> DigestRun:
    run_id = links.to_stop(token)
    return (run_id and db.session.get(DigestRun, run_id)) or abort(404)
