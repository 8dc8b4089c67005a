"""What is followed, by the names that programs and lists write: ``site``, ``author:ines``, ``tag:garden=daily``."""

from __future__ import annotations

from webapp.accounts import queries as people
from webapp.accounts.models import Role
from webapp.core.errors import Refused
from webapp.core.words import _, later, sentences
from webapp.posts import queries as posts
from webapp.subscriptions.following import SITE, Following
from webapp.subscriptions.models import Cadence

HOW = later('Write "site", or a list of names such as "author:ines" and "tag:garden=daily".')


def wanted(value: str | list[str]) -> Following:
    """What the names mean. Raises :class:`Refused` for ``follow`` when one is of nobody and nothing here."""
    found = Following()
    for name in value if isinstance(value, list) else [value]:
        what, _sign, cadence = name.partition("=")
        one = _named(what)
        if not one:
            raise Refused(
                "follow", sentences([_("There is no such author or tag here: %(name)s.", name=repr(what[:80])), HOW])
            )
        found |= one.paced(_cadence(cadence)) if cadence else one
    return found


def names_of(kept: str) -> str | list[str]:
    """What a reader follows, by name."""
    following = Following.read(kept)
    if str(following) == "site":
        return "site"
    names = {"site": "site"}
    names |= {f"@{each.id}": f"author:{each.handle}" for each in people.by_ids(following.authors)}
    names |= {f"#{each.id}": f"tag:{each.slug}" for each in posts.tags_by_ids(following.tags)}
    own = dict(following.own)
    return [f"{names[word]}={own[word]}" if word in own else names[word] for word in following.words() if word in names]


def _named(what: str) -> Following | None:
    kind, _colon, word = what.partition(":")
    if what == "site":
        return SITE
    if kind == "author" and (author := people.by_handle(word)) and author.is_allowed(Role.AUTHOR):
        return Following(authors=frozenset({author.id}))
    if kind == "tag" and (tag := posts.tag_by_slug(word)):
        return Following(tags=frozenset({tag.id}))
    return None


def _cadence(written: str) -> Cadence:
    try:
        return Cadence(written)
    except ValueError:
        raise Refused("follow", _("The cadence is post, daily, weekly or monthly.")) from None
