"""REST, version 1: everything under /api/."""

from __future__ import annotations

from typing import Any

from flask import Blueprint as Pages
from flask import Flask, Response, current_app, jsonify, render_template, request
from flask.typing import ResponseReturnValue
from sqlalchemy.orm.exc import StaleDataError
from werkzeug.exceptions import HTTPException
from werkzeug.routing import RequestRedirect

from webapp.api import (
    answers,
    auth,
    comments,
    images,
    jobs,
    posts,
    problems,
    reference,
    reminders,
    spec,
    subscriptions,
    writing,
)
from webapp.api.blueprint import Blueprint
from webapp.core import languages
from webapp.core.errors import Conflict, Refused
from webapp.extensions import csrf, limiter
from webapp.images import operations as pictures

PREFIX = "/api/"
LARGEST_BODY = 4 * 1024 * 1024
"""Bytes. A post of the longest text fits, with every character escaped."""
PACE = "600 per minute"
"""Of one token, or of one address without a token."""

blueprint = Blueprint("api", __name__, url_prefix=f"{PREFIX}v1")
pages = Pages("api_reference", __name__, url_prefix="/api", template_folder="templates")
RESOURCES = (
    posts.blueprint,
    writing.blueprint,
    images.blueprint,
    comments.blueprint,
    reminders.blueprint,
    subscriptions.blueprint,
    jobs.blueprint,
)


def init_app(app: Flask) -> None:
    """Adds the API, its OpenAPI document and the page that shows it."""
    config = app.config["ALMANAC"]
    api = spec.Api(spec_kwargs=spec.options(config.site_name, config.site_url))
    api.init_app(app)
    api.spec.components.security_scheme("token", spec.security_scheme())
    api.register_blueprint(blueprint)
    app.extensions["almanac.api"] = api
    app.register_blueprint(pages)
    app.before_request(_refuse_unknown_address)


def _refuse_unknown_address() -> ResponseReturnValue | None:
    """Answers an address or a method that does not exist under /api/, before the pages' own 404 does."""
    error = request.routing_exception
    if not request.path.startswith(PREFIX) or error is None or isinstance(error, RequestRedirect):
        return None
    return problems.from_http(error)


@blueprint.before_request
def _let_in() -> None:
    is_picture = request.endpoint == "api.images.images"
    request.max_content_length = pictures.limit_in_bytes() if is_picture else LARGEST_BODY
    languages.speak(languages.ENGLISH)  # a program compares what it is told, whoever runs it
    auth.authenticate()


@blueprint.after_request
def _finish(response: Response) -> Response:
    response.headers["Cache-Control"] = "private, no-cache"
    response.vary.add("Authorization")
    return answers.unchanged(response)


@pages.get("/v1/openapi.json")
def document() -> ResponseReturnValue:
    return jsonify(_document())


@pages.get("/docs")
def page() -> ResponseReturnValue:
    return render_template("api/reference.html", api=reference.read(_document()), problems=problems.KINDS, pace=PACE)


def _document() -> dict[str, Any]:
    api: spec.Api = current_app.extensions["almanac.api"]
    return api.document


blueprint.register_error_handler(HTTPException, problems.from_http)
blueprint.register_error_handler(Refused, problems.from_refused)
blueprint.register_error_handler(Conflict, problems.from_conflict)
blueprint.register_error_handler(StaleDataError, problems.from_conflict)
for resource in RESOURCES:
    blueprint.register_blueprint(resource)
    csrf.exempt(resource)
limiter.shared_limit(lambda: PACE, scope="api", key_func=auth.payer)(blueprint)
