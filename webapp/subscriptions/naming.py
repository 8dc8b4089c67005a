"""What is followed, by the names that programs and lists write: ``site``, ``author:ines``, ``tag:garden=daily``."""

from __future__ import annotations

from collections.abc import Collection, Mapping

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
    return names_of_all({kept})[kept]


def names_of_all(kept: Collection[str]) -> dict[str, str | list[str]]:
    """What readers follow, by name, for each of the texts that are kept: with two statements, however many."""
    followings = {each: Following.read(each) for each in kept}
    authors = people.by_ids({number for each in followings.values() for number in each.authors})
    tags = posts.tags_by_ids({number for each in followings.values() for number in each.tags})
    names = {"site": "site"}
    names |= {f"@{each.id}": f"author:{each.handle}" for each in authors}
    names |= {f"#{each.id}": f"tag:{each.slug}" for each in tags}
    return {each: _listed(following, names) for each, following in followings.items()}


def _listed(following: Following, names: Mapping[str, str]) -> str | list[str]:
    if str(following) == "site":
        return "site"
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
