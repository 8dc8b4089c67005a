"""What is followed, by the names that programs and lists write: ``site``, ``author:ines``, ``tag:garden``."""

from __future__ import annotations

from webapp.accounts import queries as people
from webapp.accounts.models import Role
from webapp.core.errors import Refused
from webapp.core.words import _, later, sentences
from webapp.posts import queries as posts
from webapp.subscriptions.following import SITE, Following

HOW = later('Write "site", or a list of names such as "author:ines" and "tag:garden".')


def wanted(value: str | list[str]) -> Following:
    """What the names mean. Raises :class:`Refused` for ``follow`` when one is of nobody and nothing here."""
    found = Following()
    for name in value if isinstance(value, list) else [value]:
        kind, _colon, word = name.partition(":")
        if name == "site":
            found |= SITE
        elif kind == "author" and (author := people.by_handle(word)) and author.is_allowed(Role.AUTHOR):
            found |= Following(authors=frozenset({author.id}))
        elif kind == "tag" and (tag := posts.tag_by_slug(word)):
            found |= Following(tags=frozenset({tag.id}))
        else:
            raise Refused(
                "follow", sentences([_("There is no such author or tag here: %(name)s.", name=repr(name[:80])), HOW])
            )
    return found


def names_of(kept: str) -> str | list[str]:
    """What a reader follows, by name."""
    following = Following.read(kept)
    if following.site:
        return "site"
    authors = [f"author:{each.handle}" for each in people.by_ids(following.authors)]
    return authors + [f"tag:{each.slug}" for each in posts.tags_by_ids(following.tags)]
