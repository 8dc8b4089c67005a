"""Finding people, what they are signed in with, and what their programs carry."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import exists, func, select

from webapp.accounts.models import IMPLIED, ApiToken, Person, Registration, Role, SignIn
from webapp.core import text, tokens
from webapp.core.errors import Refused
from webapp.extensions import db
from webapp.mail.models import Delivery, Kind


@dataclass(frozen=True)
class Credentials:
    """What a password is compared with: a person's, or that of a registration which is not confirmed yet."""

    password_hash: str | None = None
    person: Person | None = None
    registration: Registration | None = None


def by_id(person_id: int) -> Person | None:
    return db.session.get(Person, person_id)


def by_ids(ids: Collection[int]) -> Sequence[Person]:
    """These people, by name."""
    return db.session.scalars(select(Person).where(Person.id.in_(ids)).order_by(Person.name, Person.id)).all()


def by_email(email: str) -> Person | None:
    """Whoever has this address, however it is written; None for what is no address."""
    address = _address(email)
    return db.session.scalar(select(Person).where(Person.email == address)) if address else None


def by_handle(handle: str) -> Person | None:
    """Whoever has this handle, which may be anything that stood in an address: PostgreSQL would choke on a NUL."""
    if "\0" in handle:
        return None
    return db.session.scalar(select(Person).where(Person.handle == handle))


def by_token(raw: str) -> ApiToken | None:
    """The token that a program shows, with its person, unless it has been revoked."""
    return db.session.scalar(
        select(ApiToken).where(ApiToken.token_hash == tokens.digest(raw), ApiToken.revoked_at.is_(None))
    )


def everyone() -> Sequence[Person]:
    return db.session.scalars(select(Person).order_by(Person.created_at, Person.id)).all()


def editors() -> Sequence[Person]:
    """Those who edit what everybody writes and have confirmed their address."""
    roles = [role for role, implied in IMPLIED.items() if Role.EDITOR in implied]
    return db.session.scalars(
        select(Person).where(Person.role.in_(roles), Person.email_confirmed_at.is_not(None)).order_by(Person.id)
    ).all()


def has_administrator() -> bool:
    return bool(db.session.scalar(select(exists().where(Person.role == Role.ADMIN))))


def sign_in_by_token(raw: str, now: datetime) -> SignIn | None:
    """The sign-in that a cookie belongs to, with its person, while it lasts."""
    return db.session.scalar(select(SignIn).where(SignIn.token_hash == tokens.digest(raw), SignIn.expires_at > now))


def sign_ins_of(person: Person, now: datetime) -> Sequence[SignIn]:
    """Where someone is signed in, the newest first."""
    return db.session.scalars(
        select(SignIn)
        .where(SignIn.person_id == person.id, SignIn.expires_at > now)
        .order_by(SignIn.created_at.desc(), SignIn.id.desc())
    ).all()


def credentials(email: str) -> Credentials:
    """What the password for an address must match; nothing does when the address is unknown."""
    person = by_email(email)
    if person is not None and person.is_confirmed:
        return Credentials(person.password_hash, person=person)
    typed = newest_registration(email)
    if typed is not None:
        return Credentials(typed.password_hash, registration=typed)
    return Credentials(person.password_hash, person=person) if person else Credentials()


def newest_registration(email: str) -> Registration | None:
    """What was last typed for an address that nobody has confirmed since."""
    address = _address(email)
    return db.session.scalar(
        select(Registration).where(Registration.email == address).order_by(Registration.id.desc()).limit(1)
    )


def mails_since(address: str, kind: Kind, instant: datetime) -> int:
    """How many mails of a kind were written for an address after an instant."""
    written = db.session.scalar(
        select(func.count()).where(Delivery.address == address, Delivery.kind == kind, Delivery.created_at > instant)
    )
    return written or 0


def handles_like(stem: str) -> set[str]:
    """The handles that are taken among ``stem`` and what begins with it. ``stem`` holds no wildcard."""
    return set(db.session.scalars(select(Person.handle).where(Person.handle.startswith(stem))))


def _address(email: str) -> str | None:
    try:
        return text.address(email)
    except Refused:
        return None
