"""The mails of an account. In each the link that matters comes first."""

from __future__ import annotations

import secrets
from datetime import datetime, timedelta

from webapp.accounts import links
from webapp.accounts.models import Person, Registration
from webapp.core import urls
from webapp.mail import operations as mail
from webapp.mail import rendering
from webapp.mail.models import Kind


def confirmation(registration: Registration, *, now: datetime) -> None:
    """Asks whoever reads mail at the address to confirm that they want the account."""
    _send(
        "accounts/mail/confirm",
        kind=Kind.CONFIRM,
        address=registration.email,
        language=registration.language,
        dedupe_key=f"confirm:{registration.id}:{secrets.token_hex(8)}",
        lifetime=links.CONFIRM_WITHIN,
        now=now,
        link=links.to_confirm(registration),
        name=registration.name,
    )


def known_already(person: Person, *, now: datetime) -> None:
    """Tells someone who registers again that there is an account; the page may not say so."""
    _send(
        "accounts/mail/known",
        kind=Kind.CONFIRM,
        address=person.email,
        language=person.language,
        dedupe_key=f"known:{person.id}:{secrets.token_hex(8)}",
        lifetime=links.CONFIRM_WITHIN,
        now=now,
        person=person,
        link=urls.absolute("accounts.login"),
        forgot_link=urls.absolute("accounts.forgot"),
        name=person.name,
    )


def reset(person: Person, *, now: datetime) -> None:
    """Sends the link with which a new password can be chosen, once, within the hour."""
    _send(
        "accounts/mail/reset",
        kind=Kind.RESET,
        address=person.email,
        language=person.language,
        dedupe_key=f"reset:{person.id}:{secrets.token_hex(8)}",
        lifetime=links.RESET_WITHIN,
        now=now,
        person=person,
        link=links.to_choose_password(person),
        name=person.name,
    )


def _send(
    template: str,
    *,
    kind: Kind,
    address: str,
    language: str | None,
    dedupe_key: str,
    lifetime: timedelta,
    now: datetime,
    person: Person | None = None,
    **context: str,
) -> None:
    """Writes the mail into the ledger. It is not worth sending after its link has expired."""
    rendered = rendering.render(template, language=language, address=address, **context)
    mail.enqueue(
        kind=kind,
        address=address,
        content=mail.compose(subject=rendered.subject, text=rendered.text, html=rendered.html),
        dedupe_key=dedupe_key,
        now=now,
        expires_at=now + lifetime,
        person_id=person.id if person else None,
    )
