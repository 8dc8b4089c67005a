"""The rules of an account: how it is made, confirmed, signed in to, changed."""

from __future__ import annotations

import re
from collections.abc import Iterable
from datetime import datetime, timedelta

from slugify import slugify
from sqlalchemy import CursorResult, Delete, delete, select
from sqlalchemy.exc import IntegrityError

from webapp.accounts import mails, passwords, queries
from webapp.accounts.models import ApiToken, Person, Registration, Role, Scope, SignIn
from webapp.accounts.signals import person_confirmed
from webapp.core import languages, text, tokens, zones
from webapp.core.errors import Refused
from webapp.core.words import _, mark
from webapp.extensions import db
from webapp.mail import operations as mail
from webapp.mail import queries as ledger
from webapp.mail.models import Kind
from webapp.settings.models import SiteSetting

LONGEST_NAME = 80
LONGEST_HANDLE = 40
LONGEST_BIO = 500
HANDLE = re.compile(r"[a-z0-9](?:[a-z0-9-]*[a-z0-9])?")
KEEP_REGISTRATIONS = timedelta(days=7)
MAIL_LIMITS = ((timedelta(minutes=10), 3), (timedelta(days=1), 20))
"""How many mails of one kind an address gets that anyone may ask for, whoever asks."""

EVERYDAY = timedelta(days=1)
REMEMBERED = timedelta(days=30)


def create_person(
    *,
    email: str,
    name: str,
    password: str | None,
    role: Role = Role.READER,
    confirmed: bool,
    zone: str,
    now: datetime,
    language: str | None = None,
) -> Person:
    """A new person. Without a password nobody can sign in as them until they have chosen one.

    Raises :class:`Refused` for a field that does not fit, and for an address that has an account.
    """
    return _add_person(
        email=text.address(email),
        name=_name(name),
        password_hash=passwords.UNUSABLE if password is None else passwords.hashed(password),
        role=role,
        confirmed_at=now if confirmed else None,
        zone=_zone(zone),
        language=language,
        now=now,
    )


def register(
    *, email: str, name: str, password_hash: str, zone: str, now: datetime, language: str | None = None
) -> None:
    """Writes to the address: a link that makes the account, or, where there is one already, that there is.

    To whoever asks, both look the same. An address that has been written to often lately is not written to again.
    """
    address, name, zone = text.address(email), _name(name), _zone(zone)
    db.session.execute(delete(Registration).where(Registration.created_at < now - KEEP_REGISTRATIONS))
    if not _may_write_to(address, Kind.CONFIRM, now):
        return
    person = queries.by_email(address)
    if person is not None and person.is_confirmed:
        mails.known_already(person, now=now)
        return
    _ask_to_confirm(
        Registration(
            email=address, name=name, password_hash=password_hash, zone=zone, language=language, created_at=now
        ),
        now=now,
    )


def send_confirmation(found: queries.Credentials, *, now: datetime) -> None:
    """Sends the link again to someone who knows the password and has not confirmed the address yet."""
    if found.registration is not None and _may_write_to(found.registration.email, Kind.CONFIRM, now):
        mails.confirmation(found.registration, now=now)
    elif found.person is not None and _may_write_to(found.person.email, Kind.CONFIRM, now):
        invite(found.person, now=now)


def invite(person: Person, *, now: datetime) -> None:
    """Asks a person who was made on the command line to confirm the address."""
    _ask_to_confirm(
        Registration(
            email=person.email,
            name=person.name,
            password_hash=person.password_hash,
            zone=person.zone,
            language=person.language,
            created_at=now,
        ),
        now=now,
    )


def confirm(registration: Registration, *, now: datetime) -> Person | None:
    """Makes the account, or confirms the one made on the command line. None when the link was used a moment ago.

    Every other link to the same address is used up with it. Sends :data:`~webapp.accounts.signals.person_confirmed`.
    """
    email, name, zone = registration.email, registration.name, registration.zone
    password_hash, language = registration.password_hash, registration.language
    if not _deleted(delete(Registration).where(Registration.id == registration.id)):
        return None
    _deleted(delete(Registration).where(Registration.email == email))
    person = queries.by_email(email)
    if person is None:
        person = _add_person(
            email=email,
            name=name,
            password_hash=password_hash,
            confirmed_at=now,
            zone=zone,
            language=language,
            role=Role.READER,
            now=now,
        )
    elif person.is_confirmed:
        return None
    else:
        person.name, person.password_hash, person.email_confirmed_at = name, password_hash, now
    person_confirmed.send(person, now=now)
    return person


def set_up(
    *, email: str, name: str, password_hash: str, zone: str, now: datetime, language: str | None = None
) -> Person | None:
    """Makes the first administrator; None when there is one. Two who try at once wait for each other."""
    db.session.execute(select(SiteSetting).where(SiteSetting.name == "installed_at").with_for_update())
    if queries.has_administrator():
        return None
    return _add_person(
        email=text.address(email),
        name=_name(name),
        password_hash=password_hash,
        role=Role.ADMIN,
        confirmed_at=now,
        zone=_zone(zone),
        language=language,
        now=now,
    )


def ask_reset(*, email: str, now: datetime) -> None:
    """Writes to a confirmed person how to choose a new password; nobody else is written to, and nobody is told."""
    address = text.address(email)
    person = queries.by_email(address)
    if person is not None and person.is_confirmed and _may_write_to(address, Kind.RESET, now):
        mails.reset(person, now=now)


def set_password(person: Person, password_hash: str, *, keep: SignIn | None = None) -> None:
    """Gives someone a new password and signs them out everywhere, except where they ``keep`` working."""
    person.password_hash = password_hash
    end_sign_ins(person, keep=keep)


def sign_in(person: Person, *, lasting: timedelta, address: str, browser: str, now: datetime) -> str:
    """Notes that someone is signed in from now on; returns the secret for their cookie. Old ones are cleared away."""
    db.session.execute(delete(SignIn).where(SignIn.person_id == person.id, SignIn.expires_at <= now))
    secret = tokens.opaque()
    db.session.add(
        SignIn(
            person_id=person.id,
            token_hash=tokens.digest(secret),
            created_at=now,
            expires_at=now + lasting,
            address=address[:64],
            browser=browser[:300],
        )
    )
    return secret


def sign_out(secret: str) -> None:
    """Ends one sign-in; its cookie opens nothing any more."""
    db.session.execute(delete(SignIn).where(SignIn.token_hash == tokens.digest(secret)))


def end_sign_in(person: Person, sign_in_id: int) -> bool:
    """Ends one of this person's sign-ins. False when it is not theirs, or over."""
    return bool(_deleted(delete(SignIn).where(SignIn.person_id == person.id, SignIn.id == sign_in_id)))


def end_sign_ins(person: Person, *, keep: SignIn | None = None) -> int:
    """Ends all of this person's sign-ins but one; returns how many that were."""
    kept_id = keep.id if keep else 0
    return _deleted(delete(SignIn).where(SignIn.person_id == person.id, SignIn.id != kept_id))


def change_profile(
    person: Person,
    *,
    name: str,
    zone: str,
    handle: str | None = None,
    bio: str | None = None,
    website: str | None = None,
    wants_review_mail: bool | None = None,
    now: datetime,
) -> None:
    """Changes what others see of someone, and where they live. What is None stays as it is."""
    name, zone = _name(name), _zone(zone)
    handle = person.handle if handle is None else _handle(handle)
    bio = person.bio if bio is None else text.many_lines(bio, field="bio", longest=LONGEST_BIO).strip()
    website = person.website if website is None else text.web_address(website, field="website")
    try:
        with db.session.begin_nested():
            person.name, person.handle, person.zone = name, handle, zone
            person.bio, person.website = bio, website
            if wants_review_mail is not None:
                want_review_mail(person, wants=wants_review_mail, now=now)
    except IntegrityError:
        raise Refused("handle", _("@%(handle)s belongs to someone else.", handle=handle)) from None


def want_review_mail(person: Person, *, wants: bool, now: datetime) -> None:
    """Says whether they are written to when it is their turn in a review. Who is not gets nothing that waits either."""
    person.wants_review_mail = wants
    if wants:
        return
    db.session.flush()  # the row first: who writes to them just now has read it
    for key in ledger.waiting_keys(person.email, Kind.REVIEW):
        mail.cancel_waiting(dedupe_key=key, reason=mark("they want no mail about reviews"), now=now)


def change_language(person: Person, language: str) -> None:
    """Their pages and their mail are in it from now on. Empty: as the browser wants, and in mail as the site does."""
    if language and languages.known(language) is None:
        raise Refused("language", _("Choose one from the list."))
    person.language = language or None


def set_role(person: Person, role: Role) -> None:
    person.role = role


def create_token(person: Person, scopes: Iterable[Scope], *, now: datetime) -> str:
    """A token for this person's programs: returned once, kept only as a digest."""
    wanted = sorted(set(scopes))
    if not wanted:
        raise Refused("scope", _("Name what the token may do."))
    if Scope.OPERATOR in wanted and not person.is_allowed(Role.OPERATOR):
        raise Refused("scope", _("%(email)s is not an operator, so no token of theirs can be.", email=person.email))
    secret = tokens.opaque()
    db.session.add(
        ApiToken(
            person_id=person.id,
            token_hash=tokens.digest(secret),
            scopes=[scope.value for scope in wanted],
            created_at=now,
        )
    )
    return secret


def _add_person(
    *,
    email: str,
    name: str,
    password_hash: str,
    role: Role,
    confirmed_at: datetime | None,
    zone: str,
    language: str | None,
    now: datetime,
) -> Person:
    """Adds the row. Where two are made at once, the database says who was first and we look again."""
    while True:
        if queries.by_email(email) is not None:
            raise Refused("email", _("This address already has an account."))
        person = Person(
            email=email,
            name=name,
            handle=_free_handle(name),
            password_hash=password_hash,
            role=role,
            email_confirmed_at=confirmed_at,
            zone=zone,
            language=language,
            created_at=now,
        )
        try:
            with db.session.begin_nested():
                db.session.add(person)
        except IntegrityError:
            continue
        return person


def _free_handle(name: str) -> str:
    """A handle from a name in any script: ``wang-xiao-ming``, ``wang-xiao-ming-2``."""
    stem = slugify(name, max_length=LONGEST_HANDLE - 6) or "person"
    taken = queries.handles_like(stem)
    number = 1
    handle = stem
    while handle in taken:
        number += 1
        handle = f"{stem}-{number}"
    return handle


def _name(raw: str) -> str:
    return text.one_line(raw, field="name", longest=LONGEST_NAME)


def _handle(raw: str) -> str:
    handle = raw.strip().removeprefix("@").lower()
    if len(handle) > LONGEST_HANDLE or not HANDLE.fullmatch(handle):
        raise Refused(
            "handle",
            _("Use up to %(most)s letters from a to z, digits and hyphens between them.", most=LONGEST_HANDLE),
        )
    return handle


def _zone(raw: str) -> str:
    zone = zones.named(raw)
    if zone is None:
        raise Refused("zone", _("We do not know that place. Choose a city from the list, such as Shanghai."))
    return zone


def _ask_to_confirm(registration: Registration, *, now: datetime) -> None:
    db.session.add(registration)
    db.session.flush()  # the link carries its id
    mails.confirmation(registration, now=now)


def _may_write_to(address: str, kind: Kind, now: datetime) -> bool:
    return all(queries.mails_since(address, kind, now - period) < most for period, most in MAIL_LIMITS)


def _deleted(statement: Delete) -> int:
    result = db.session.execute(statement)
    assert isinstance(result, CursorResult)  # noqa: S101  # what SQLAlchemy gives for a DELETE
    return result.rowcount
