"""The signed links of an account: what each stands for, how long it lasts, and what uses it up."""

from __future__ import annotations

from datetime import timedelta

from webapp.accounts.models import Person, Registration
from webapp.core import tokens, urls
from webapp.extensions import db

CONFIRM_WITHIN = timedelta(days=3)
RESET_WITHIN = timedelta(hours=1)
SET_UP_WITHIN = timedelta(days=7)


def to_confirm(registration: Registration) -> str:
    """Confirms one registration; used up when its row is gone."""
    return urls.absolute("accounts.confirm", token=tokens.sign("confirm", registration.id))


def registration(token: str) -> Registration | None:
    """What a link would confirm; None when it is forged, too old or used."""
    found = tokens.read("confirm", token, max_age=CONFIRM_WITHIN)
    return db.session.get(Registration, found) if isinstance(found, int) else None


def to_choose_password(person: Person) -> str:
    """Lets someone choose a password; used up, like every other such link of theirs, once there is a new one."""
    return urls.absolute("accounts.reset", token=reset_token(person))


def reset_token(person: Person) -> str:
    return tokens.sign("reset", [person.id, tokens.fingerprint(person.password_hash)])


def person_who_forgot(token: str) -> Person | None:
    """Whose password a link may set; None when it is forged, too old or used."""
    match tokens.read("reset", token, max_age=RESET_WITHIN):
        case [int(person_id), str(state)]:
            person = db.session.get(Person, person_id)
            return person if person and state == tokens.fingerprint(person.password_hash) else None
    return None


def to_set_up() -> str:
    """Lets whoever reads the console make the first administrator; used up by there being one."""
    return urls.absolute("accounts.setup", token=tokens.sign("setup", "administrator"))


def is_to_set_up(token: str) -> bool:
    return tokens.read("setup", token, max_age=SET_UP_WITHIN) == "administrator"
