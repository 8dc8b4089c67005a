"""The OpenAPI document: what flask-smorest gathers, with every problem response and the headers written in."""

from __future__ import annotations

from functools import cached_property
from http import HTTPStatus
from typing import Any

import flask_smorest

from webapp.accounts.models import Scope
from webapp.api import problems
from webapp.api.schemas import ProblemSchema

INTRODUCTION = """\
Posts, comments, reminders and subscriptions of this site, for programs. Send a token in the Authorization header, never
in an address. Instants are RFC 3339 in UTC. A list answers {"items": [...], "total": n}, with Link headers to the pages
around it. Objects carry an ETag: send it back as If-Match with a change, and nobody's work is overwritten. Every error
is a problem document of RFC 9457.
"""
SECTIONS = {
    "Posts": "Everyone's published posts to read; your own to write, publish and put in the trash.",
    "Images": "Your own pictures, for texts and for the heads of posts.",
    "Comments": "What is said about published posts.",
    "Reminders": "Your own reminders. They are mailed to your confirmed address.",
    "Subscriptions": "Who gets the weekly letter.",
    "Jobs": "Imports and exports, which take their time.",
}
SHOWN = (
    "Post",
    "Author",
    "PostPage",
    "Image",
    "ImagePage",
    "Revision",
    "WholeRevision",
    "RevisionList",
    "Preview",
    "FreshPreview",
    "PreviewList",
    "ReviewNote",
    "Review",
    "Comment",
    "CommentAuthor",
    "CommentPage",
    "Reminder",
    "ReminderPage",
    "Subscription",
    "SubscriptionPage",
    "AskedSubscription",
    "Job",
)
"""What is only ever shown: every field is always there."""
NAMES_IT = "Names this version."
LISTS = ("/posts", "/images", "/comments", "/reminders", "/subscriptions")
WITH_BODY = {"post", "put", "patch"}
PAST = "That time is already past."
ALWAYS_POSSIBLE = (401, 403, 422, 429)


class Api(flask_smorest.Api):
    """flask-smorest, with problem documents for its errors and without its own handlers, which would take pages too."""

    ERROR_SCHEMA = ProblemSchema

    @cached_property
    def document(self) -> dict[str, Any]:
        """The whole document."""
        document: dict[str, Any] = self.spec.to_dict()
        document["tags"] = [{"name": name, "description": says} for name, says in SECTIONS.items()]
        for name in SHOWN:
            schema = document["components"]["schemas"][name]
            schema["required"] = sorted(schema["properties"])
        for path, operations in document["paths"].items():
            for method, operation in operations.items():
                if method != "parameters":
                    _complete(operation, method, is_list=path.endswith(LISTS), has_id="{" in path)
        return document

    def _register_error_handlers(self) -> None:
        """Leaves the handlers to ``views``."""

    def _register_responses(self) -> None:
        for status in HTTPStatus:
            if status >= HTTPStatus.BAD_REQUEST:
                self.spec.components.response(status.name, _problem_response(status), lazy=status not in problems.KINDS)
        self.spec.components.response("DEFAULT_ERROR", _problem_response(HTTPStatus.INTERNAL_SERVER_ERROR))


def options(site_name: str, site_url: str) -> dict[str, Any]:
    """What flask-smorest wants to know about the document."""
    return {
        "title": f"{site_name} API",
        "version": "v1",
        "openapi_version": "3.1.0",
        "info": {"description": INTRODUCTION},
        "servers": [{"url": site_url}],
    }


def security_scheme() -> dict[str, Any]:
    scopes = ", ".join(Scope)
    return {
        "type": "http",
        "scheme": "bearer",
        "description": f"A token has one or more scopes: {scopes}. It never allows more than its person may do.",
    }


def _complete(operation: dict[str, Any], method: str, *, is_list: bool, has_id: bool) -> None:
    """Adds to one operation what holds for all of its sort."""
    responses = operation["responses"]
    possible = {*ALWAYS_POSSIBLE}
    if method in WITH_BODY:
        possible |= {400, 413, 415}
    if has_id:
        possible |= {404}
    if not is_list:
        if method == "get":
            _take_header(operation, "If-None-Match", "An ETag you have: 304 comes back if it still holds.")
            responses["304"] = {"description": HTTPStatus.NOT_MODIFIED.phrase}
        else:
            _take_header(operation, "If-Match", "The ETag you read: 412 comes back if it has changed since.")
            possible |= {412}
    for status in sorted(possible):
        responses[str(status)] = {"$ref": f"#/components/responses/{HTTPStatus(status).name}"}
    if "200" in responses:
        _send_header(responses["200"], *(("ETag", NAMES_IT) if not is_list else ("Link", "RFC 8288: other pages.")))
    if "201" in responses:
        _send_header(responses["201"], "ETag", NAMES_IT)
        _send_header(responses["201"], "Location", "Where it is from now on.")


def _send_header(response: dict[str, Any], name: str, says: str) -> None:
    response.setdefault("headers", {})[name] = {"description": says, "schema": {"type": "string"}}


def _take_header(operation: dict[str, Any], name: str, says: str) -> None:
    parameters = operation.setdefault("parameters", [])
    parameters.append({"in": "header", "name": name, "description": says, "schema": {"type": "string"}})


def _problem_response(status: HTTPStatus) -> dict[str, Any]:
    kind = problems.KINDS.get(status)
    response: dict[str, Any] = {
        "description": kind.meaning if kind else status.phrase,
        "content": {problems.MEDIA_TYPE: {"schema": ProblemSchema}},
    }
    if kind:
        example: dict[str, Any] = {
            "type": f"/api/docs#problem-{status:d}",
            "title": kind.title,
            "status": int(status),
            "detail": kind.meaning,
        }
        if status == HTTPStatus.UNPROCESSABLE_ENTITY:
            example |= {"detail": f"due_at: {PAST}", "errors": {"due_at": [PAST]}}
        response["content"][problems.MEDIA_TYPE]["example"] = example
    return response
