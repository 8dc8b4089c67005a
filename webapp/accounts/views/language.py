"""The button in the foot of every page that changes its language."""

from __future__ import annotations

from flask import make_response, redirect, request, url_for
from flask.typing import ResponseReturnValue

from webapp.accounts import identity, operations
from webapp.accounts.views.blueprint import blueprint
from webapp.core import languages
from webapp.core.urls import local_path
from webapp.extensions import csrf, db


@blueprint.post("/language")
@csrf.exempt  # readers need no session for it; whoever is signed in changes their mail with it, and proves it below
def choose_language() -> ResponseReturnValue:
    """Keeps the language in this browser, and for whoever is signed in."""
    chosen = languages.known(request.form.get("language"))
    response = make_response(redirect(local_path(request.form.get("next")) or url_for("posts.home"), 303))
    if chosen is None:
        return response
    person = identity.person_here()
    if person is not None:
        csrf.protect()
        operations.change_language(person, chosen)
        db.session.commit()
    languages.remember(response, chosen)
    return response
