"""What everyone reads: home, a post, an author, a tag, the archive."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime
from itertools import groupby
from typing import Any

from flask import abort, redirect, render_template, url_for
from flask.typing import ResponseReturnValue

from webapp.accounts import identity
from webapp.accounts import queries as people
from webapp.accounts.models import Role
from webapp.core import clock, language, week
from webapp.core.dates import written
from webapp.core.rendering import viewer_zone
from webapp.core.urls import absolute
from webapp.images import queries as pictures
from webapp.images.addresses import full
from webapp.images.models import Image
from webapp.posts import queries
from webapp.posts.models import Post
from webapp.posts.views.blueprint import blueprint
from webapp.posts.views.turning import before, pager


@blueprint.get("/")
def home() -> ResponseReturnValue:
    place = before()
    page = queries.page(queries.published(), place)
    return render_template(
        "posts/home.html",
        page=page,
        pager=pager(page, "posts.home"),
        is_front=place is None,
        week=week.this_week(clock.now(), identity.person_here()) if place is None else None,
    )


@blueprint.get("/posts/<slug>")
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
        address=absolute("posts.show", slug=post.slug),
        is_mine_to_edit=person is not None and queries.get_editable(person, post.id) is not None,
        facts=_facts(post, cover) if post.is_public else None,
    )


@blueprint.get("/@<handle>")
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
        page=page,
        pager=pager(page, "posts.author", handle=handle),
        since=queries.first_published_at(person),
        year=_year_of(person, clock.now()),
    )


@blueprint.get("/tags/<slug>")
def tag(slug: str) -> ResponseReturnValue:
    found = queries.tag_by_slug(slug)
    if found is None:
        abort(404)
    page = queries.page(queries.tagged(found), before())
    return render_template("posts/tag.html", tag=found, page=page, pager=pager(page, "posts.tag", slug=slug))


@blueprint.get("/archive")
def archive() -> ResponseReturnValue:
    page = queries.titles(before())
    return render_template(
        "posts/archive.html", months=_by_month(page.posts), page=page, pager=pager(page, "posts.archive")
    )


def _facts(post: Post, cover: Image | None) -> dict[str, Any]:
    """What search engines and readers' programs ask of an article, as JSON-LD (https://schema.org/BlogPosting)."""
    address = absolute("posts.show", slug=post.slug)
    people_of = [
        {"@type": "Person", "name": each.name, "url": absolute("posts.author", handle=each.handle)}
        for each in post.authors
    ]
    return {
        "@context": "https://schema.org",
        "@type": "BlogPosting",
        "headline": post.title,
        "description": post.excerpt,
        "inLanguage": language.of(f"{post.title} {post.excerpt}"),
        "datePublished": post.published_at.isoformat() if post.published_at else None,
        "dateModified": post.updated_at.isoformat(),
        "keywords": [each.name for each in post.tags],
        "author": people_of[0] if len(people_of) == 1 else people_of,
        **({"image": full(cover)} if cover else {}),
        "mainEntityOfPage": address,
        "url": address,
    }


@dataclass(frozen=True)
class Month:
    """A month of the archive. ``is_first`` of its year on the page."""

    on: date
    name: str
    is_first: bool
    posts: Sequence[Any]


def _by_month(posts: Sequence[Any]) -> list[Month]:
    zone = viewer_zone()
    months: list[Month] = []
    for on, group in groupby(posts, key=lambda post: post.published_at.astimezone(zone).date().replace(day=1)):
        name = written(on, "month")
        months.append(Month(on, name, not months or months[-1].on.year != on.year, list(group)))
    return months


@dataclass(frozen=True)
class Tick:
    """A week of an author's year, drawn as a path in a box of 20 by 60."""

    path: str
    state: str


@dataclass(frozen=True)
class Year:
    """The weeks of this year and how many posts are in them."""

    number: int
    total: int
    most: int
    this_week: int
    ticks: Sequence[Tick]


WEEKS = 52


def _year_of(person: Any, now: datetime) -> Year:
    """This year week by week. A week is seven days from 1 January, so that every year has 52; the last is longer."""
    zone = viewer_zone()
    today = now.astimezone(zone).date()
    start, end = (datetime(year, 1, 1, tzinfo=zone).astimezone(UTC) for year in (today.year, today.year + 1))
    counts = [0] * WEEKS
    for at in queries.publications(person, start, end):
        counts[_week_of(at.astimezone(zone).date())] += 1
    present = _week_of(today)
    ticks = [_tick(number, count, present) for number, count in enumerate(counts)]
    return Year(today.year, sum(counts), max(counts), counts[present], ticks)


def _week_of(day: date) -> int:
    return min((day.timetuple().tm_yday - 1) // 7, WEEKS - 1)


def _tick(number: int, count: int, present: int) -> Tick:
    left = 20 * number
    if not count:
        return Tick(f"M{left + 9} 60h2v-6h-2z", "late" if number == present else "none")
    height = 6 + 15 * min(count, 3)
    return Tick(f"M{left + 6} 60h8v-{height}h-8z", "late" if number == present else "some")
