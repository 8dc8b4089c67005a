"""Choosing how the site presents itself. Whoever calls knows that ``by`` may, writes it down, and commits."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any
from urllib.parse import urlsplit

from webapp.core import text
from webapp.core.errors import Refused
from webapp.core.urls import local_path
from webapp.core.words import _
from webapp.settings import accent, choices
from webapp.settings.choices import Choices, Link, Logo

LONGEST_NAME = 80
LONGEST_DESCRIPTION = 200
LONGEST_FOOTER = 500
LONGEST_ADDRESS = 300
LONGEST_LABEL = 40
LONGEST_TARGET = 500
MOST_LINKS = 10


@dataclass(frozen=True)
class Wanted:
    """What was typed. Links are one a line: the words, then the address. ``seen`` is the version it was typed over."""

    name: str
    description: str
    accent_day: str
    accent_night: str
    navigation: str
    footer: str
    footer_links: str
    postal_address: str
    seen: str
    bare_links: bool = False
    curled_quotes: bool = False


def choose(wanted: Wanted, *, logo: Logo | None) -> dict[str, list[Any]]:
    """Keeps what fits, and says what it changed: each field's old and new value.

    Raises :class:`Refused` for a field, or Conflict when somebody else was first.
    """
    before = choices.here()
    after = replace(
        before,
        name=text.one_line(wanted.name, field="name", longest=LONGEST_NAME),
        description=text.one_line(wanted.description, field="description", longest=LONGEST_DESCRIPTION, required=False),
        logo=logo,
        accent_day=accent.checked(wanted.accent_day, "day", field="accent_day"),
        accent_night=accent.checked(wanted.accent_night, "night", field="accent_night"),
        navigation=_links(wanted.navigation, field="navigation"),
        footer=_joined(wanted.footer, field="footer", longest=LONGEST_FOOTER, between=" "),
        footer_links=_links(wanted.footer_links, field="footer_links"),
        postal_address=_joined(wanted.postal_address, field="postal_address", longest=LONGEST_ADDRESS, between=", "),
        bare_links=wanted.bare_links,
        curled_quotes=wanted.curled_quotes,
    )
    choices.save(after, seen=wanted.seen)
    return {
        name: [_plain(getattr(before, name)), _plain(getattr(after, name))]
        for name in Choices.__dataclass_fields__
        if name != "version" and getattr(before, name) != getattr(after, name)
    }


def _joined(raw: str, *, field: str, longest: int, between: str) -> str:
    """Several lines as one: an address stands in one line below a mail."""
    lines = (line.strip(" ,") for line in text.many_lines(raw, field=field, longest=longest).split("\n"))
    return text.one_line(between.join(filter(None, lines)), field=field, longest=longest, required=False)


def _links(raw: str, *, field: str) -> tuple[Link, ...]:
    lines = [line.strip() for line in text.many_lines(raw, field=field, longest=10_000).split("\n")]
    links = tuple(_link(line, field) for line in lines if line)
    if len(links) > MOST_LINKS:
        raise Refused(field, _("Keep it to %(most)s links.", most=MOST_LINKS))
    return links


def _link(line: str, field: str) -> Link:
    label, _space, address = (part.strip() for part in line.rpartition(" "))
    if not label:
        raise Refused(field, _("“%(words)s” needs words, a space and an address.", words=_short(line)))
    if len(address) > LONGEST_TARGET or not (local_path(address) or _is_elsewhere(address)):
        raise Refused(
            field, _("“%(words)s” is no address: begin it with /, http:// or https://.", words=_short(address))
        )
    return Link(text.one_line(label, field=field, longest=LONGEST_LABEL), address)


def _is_elsewhere(address: str) -> bool:
    try:
        parts = urlsplit(address)
        is_whole = parts.scheme in {"http", "https"} and bool(parts.hostname) and parts.username is None
    except ValueError:
        return False
    return is_whole and "\\" not in address and address.isprintable()


def _short(words: str) -> str:
    return words if len(words) <= 60 else words[:59] + "…"


def _plain(value: Any) -> Any:
    """As the audit keeps it: words, not objects."""
    if isinstance(value, Logo):
        return value.key
    return [f"{each.label} {each.address}" for each in value] if isinstance(value, tuple) else value
