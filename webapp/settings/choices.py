"""What the administrator has chosen for the whole site: its name, colour, links and footer.

One row holds all of it. Where it says nothing, SITE_NAME and POSTAL_ADDRESS of the environment hold. Every process
keeps what it last read; once a transaction it asks which version is the present one, so a change is seen everywhere at
once.
"""

from __future__ import annotations

import secrets
from collections.abc import Mapping
from dataclasses import asdict, dataclass, replace
from typing import Any, ClassVar

from flask import Flask
from sqlalchemy import select
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import SessionTransaction
from werkzeug.local import LocalProxy

from webapp.caching import operations as caching
from webapp.core import site
from webapp.core.errors import Conflict
from webapp.core.markdown import Additions
from webapp.core.words import later
from webapp.extensions import db
from webapp.settings.models import SiteSetting

NAME = "choices"
CHANGED = later("Somebody else changed the settings since you opened them.")


@dataclass(frozen=True)
class Link:
    """A link of the masthead or the footer: to a path of ours, or to another site."""

    label: str
    address: str


@dataclass(frozen=True)
class Logo:
    """What stands in the place of the name: the key of a picture, and the copy of it that is shown."""

    key: str
    address: str
    width: int
    height: int


@dataclass(frozen=True)
class Choices:
    """Everything on one page. ``accent_day`` and ``accent_night`` are ``#rrggbb``, or empty for our red."""

    name: str = ""
    description: str = ""
    logo: Logo | None = None
    accent_day: str = ""
    accent_night: str = ""
    navigation: tuple[Link, ...] = ()
    footer: str = ""
    footer_links: tuple[Link, ...] = ()
    postal_address: str = ""
    bare_links: bool = False
    curled_quotes: bool = False
    version: str = ""

    @property
    def has_accent(self) -> bool:
        return bool(self.accent_day or self.accent_night)

    @property
    def additions(self) -> Additions:
        """What a text of this site may have beyond CommonMark."""
        return Additions(bare_links=self.bare_links, quotes=self.curled_quotes)


class _Kept:
    """What this process last read."""

    value: ClassVar[Mapping[str, Any] | None] = None


def init_app(app: Flask) -> None:
    """Gives every template ``site`` and ``site_name``.

    They ask the database when they are used. The page for a fault of ours is rendered without what a context processor
    adds, and gets what is known without asking.
    """
    app.jinja_env.globals |= {"site": LocalProxy(known), "site_name": LocalProxy(lambda: known().name)}
    app.context_processor(lambda: {"site": LocalProxy(here), "site_name": LocalProxy(lambda: here().name)})


def here() -> Choices:
    """What is chosen now, as far as the open transaction sees it; with the environment's values where nothing is."""
    session = db.session()
    asked: tuple[SessionTransaction | None, Choices] | None = session.info.get(NAME)
    if asked is None or asked[0] is not session.get_transaction():
        found = _present()
        asked = session.info[NAME] = (session.get_transaction(), found)
    return asked[1]


def known() -> Choices:
    """The same as this process last saw it, without asking the database."""
    return _filled(_Kept.value)


def save(chosen: Choices, *, seen: str) -> Choices:
    """Keeps a new set of choices. ``seen`` is the version it was made from. Raises :class:`Conflict`."""
    row = db.session.get(SiteSetting, NAME, with_for_update=True, populate_existing=True)
    if (str(row.value["version"]) if row else "") != seen:
        raise Conflict(CHANGED)
    saved = replace(chosen, version=secrets.token_hex(6))
    try:
        with db.session.begin_nested():
            if row is None:
                db.session.add(SiteSetting(name=NAME, value=asdict(saved)))
            else:
                row.value = asdict(saved)
    except IntegrityError:  # somebody else was the first ever to save
        raise Conflict(CHANGED) from None
    db.session().info.pop(NAME, None)
    caching.renew_pages()
    return saved


def _present() -> Choices:
    with db.session.no_autoflush:
        version = db.session.scalar(select(SiteSetting.value["version"].as_string()).where(SiteSetting.name == NAME))
        if version is None:
            _Kept.value = None
        elif _Kept.value is None or _Kept.value["version"] != version:
            _Kept.value = db.session.scalar(select(SiteSetting.value).where(SiteSetting.name == NAME))
    return _filled(_Kept.value)


def _filled(value: Mapping[str, Any] | None) -> Choices:
    """A row's value as what it means. One that an older program wrote lacks what came later."""
    config = site.config()
    given = {name: each for name, each in (value or {}).items() if name in Choices.__dataclass_fields__}
    for name in ("navigation", "footer_links"):
        given[name] = tuple(Link(**each) for each in given.get(name, ()))
    given["logo"] = Logo(**given["logo"]) if given.get("logo") else None
    given["name"] = given.get("name") or config.site_name
    given["postal_address"] = given.get("postal_address") or config.postal_address
    return Choices(**given)
