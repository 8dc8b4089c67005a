"""Whose posts they are: people who are here already, or new ones who cannot sign in until they say who they are."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime

from sqlalchemy import func, or_, select

from webapp.accounts import operations as accounts
from webapp.accounts import queries as people
from webapp.accounts.models import Person, Role
from webapp.core import site, text
from webapp.core.errors import Refused
from webapp.extensions import db
from webapp.portability.items import Author

NOBODY = 0
"""The id of somebody whom a dry run would have made."""


@dataclass
class Authors:
    """The people of one run. ``made`` are those that were not here, by name and address."""

    fallback: Person | None
    now: datetime
    is_dry_run: bool
    made: list[str] = field(default_factory=list)
    why_none: str = "it is not known who wrote it: say --author with somebody's address"
    _known: dict[Author | None, tuple[int, str] | None] = field(default_factory=dict)
    _fallback_id: int | None = None

    def __post_init__(self) -> None:
        self._fallback_id = self.fallback.id if self.fallback else None

    def find(self, author: Author | None) -> tuple[int, str] | None:
        """The id of a person and a remark for the report; None when there is nobody to give it to."""
        if author not in self._known:
            self._known[author] = self._look(author)
        return self._known[author]

    def find_other(self, author: Author) -> tuple[int, str] | None:
        """The same of somebody who wrote along, for whom nobody stands in."""
        has_address = bool(author.email and _address(author.email))
        return self.find(author) if has_address or self._by_name(author.name) is not None else None

    def _look(self, author: Author | None) -> tuple[int, str] | None:
        if author is None:
            return (self._fallback_id, "") if self._fallback_id else None
        if author.email and (address := _address(author.email)):
            person = people.by_email(address)
            if person is not None:
                return person.id, "" if person.is_allowed(Role.AUTHOR) else f"{person.name} is no author here yet"
            return self._make(author, address)
        person = self._by_name(author.name)
        if person is not None:
            return person.id, ""
        if self._fallback_id is None:
            return None
        return self._fallback_id, f"it was by {author.name}, whose address is not known"

    def _make(self, author: Author, address: str) -> tuple[int, str]:
        """A new author, whom nobody writes to. They join by registering, or when somebody invites them."""
        name = " ".join(author.name.split())[: accounts.LONGEST_NAME] or address.partition("@")[0]
        self.made.append(f"{name} <{address}>")
        if self.is_dry_run:
            return NOBODY, ""
        try:
            person = self._create(name, address)
        except Refused as refused:
            if refused.field == "name":
                person = self._create(address.partition("@")[0], address)
            else:
                found = people.by_email(address)  # somebody else was faster
                if found is None:
                    raise
                person = found
        db.session.flush()
        return person.id, ""

    def _create(self, name: str, address: str) -> Person:
        return accounts.create_person(
            email=address,
            name=name,
            password=None,
            role=Role.AUTHOR,
            confirmed=False,
            zone=site.config().site_timezone,
            now=self.now,
        )

    def _by_name(self, name: str) -> Person | None:
        """Whoever is called so, if that is one author only."""
        if not name or "\0" in name:
            return None
        is_called = or_(func.lower(Person.name) == name.lower(), Person.handle == name.lower())
        found = db.session.scalars(select(Person).where(is_called, Person.role != Role.READER).limit(2)).all()
        return found[0] if len(found) == 1 else None


def _address(raw: str) -> str | None:
    try:
        return text.address(raw)
    except Refused:
        return None
