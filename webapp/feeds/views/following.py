"""Feeds for the site, an author and a tag, in Atom and JSON."""

from __future__ import annotations

from collections.abc import Sequence

from flask import Response, abort, jsonify
from sqlalchemy import Select

from webapp.accounts import queries as people
from webapp.accounts.models import Role
from webapp.caching.pages import same_for_strangers
from webapp.core.urls import absolute
from webapp.extensions import db
from webapp.feeds import documents, queries
from webapp.feeds.documents import Feed
from webapp.feeds.views.blueprint import blueprint, for_all
from webapp.posts import queries as posts
from webapp.posts.models import Post
from webapp.settings import choices

LENGTH = 20


@blueprint.get("/feed.atom")
@same_for_strangers
def atom() -> Response:
    return _atom(_of_site("feeds.atom"))


@blueprint.get("/feed.json")
@same_for_strangers
def json() -> Response:
    return _json(_of_site("feeds.json"))


@blueprint.get("/@<handle>/feed.atom")
@same_for_strangers
def author_atom(handle: str) -> Response:
    return _atom(_of_author(handle, "feeds.author_atom"))


@blueprint.get("/@<handle>/feed.json")
@same_for_strangers
def author_json(handle: str) -> Response:
    return _json(_of_author(handle, "feeds.author_json"))


@blueprint.get("/tags/<slug>/feed.atom")
@same_for_strangers
def tag_atom(slug: str) -> Response:
    return _atom(_of_tag(slug, "feeds.tag_atom"))


@blueprint.get("/tags/<slug>/feed.json")
@same_for_strangers
def tag_json(slug: str) -> Response:
    return _json(_of_tag(slug, "feeds.tag_json"))


def _of_site(endpoint: str) -> Feed:
    chosen = choices.here()
    newest = _newest(posts.published())
    return Feed(chosen.name, absolute("posts.home"), absolute(endpoint), newest, chosen.description)


def _of_author(handle: str, endpoint: str) -> Feed:
    person = people.by_handle(handle) or abort(404)
    written = _newest(posts.written_by(person))
    if not written and not person.is_allowed(Role.AUTHOR):
        abort(404)  # as their page is
    title = f"{person.name} · {choices.here().name}"
    return Feed(title, absolute("posts.author", handle=handle), absolute(endpoint, handle=handle), written)


def _of_tag(slug: str, endpoint: str) -> Feed:
    tag = posts.tag_by_slug(slug) or abort(404)
    title = f"{tag.name} · {choices.here().name}"
    return Feed(title, absolute("posts.tag", slug=slug), absolute(endpoint, slug=slug), _newest(posts.tagged(tag)))


def _newest(wanted: Select[Post]) -> Sequence[Post]:
    return db.session.scalars(wanted.limit(LENGTH)).all()


def _atom(feed: Feed) -> Response:
    return _answer(Response(documents.atom(feed), mimetype="application/atom+xml"))


def _json(feed: Feed) -> Response:
    response = jsonify(documents.json(feed))
    response.mimetype = "application/feed+json"
    return _answer(response)


def _answer(response: Response) -> Response:
    response.last_modified = queries.last_change()
    return for_all(response)
