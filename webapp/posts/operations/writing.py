"""Writing a post, and changing what it says."""

from __future__ import annotations

from datetime import datetime

from webapp.accounts.models import Person
from webapp.core import markdown, text
from webapp.core.errors import Conflict, Refused
from webapp.extensions import db
from webapp.posts import queries
from webapp.posts.models import Post, PostState
from webapp.posts.operations import addresses, revisions, tagging
from webapp.posts.operations.saving import CHANGED, flush

LONGEST_TITLE = 200


def write(*, author: Person, title: str, body: str, tags: list[str], slug: str | None, now: datetime) -> Post:
    """A new draft. Without ``slug`` its address comes from the title, with a number where that is taken.

    Raises :class:`Refused` for ``title``, ``body``, ``tags`` or ``slug``.
    """
    title = _title(title)
    body = _body(body)
    wanted = addresses.wanted(slug)
    post = Post(
        author=author,
        title=title,
        tags=tagging.named(tags),
        state=PostState.DRAFT,
        created_at=now,
        updated_at=now,
    )
    _render(post, body)
    addresses.give(post, wanted, addresses.stem(title, now))
    return post


def edit(
    post: Post,
    *,
    by: Person,
    now: datetime,
    version: int | None,
    title: str | None = None,
    body: str | None = None,
    tags: list[str] | None = None,
    slug: str | None = None,
) -> None:
    """Changes what is given and leaves the rest. The day a post appeared never changes by it.

    ``version`` is the one the editor saw; None skips the comparison. Raises :class:`Conflict` when the post has
    another by now, :class:`Refused` as :func:`write` does. A post edited in the trash comes back as a draft.
    """
    if version is not None and version != post.version:
        raise Conflict(CHANGED)
    new_title = post.title if title is None else _title(title)
    new_body = post.body if body is None else _body(body)
    wanted = addresses.wanted(slug)
    if post.is_public and not new_body.strip():
        raise Refused("body", "A published post needs a text.")
    wanted_tags = None if tags is None else tagging.named(tags)
    queries.load_tags(post)
    with db.session.no_autoflush:
        if wanted_tags is not None:
            post.tags = wanted_tags
        is_reworded = (new_title, new_body) != (post.title, post.body)
        post.title = new_title
        if new_body != post.body:
            _render(post, new_body)
        if post.state is PostState.TRASHED:
            post.state, post.trashed_from, post.publish_at = PostState.DRAFT, None, None
        post.updated_at = now
    if wanted and wanted != post.slug:
        addresses.move(post, wanted, now)
    else:
        flush()
    if post.is_public and is_reworded:
        revisions.keep(post, by, now)


# What is typed, made fit to keep


def _title(raw: str) -> str:
    return text.one_line(raw, field="title", longest=LONGEST_TITLE)


def _body(raw: str) -> str:
    return text.many_lines(raw, field="body", longest=markdown.LONGEST)


def _render(post: Post, body: str) -> None:
    rendered = markdown.render(body)
    post.body, post.html = body, rendered.html
    post.excerpt, post.minutes = rendered.excerpt, rendered.minutes
