"""What robots may read, and where it all is."""

from __future__ import annotations

from itertools import chain

from flask import Response, abort, render_template

from webapp.caching.pages import same_for_strangers
from webapp.core.urls import absolute
from webapp.feeds import queries
from webapp.feeds.queries import Part, Rows
from webapp.feeds.views.blueprint import blueprint, for_all

NOT_FOR_ROBOTS = (
    *("/write", "/settings", "/reminders", "/login", "/register", "/reset", "/confirm/", "/setup/"),
    *("/unsubscribe/", "/digests/", "/inbox/", "/preview/", "/review"),
)
WITHOUT_A_ROW = ("posts.home", "posts.archive")
PAGES = {"posts": ("posts.show", "slug"), "authors": ("posts.author", "handle"), "tags": ("posts.tag", "slug")}
"""Each kind of page as the sitemap has it: its endpoint, and what its address holds."""

Place = tuple[str, object]


@blueprint.get("/sitemap.xml")
@same_for_strangers
def sitemap() -> Response:
    """Every public page, or, where one document may not hold them, an index of the documents that do."""
    parts = queries.parts()
    if all(part.number == 1 for part in parts):
        places = [_places(part.kind, queries.addresses(part)) for part in parts]
        if sum(map(len, places)) <= queries.MOST:
            return _document(_fixed() + list(chain(*places)))
    return _xml(render_template("feeds/sitemap_index.xml", absolute=absolute, parts=parts))


@blueprint.get("/sitemaps/<kind>-<int:number>.xml")
@same_for_strangers
def sitemap_part(kind: str, number: int) -> Response:
    if kind not in PAGES:
        abort(404)
    part = Part(kind, number)
    places = _places(kind, queries.addresses(part)) or abort(404)
    return _document(_fixed() + places if part == Part("posts", 1) else places)


@blueprint.get("/robots.txt")
def robots() -> Response:
    lines = [
        "User-agent: *",
        *(f"Disallow: {path}" for path in NOT_FOR_ROBOTS),
        f"Sitemap: {absolute('feeds.sitemap')}",
    ]
    return for_all(Response("\n".join(lines) + "\n", mimetype="text/plain"))


def _fixed() -> list[Place]:
    return [(absolute(endpoint), None) for endpoint in WITHOUT_A_ROW]


def _places(kind: str, rows: Rows) -> list[Place]:
    endpoint, name = PAGES[kind]
    return [(absolute(endpoint, **{name: value}), changed) for value, changed in rows]


def _document(places: list[Place]) -> Response:
    return _xml(render_template("feeds/sitemap.xml", places=places))


def _xml(document: str) -> Response:
    response = Response(document, mimetype="application/xml")
    response.last_modified = queries.last_change()
    return for_all(response)
