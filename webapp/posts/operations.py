"""What can be done with a post. Whoever calls has loaded it through a query of what ``by`` may change, and commits."""

from __future__ import annotations

import re
import secrets
from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any, cast

from slugify import slugify
from sqlalchemy import CursorResult, delete, update
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm.exc import StaleDataError

from webapp.accounts.models import Person
from webapp.core import markdown, text
from webapp.core.errors import Conflict, Refused
from webapp.extensions import db
from webapp.posts import queries
from webapp.posts.models import Post, PostState, Revision, SlugRedirect, Tag
from webapp.posts.signals import post_hidden

LONGEST_TITLE = 200
LONGEST_SLUG = 80
LONGEST_TAG = 50
MOST_TAGS = 10
FARTHEST = timedelta(days=3653)
ATTEMPTS = 5
DUE_AT_ONCE = 100

CHANGED = "This post has been changed since you opened it."
TAKEN = "Another post has this address."


def write(
    *,
    author: Person,
    title: str,
    body: str,
    tags: list[str],
    slug: str | None,
    now: datetime,
    begun_as: str | None = None,
) -> Post:
    """A new draft. Without ``slug`` its address comes from the title, with a number where that is taken.

    ``begun_as`` names the page it was written on; a page begins one post. Raises :class:`Refused` for ``title``,
    ``body``, ``tags`` or ``slug``.
    """
    title = _title(title)
    body = _body(body)
    wanted = _wanted_slug(slug)
    post = Post(
        author=author,
        title=title,
        tags=_tags(tags),
        state=PostState.DRAFT,
        created_at=now,
        updated_at=now,
        begun_as=begun_as,
    )
    _render(post, body)
    _give_address(post, wanted, _stem(title, now))
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
    follows_title: bool = False,
) -> None:
    """Changes what is given and leaves the rest. The day a post appeared never changes by it.

    ``version`` is the one the editor saw; None skips the comparison. Raises :class:`Conflict` when the post has
    another by now, :class:`Refused` as :func:`write` does. A post edited in the trash comes back as a draft.
    With ``follows_title`` the address of a draft that never appeared keeps coming from the title if it did so far
    and ``slug`` asks for no other.
    """
    if version is not None and version != post.version:
        raise Conflict(CHANGED)
    new_title = post.title if title is None else _title(title)
    new_body = post.body if body is None else _body(body)
    wanted = _wanted_slug(slug)
    if follows_title and wanted in {None, post.slug} and new_title != post.title and _came_from_title(post):
        wanted = _slug_after(post, new_title)
    if post.is_public and not new_body.strip():
        raise Refused("body", "A published post needs a text.")
    wanted_tags = None if tags is None else _tags(tags)
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
        _move(post, wanted, now)
    else:
        _flush()
    if post.is_public and is_reworded:
        _keep_revision(post, by, now)


def publish(post: Post, *, by: Person, now: datetime) -> None:
    """Shows a post to everyone. The first time fixes the day it appeared; a later time does not change it."""
    if post.state is PostState.PUBLISHED:
        return
    _require_text(post)
    post.state, post.trashed_from, post.publish_at = PostState.PUBLISHED, None, None
    post.published_at = post.published_at or now
    _save(post, now)
    _keep_revision(post, by, now)


def schedule(post: Post, *, at: datetime, by: Person, now: datetime) -> None:  # noqa: ARG001  # as its siblings
    """Lets a draft appear by itself at an instant within ten years. Raises :class:`Refused` for ``publish_at``."""
    if at.tzinfo is None:
        raise Refused("publish_at", "Say the offset from UTC as well.")
    if at <= now:
        raise Refused("publish_at", "That time has passed. Choose a later one, or publish now.")
    if at > now + FARTHEST:
        raise Refused("publish_at", "Choose a time within ten years.")
    if post.is_public:
        raise Refused("publish_at", "This post is public already.")
    _require_text(post)
    post.state, post.trashed_from, post.publish_at = PostState.SCHEDULED, None, at
    _save(post, now)


def unpublish(post: Post, *, by: Person, now: datetime) -> None:  # noqa: ARG001  # as its siblings
    """Makes a published or scheduled post a draft again."""
    if post.state in {PostState.PUBLISHED, PostState.SCHEDULED}:
        was_public = post.is_public
        post.state, post.publish_at = PostState.DRAFT, None
        _save(post, now)
        if was_public:
            post_hidden.send(post, now=now)


def trash(post: Post, *, by: Person, now: datetime) -> None:  # noqa: ARG001  # as its siblings
    """Hides a post from everyone and every list, its address kept for it."""
    if post.state is not PostState.TRASHED:
        was_public = post.is_public
        post.trashed_from, post.state = post.state, PostState.TRASHED
        _save(post, now)
        if was_public:
            post_hidden.send(post, now=now)


def restore(post: Post, *, by: Person, now: datetime) -> None:  # noqa: ARG001  # as its siblings
    """Takes a post out of the trash as what it was before; as a draft, if its scheduled time passed meanwhile."""
    if post.state is not PostState.TRASHED:
        return
    was = post.trashed_from or PostState.DRAFT
    if was is PostState.SCHEDULED and (post.publish_at is None or post.publish_at <= now):
        was = PostState.DRAFT
    post.state, post.trashed_from = was, None
    if was is not PostState.SCHEDULED:
        post.publish_at = None
    _save(post, now)


def publish_due(*, now: datetime) -> int:
    """Publishes the scheduled posts whose time has come, and says how many. Two callers at once publish each once."""
    published = 0
    for post in queries.due(now, DUE_AT_ONCE):
        claim = (
            update(Post)
            .where(Post.id == post.id, Post.version == post.version, Post.state == PostState.SCHEDULED)
            .values(
                state=PostState.PUBLISHED,
                publish_at=None,
                # when it does appear: a digest whose window closed meanwhile must not have missed it
                published_at=post.published_at or now,
                updated_at=now,
                version=Post.version + 1,
            )
            .execution_options(synchronize_session=False)
        )
        if cast("CursorResult[Any]", db.session.execute(claim)).rowcount == 1:
            db.session.add(
                Revision(post_id=post.id, person_id=post.author_id, title=post.title, body=post.body, created_at=now)
            )
            published += 1
        db.session.expire(post)  # whoever reads it next in this transaction sees what was written
    return published


# What is typed, made fit to keep


def _title(raw: str) -> str:
    return text.one_line(raw, field="title", longest=LONGEST_TITLE)


def _body(raw: str) -> str:
    return text.many_lines(raw, field="body", longest=markdown.LONGEST)


def _wanted_slug(raw: str | None) -> str | None:
    """The address someone asks for, None when they leave it to us."""
    raw = text.one_line(raw or "", field="slug", longest=LONGEST_TITLE, required=False)
    if not raw:
        return None
    slug = slugify(raw, max_length=LONGEST_SLUG)
    if not slug:
        raise Refused("slug", "An address needs letters or digits.")
    return slug


def _stem(title: str, now: datetime) -> str:
    return slugify(title, max_length=LONGEST_SLUG, word_boundary=True) or f"post-{now:%Y-%m-%d}"


def _tags(names: Sequence[str]) -> list[Tag]:
    """The tags of these names; a new one is written, two spellings of the same address are one."""
    wanted: dict[str, str] = {}
    for raw in names:
        name = " ".join(text.one_line(raw, field="tags", longest=LONGEST_TAG, required=False).lstrip("#").split())
        if not name:
            continue
        slug = slugify(name, max_length=60)
        if not slug:
            raise Refused("tags", f"“{name}” has no letters or digits.")
        wanted.setdefault(slug, name)
    if len(wanted) > MOST_TAGS:
        raise Refused("tags", f"Keep it to {MOST_TAGS} tags.")
    known = queries.tags_called(list(wanted))
    return [known.get(slug) or _new_tag(slug, name) for slug, name in wanted.items()]


def _new_tag(slug: str, name: str) -> Tag:
    """Writes a tag, or finds the one that somebody else wrote in the same moment."""
    try:
        with db.session.begin_nested():
            tag = Tag(slug=slug, name=name)
            db.session.add(tag)
    except IntegrityError:
        return queries.tags_called([slug])[slug]
    return tag


def _render(post: Post, body: str) -> None:
    rendered = markdown.render(body)
    post.body, post.html = body, rendered.html
    post.excerpt, post.minutes = rendered.excerpt, rendered.minutes


# Addresses


def _give_address(post: Post, wanted: str | None, stem: str) -> None:
    """Writes a new post under the address it asks for, or under the first free one that begins with ``stem``.

    The UNIQUE constraint decides: what another writer takes between the look and the writing is tried again.
    """
    for attempt in range(ATTEMPTS):
        post.slug = _free_slug(wanted, stem, attempt)
        try:
            with db.session.begin_nested():
                db.session.add(post)
        except IntegrityError:
            if wanted:
                raise Refused("slug", TAKEN) from None
        else:
            return
    raise Conflict("Somebody else is writing under the same title. Try again.")


def _free_slug(wanted: str | None, stem: str, attempt: int) -> str:
    if wanted:
        if queries.taken([wanted]):
            raise Refused("slug", TAKEN)
        return wanted
    candidates = [stem, *(f"{stem}-{number}" for number in range(2, 30))]
    used = queries.taken(candidates)
    free = [slug for slug in candidates if slug not in used]
    return free[0] if free and attempt < ATTEMPTS - 1 else f"{stem}-{secrets.token_hex(4)}"


def _came_from_title(post: Post) -> bool:
    """Whether a draft's address is one that its title gave it, and nobody outside can know it yet."""
    number = post.slug.removeprefix(_stem(post.title, post.created_at))
    is_unknown = post.state is PostState.DRAFT and post.published_at is None
    return is_unknown and re.fullmatch(r"|-\d{1,2}|-[0-9a-f]{8}", number) is not None


def _slug_after(post: Post, title: str) -> str:
    """The address that a new title gives to a draft: none when it has one from that title already."""
    stem = _stem(title, post.created_at)
    return post.slug if stem == _stem(post.title, post.created_at) else _free_slug(None, stem, 0)


def _move(post: Post, slug: str, now: datetime) -> None:
    """Gives a post another address. One that readers may know keeps leading to it."""
    if queries.taken([slug], but_by=post):
        raise Refused("slug", TAKEN)
    old = post.slug
    _flush()
    try:
        with db.session.begin_nested():
            db.session.execute(delete(SlugRedirect).where(SlugRedirect.slug == slug, SlugRedirect.post_id == post.id))
            post.slug = slug
            if post.published_at is not None:
                db.session.add(SlugRedirect(slug=old, post_id=post.id, created_at=now))
            _flush()
    except IntegrityError:
        raise Refused("slug", TAKEN) from None


# Saving


def _require_text(post: Post) -> None:
    if not post.body.strip():
        raise Refused("body", "Write something before it is published.")


def _save(post: Post, now: datetime) -> None:
    post.updated_at = now
    _flush()


def _flush() -> None:
    try:
        db.session.flush()
    except StaleDataError:
        raise Conflict(CHANGED) from None


def _keep_revision(post: Post, by: Person, now: datetime) -> None:
    db.session.add(Revision(post_id=post.id, person_id=by.id, title=post.title, body=post.body, created_at=now))
