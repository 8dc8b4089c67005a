"""What the week strip shows of posts: what appeared, and to its author what is going to. And which show a picture."""

from __future__ import annotations

from datetime import date
from typing import Any

from flask import url_for

from webapp.accounts import queries as people
from webapp.accounts.models import Person
from webapp.core import week
from webapp.core.week import Entry
from webapp.core.words import _
from webapp.images import operations as images
from webapp.images.models import Image
from webapp.posts import queries


def connect() -> None:
    """Connects the listeners, once a process."""
    week.asked.connect(_in_week)
    images.uses_asked.connect(_uses_of)


def _in_week(_sender: Any, *, start: date, end: date, person: Person | None) -> list[Entry]:
    first, last = week.instants(start, end, person)
    entries = [
        Entry(post.published_at, post.title, url_for("posts.show", slug=post.slug), "past")
        for post in queries.titles_between(first, last)
    ]
    if person is not None:
        entries += [
            Entry(post.publish_at, post.title, url_for("posts.edit", post_id=post.id), "coming")
            for post in queries.scheduled_between(person, first, last)
            if post.publish_at
        ]
    return entries


def _uses_of(_sender: Any, *, image: Image) -> list[str]:
    titles = queries.titles_showing(image, people.by_id(image.owner_id or 0))
    return [f"“{title}”" if title is not None else _("a text of somebody else") for title in titles]
