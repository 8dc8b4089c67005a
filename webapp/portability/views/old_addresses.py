"""Addresses from another system: whoever asks for one is sent to where the same is now."""

from __future__ import annotations

from flask import redirect, request, url_for
from flask.typing import ResponseReturnValue
from werkzeug.exceptions import NotFound

from webapp.core.urls import local_path
from webapp.portability import queries
from webapp.portability.views.blueprint import blueprint

NUMBERED = frozenset({"p", "page_id", "feed"})
"""How WordPress names things on the front page."""


@blueprint.before_app_request
def _lead_on() -> ResponseReturnValue | None:
    """Only what no page of ours answers is looked up."""
    if request.method not in {"GET", "HEAD"}:
        return None
    if isinstance(request.routing_exception, NotFound):
        path = request.path.rstrip("/")
    elif request.path == "/" and NUMBERED.intersection(request.args):
        path = f"/?{request.query_string.decode('utf-8', 'replace')}"
    else:
        return None
    slug, target = queries.leads_to(path) or (None, None)
    leads_to = url_for("posts.show", slug=slug) if slug else local_path(target)
    return redirect(leads_to, 301) if leads_to else None
