"""What everyone reads: home, a post, an author, a tag, the archive."""

from __future__ import annotations

from collections.abc import Sequence

from flask import abort, redirect, render_template, url_for
from flask.typing import ResponseReturnValue

from webapp.accounts import identity
from webapp.accounts import queries as people
from webapp.accounts.models import Role
from webapp.caching.pages import same_for_strangers
from webapp.core import clock, markdown, week
from webapp.core.markdown import Section
from webapp.core.urls import absolute
from webapp.images import queries as pictures
from webapp.posts import queries
from webapp.posts.models import Post
from webapp.posts.views import facts
from webapp.posts.views.blueprint import blueprint
from webapp.posts.views.calendar import by_month, year_of
from webapp.posts.views.turning import before, pager

LONG_MINUTES = 4
FEWEST_SECTIONS = 3


@blueprint.get("/")
@same_for_strangers
def home() -> ResponseReturnValue:
    place = before()
    page = queries.page(queries.published(), place)
    return render_template(
        "posts/home.html",
        page=page,
        pager=pager(page, "posts.home"),
        is_front=place is None,
        facts=facts.of_site() if place is None else None,
        week=week.this_week(clock.now(), identity.person_here()) if place is None else None,
    )


@blueprint.get("/posts/<slug>")
@same_for_strangers
def show(slug: str) -> ResponseReturnValue:
    person = identity.person_here()
    post = queries.by_slug(person, slug)
    if post is None:
        moved = queries.moved_from(person, slug)
        if moved is None:
            abort(404)
        return redirect(url_for("posts.show", slug=moved.slug), 301)
    cover = pictures.by_id(post.cover_id)
    return render_template(
        "posts/show.html",
        post=post,
        cover=cover,
        contents=_contents(post),
        beside=queries.beside(post),
        address=absolute("posts.show", slug=post.slug),
        is_mine_to_edit=person is not None and queries.get_editable(person, post.id) is not None,
        facts=facts.of_post(post, cover) if post.is_public else None,
    )


@blueprint.get("/@<handle>")
@same_for_strangers
def author(handle: str) -> ResponseReturnValue:
    person = people.by_handle(handle)
    if person is None:
        abort(404)
    page = queries.page(queries.written_by(person), before())
    if not page.posts and not person.is_allowed(Role.AUTHOR):
        abort(404)  # who only reads has no page
    return render_template(
        "posts/author.html",
        person=person,
        address=absolute("posts.author", handle=handle),
        page=page,
        pager=pager(page, "posts.author", handle=handle),
        since=queries.first_published_at(person),
        year=year_of(person, clock.now()),
        facts=facts.of_author(person),
    )


@blueprint.get("/tags/<slug>")
@same_for_strangers
def tag(slug: str) -> ResponseReturnValue:
    found = queries.tag_by_slug(slug)
    if found is None:
        abort(404)
    page = queries.page(queries.tagged(found), before())
    return render_template(
        "posts/tag.html",
        tag=found,
        address=absolute("posts.tag", slug=slug),
        page=page,
        pager=pager(page, "posts.tag", slug=slug),
    )


@blueprint.get("/archive")
@same_for_strangers
def archive() -> ResponseReturnValue:
    page = queries.titles(before())
    return render_template(
        "posts/archive.html",
        address=absolute("posts.archive"),
        months=by_month(page.posts),
        page=page,
        pager=pager(page, "posts.archive"),
    )


def _contents(post: Post) -> Sequence[Section]:
    """The sections of a long text; of a short one nobody needs a list."""
    if post.minutes < LONG_MINUTES:
        return ()
    sections = markdown.outline(post.html)
    return sections if len(sections) >= FEWEST_SECTIONS else ()
