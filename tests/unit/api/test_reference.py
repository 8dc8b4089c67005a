"""The OpenAPI document and the page that shows it are complete, and open to everyone."""

from __future__ import annotations

import re

import pytest
from bs4 import BeautifulSoup

from tests import factories
from webapp.accounts.models import Role, Scope
from webapp.posts.models import PostState, ReviewState


@pytest.fixture
def document(client):
    answer = client.get("/api/v1/openapi.json")
    assert answer.mimetype == "application/json"
    return answer.get_json()


def operations(document):
    for path, item in document["paths"].items():
        for method, operation in item.items():
            if method != "parameters":
                yield path, method, operation


def test_the_document_lists_the_addresses_there_are(app, document):
    served = {
        (re.sub(r"<[^>]*:(\w+)>", r"{\1}", rule.rule), method.lower())
        for rule in app.url_map.iter_rules()
        if rule.endpoint.startswith("api.")
        for method in rule.methods - {"HEAD", "OPTIONS"}
    }
    assert {(path, method) for path, method, _ in operations(document)} == served


def test_every_operation_names_its_scope_and_its_problems(document):
    scheme = document["components"]["securitySchemes"]["token"]
    assert (scheme["type"], scheme["scheme"]) == ("http", "bearer")
    for path, method, operation in operations(document):
        (scope,) = operation["security"][0]["token"]
        assert scope in set(Scope), path
        expected = {"401", "403", "422", "429", "default"}
        expected |= {"404"} if "{" in path else set()
        expected |= {"412"} if "{" in path and method != "get" and not path.endswith("/comments") else set()
        expected |= {"400", "413", "415"} if "requestBody" in operation else set()
        assert expected <= operation["responses"].keys(), (method, path)
        assert operation["summary"]


def test_every_problem_is_described_as_problem_json(document):
    for name, response in document["components"]["responses"].items():
        assert list(response["content"]) == ["application/problem+json"], name
        assert {"type", "title", "status", "detail"} <= response["content"]["application/problem+json"][
            "example"
        ].keys()


def test_every_reference_leads_somewhere(document):
    def references(part):
        if isinstance(part, dict):
            if isinstance(part.get("$ref"), str):
                yield part["$ref"]
            part = list(part.values())
        if isinstance(part, list):
            for each in part:
                yield from references(each)

    for reference in references(document):
        found = document
        for step in reference.removeprefix("#/").split("/"):
            found = found[step]


def test_every_body_has_an_example_that_is_accepted(document, world, program):
    call = program(world.alice)
    post = factories.post(world.alice)
    factories.comment(factories.post(world.alice, published_at=factories.INSTALLED_AT), world.alice)
    factories.reminder(world.alice)
    world.alice.role = Role.EDITOR
    factories.image(world.alice)
    factories.subscription(world.alice.email)
    tried = 0
    for path, method, operation in operations(document):
        if "requestBody" in operation:
            if "application/json" not in operation["requestBody"]["content"]:
                continue
            is_said = path.endswith("/comments")  # of a published post alone
            post.review_state = ReviewState.WAITING if method == "post" else None
            post.state = PostState.PUBLISHED if is_said else PostState.DRAFT
            address = re.sub(r"\{\w+\}", "1", path.removeprefix("/api/v1"))
            example = operation["requestBody"]["content"]["application/json"]["example"]
            assert call(method.upper(), address, example).status_code in {200, 201, 202}, (method, path)
            tried += 1
    assert tried == 16


def test_the_page_shows_every_operation_with_a_command_to_try(client, document):
    answer = client.get("/api/docs")
    assert answer.status_code == 200
    page = BeautifulSoup(answer.data, "html.parser")
    shown = {(row.p.text.lower(), row.code.text) for row in page.select(".row:has(h3):has(pre)")}
    assert shown == {(method, path) for path, method, _ in operations(document)}
    assert all(row.pre.text.startswith("curl ") for row in page.select(".row:has(h3):has(pre)"))
    assert "$TOKEN" in page.text


def test_the_page_keeps_to_the_content_policy_and_its_anchors_are_unique(client):
    page = BeautifulSoup(client.get("/api/docs").data, "html.parser")
    assert not page.select("script, style, [style], [onclick]")
    anchors = [each["id"] for each in page.select("[id]")]
    assert len(anchors) == len(set(anchors))
    assert {each["href"][1:] for each in page.select('a[href^="#"]')} <= set(anchors)
    assert len(page.select("h1")) == 1
