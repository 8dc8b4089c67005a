"""The search page."""

from __future__ import annotations

from flask import Blueprint, Response, abort, render_template, request, url_for
from flask.typing import ResponseReturnValue

from webapp.core import clock
from webapp.core.urls import absolute
from webapp.search import operations, words

blueprint = Blueprint("search", __name__, template_folder="templates")
A_DAY = 86_400


@blueprint.get("/search")
def search() -> ResponseReturnValue:
    question, page = request.args.get("q", ""), _page()
    answer = operations.search(question, now=clock.now(), page=page)
    shown = words.clean(question)
    return render_template(
        "search/search.html",
        question=shown,
        answer=answer,
        first=(page - 1) * operations.PAGE + 1,
        earlier=url_for("search.search", q=shown, page=page - 1 if page > 2 else None) if page > 1 else None,
        later=url_for("search.search", q=shown, page=page + 1) if page * operations.PAGE < answer.total else None,
    )


@blueprint.get("/opensearch.xml")
def description() -> Response:
    """Tells a browser how to search here from its address bar: OpenSearch 1.1."""
    where = f"{absolute('search.search')}?q={{searchTerms}}"
    document = render_template("search/opensearch.xml", where=where, own=absolute("search.description"))
    response = Response(document, mimetype="application/opensearchdescription+xml")
    response.headers["Cache-Control"] = f"public, max-age={A_DAY}"
    return response


def _page() -> int:
    """The page that the address asks for. A number nobody was given is a 400."""
    raw = request.args.get("page", "1")
    if not (raw.isascii() and raw.isdigit() and len(raw) < 4 and 1 <= int(raw) <= operations.LAST_PAGE):
        abort(400)
    return int(raw)
