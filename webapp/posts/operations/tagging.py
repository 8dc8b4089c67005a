"""What a post is about."""

from __future__ import annotations

from collections.abc import Sequence

from slugify import slugify
from sqlalchemy.exc import IntegrityError

from webapp.core import text
from webapp.core.errors import Refused
from webapp.core.words import _
from webapp.extensions import db
from webapp.posts import queries
from webapp.posts.models import Tag

LONGEST_TAG = 50
MOST_TAGS = 10


def named(names: Sequence[str]) -> list[Tag]:
    """The tags of these names; a new one is written, two spellings of the same address are one."""
    wanted: dict[str, str] = {}
    for raw in names:
        name = " ".join(text.one_line(raw, field="tags", longest=LONGEST_TAG, required=False).lstrip("#").split())
        if not name:
            continue
        slug = slugify(name, max_length=60)
        if not slug:
            raise Refused("tags", _("“%(name)s” has no letters or digits.", name=name))
        wanted.setdefault(slug, name)
    if len(wanted) > MOST_TAGS:
        raise Refused("tags", _("Keep it to %(most)s tags.", most=MOST_TAGS))
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
