"""The address of a post: asked for, given, changed."""

from __future__ import annotations

import re
import secrets
from datetime import datetime

from slugify import slugify
from sqlalchemy import delete
from sqlalchemy.exc import IntegrityError

from webapp.core import text
from webapp.core.errors import Conflict, Refused
from webapp.core.words import _, later
from webapp.extensions import db
from webapp.posts import queries
from webapp.posts.models import Post, PostState, SlugRedirect
from webapp.posts.operations.saving import flush

LONGEST_SLUG = 80
LONGEST_WISH = 200
ATTEMPTS = 5

TAKEN = later("Another post has this address.")


def wanted(raw: str | None) -> str | None:
    """The address someone asks for, None when they leave it to us."""
    raw = text.one_line(raw or "", field="slug", longest=LONGEST_WISH, required=False)
    if not raw:
        return None
    slug = slugify(raw, max_length=LONGEST_SLUG)
    if not slug:
        raise Refused("slug", _("An address needs letters or digits."))
    return slug


def stem(title: str, now: datetime) -> str:
    return slugify(title, max_length=LONGEST_SLUG, word_boundary=True) or f"post-{now:%Y-%m-%d}"


def came_from_title(post: Post) -> bool:
    """Whether a draft's address is one that its title gave it, and nobody outside can know it yet."""
    number = post.slug.removeprefix(stem(post.title, post.created_at))
    is_unknown = post.state is PostState.DRAFT and post.published_at is None
    return is_unknown and re.fullmatch(r"|-\d{1,2}|-[0-9a-f]{8}", number) is not None


def after(post: Post, title: str) -> str:
    """The address that a new title gives to a draft: none when it has one from that title already."""
    wished = stem(title, post.created_at)
    return post.slug if wished == stem(post.title, post.created_at) else _free_slug(None, wished, 0)


def give(post: Post, wanted: str | None, stem: str) -> None:
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
    raise Conflict(_("Somebody else is writing under the same title. Try again."))


def _free_slug(wanted: str | None, stem: str, attempt: int) -> str:
    if wanted:
        if queries.taken([wanted]):
            raise Refused("slug", TAKEN)
        return wanted
    candidates = [stem, *(f"{stem}-{number}" for number in range(2, 30))]
    used = queries.taken(candidates)
    free = [slug for slug in candidates if slug not in used]
    return free[0] if free and attempt < ATTEMPTS - 1 else f"{stem}-{secrets.token_hex(4)}"


def move(post: Post, slug: str, now: datetime) -> None:
    """Gives a post another address. One that readers may know keeps leading to it."""
    if queries.taken([slug], but_by=post):
        raise Refused("slug", TAKEN)
    old = post.slug
    flush()
    try:
        with db.session.begin_nested():
            db.session.execute(delete(SlugRedirect).where(SlugRedirect.slug == slug, SlugRedirect.post_id == post.id))
            post.slug = slug
            if post.published_at is not None:
                db.session.add(SlugRedirect(slug=old, post_id=post.id, created_at=now))
            flush()
    except IntegrityError:
        raise Refused("slug", TAKEN) from None
