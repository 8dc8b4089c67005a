"""The API does what its own document says, whatever it is sent."""

from __future__ import annotations

import contextvars

import pytest
import schemathesis
from hypothesis import HealthCheck, given, settings
from schemathesis import GenerationMode
from schemathesis.checks import CHECKS, load_all_checks

from tests import factories
from tests.factories import INSTALLED_AT
from webapp.accounts.models import Role
from webapp.extensions import db

OPERATIONS = [
    ("GET", "/posts"),
    ("POST", "/posts"),
    ("GET", "/posts/{post_id}"),
    ("PATCH", "/posts/{post_id}"),
    ("DELETE", "/posts/{post_id}"),
    ("PUT", "/posts/{post_id}/publication"),
    ("DELETE", "/posts/{post_id}/publication"),
    ("POST", "/posts/{post_id}/restoration"),
    ("GET", "/posts/{post_id}/revisions"),
    ("GET", "/posts/{post_id}/revisions/{number}"),
    ("POST", "/posts/{post_id}/revisions/{number}/restoration"),
    ("PUT", "/posts/{post_id}/authors/{handle}"),
    ("DELETE", "/posts/{post_id}/authors/{handle}"),
    ("GET", "/posts/{post_id}/previews"),
    ("POST", "/posts/{post_id}/previews"),
    ("DELETE", "/posts/{post_id}/previews/{link_id}"),
    ("GET", "/posts/{post_id}/review"),
    ("PUT", "/posts/{post_id}/review"),
    ("POST", "/posts/{post_id}/review"),
    ("DELETE", "/posts/{post_id}/review"),
    ("GET", "/images"),
    ("POST", "/images"),
    ("GET", "/images/{image_id}"),
    ("PATCH", "/images/{image_id}"),
    ("DELETE", "/images/{image_id}"),
    ("GET", "/posts/{post_id}/comments"),
    ("POST", "/posts/{post_id}/comments"),
    ("GET", "/comments/{comment_id}"),
    ("PATCH", "/comments/{comment_id}"),
    ("DELETE", "/comments/{comment_id}"),
    ("GET", "/reminders"),
    ("POST", "/reminders"),
    ("GET", "/reminders/{reminder_id}"),
    ("PATCH", "/reminders/{reminder_id}"),
    ("DELETE", "/reminders/{reminder_id}"),
    ("GET", "/reminders/{reminder_id}/history"),
    ("POST", "/reminders/{reminder_id}/snooze"),
    ("PUT", "/reminders/{reminder_id}/completion"),
    ("DELETE", "/reminders/{reminder_id}/completion"),
    ("PUT", "/reminders/{reminder_id}/pause"),
    ("DELETE", "/reminders/{reminder_id}/pause"),
    ("GET", "/subscriptions"),
    ("POST", "/subscriptions"),
    ("GET", "/subscriptions/{subscription_id}"),
    ("PATCH", "/subscriptions/{subscription_id}"),
    ("DELETE", "/subscriptions/{subscription_id}"),
]

load_all_checks()
CHECKED = [
    check
    for check in CHECKS.get_all()
    # a time that is past fits the schema and is refused all the same
    if check.__name__ != "positive_data_acceptance"
]


@pytest.fixture(scope="module")
def document(app):
    """The schema, served by an application whose every request has a context of its own."""

    def alone(environ, start_response):
        return contextvars.Context().run(app, environ, start_response)

    return schemathesis.openapi.from_wsgi("/api/v1/openapi.json", alone)


@pytest.fixture
def admin(db):
    return factories.person("Ada", role=Role.ADMIN)


@pytest.fixture
def carried(admin):
    """The token of someone who may do everything."""
    _row, secret = factories.api_token(admin)
    return {"Authorization": f"Bearer {secret}"}


@pytest.fixture
def there(admin):
    """Something to do it to, by the name that its id has in a path."""
    post = factories.post(admin, published_at=INSTALLED_AT, tags=("garden",))
    return {
        "post_id": post.id,
        "comment_id": factories.comment(post, admin).id,
        "reminder_id": factories.reminder(admin, recurrence="FREQ=DAILY").id,
        "number": 1,
        "handle": "nobody",
        "link_id": 1,
        "image_id": factories.image(admin).id,
        "subscription_id": factories.subscription(admin.email).id,
    }


@pytest.mark.parametrize("fits", [True, False], ids=["what fits the schema", "what does not"])
@pytest.mark.parametrize(("method", "path"), OPERATIONS)
def test_every_answer_is_one_the_document_promises(document, carried, there, survives, method, path, fits):
    db.session.commit()
    mode = GenerationMode.POSITIVE if fits else GenerationMode.NEGATIVE

    @settings(max_examples=5, deadline=None, derandomize=True, database=None, suppress_health_check=list(HealthCheck))
    @given(document[f"/api/v1{path}"][method].as_strategy(generation_mode=mode))
    def every(case):
        if fits:
            case.path_parameters = {name: there[name] for name in case.path_parameters}
        case.call_and_validate(headers=carried, checks=CHECKED)

    every()
