"""A digest in the browser."""

from __future__ import annotations

from flask import Blueprint, abort, render_template
from flask.typing import ResponseReturnValue

from webapp.digests import links
from webapp.posts import queries as posts

blueprint = Blueprint("digests", __name__, template_folder="templates")


@blueprint.get("/digests/<token>")
def browser(token: str) -> ResponseReturnValue:
    """The posts of a letter that are still to be read here."""
    start, end = links.window(token) or abort(404)
    return render_template("digests/letter.html", start=start, end=end, posts=posts.published_between(start, end))
