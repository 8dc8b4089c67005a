"""Mail that was accepted and came back: which one it was, and what follows.

Each mail leaves from an address of its own (VERP), signed, so that a bounce names the mail and nobody can make us stop
writing to somebody else.
"""

from __future__ import annotations

import enum
import hashlib
import hmac
import re
from datetime import datetime
from email.message import Message

import structlog
from flufl.bounce import all_failures
from sqlalchemy import update

from config import Config
from webapp.core import site
from webapp.core.errors import Refused
from webapp.core.words import _
from webapp.extensions import db
from webapp.mail.models import Delivery, DeliveryAttempt
from webapp.mail.operations import suppress

WHERE_TO = ("To", "Delivered-To", "X-Original-To", "Envelope-To", "X-Envelope-To", "X-Rcpt-To", "Cc")
"""Where the programs on the way write down the address that a bounce was sent to."""

log = structlog.get_logger()


class Verdict(enum.StrEnum):
    PERMANENT = "permanent"
    TEMPORARY = "temporary"


def sender(delivery_id: int, config: Config) -> str:
    """The envelope sender of a mail: where a bounce of it goes."""
    if not config.bounce_domain:
        return config.mail_from
    return f"bounce+{delivery_id}-{_signature(delivery_id, config.secret_key)}@{config.bounce_domain}"


def take(message: Message, *, now: datetime) -> tuple[Delivery, Verdict]:
    """Reads a bounce or a complaint. Complaints and permanent bounces end all mail to the address; others are logged.

    Raises :class:`Refused` for anything else: no address of ours, a forged one, or no bounce that can be read.
    """
    delivery = db.session.get(Delivery, _whose(message, site.config()))
    if delivery is None:
        raise Refused("message", _("This bounce is about a mail that is not in the ledger any more."))
    if (complaint := _complaint(message)) is not None:
        return _stop(delivery, f"complained: {complaint}"[:200], complaint, phase="complaint", now=now)
    temporary, permanent = _failures(message)
    if not permanent:
        if not temporary:
            raise Refused(
                "message", _("This is no bounce that can be read; it came back for mail %(id)s.", id=delivery.id)
            )
        log.info("mail.bounced", delivery=delivery.id, verdict=str(Verdict.TEMPORARY), why=_why(message))
        return delivery, Verdict.TEMPORARY

    why = _why(message)
    return _stop(delivery, f"bounced: {why}"[:200], why, phase="bounce", now=now)


def _stop(delivery: Delivery, note: str, why: str, *, phase: str, now: datetime) -> tuple[Delivery, Verdict]:
    """Ends all mail to the address of a delivery, and writes down why."""
    suppress(delivery.address, reason=note, now=now)
    db.session.execute(update(Delivery).where(Delivery.id == delivery.id).values(skip_reason=note))
    db.session.add(
        DeliveryAttempt(
            delivery_id=delivery.id,
            phase=phase,
            outcome="bounced" if phase == "bounce" else "complained",
            reply=why,
            worker="(mail bounce)",
            started_at=now,
            ended_at=now,
        )
    )
    log.warning("mail.bounced", delivery=delivery.id, verdict=str(Verdict.PERMANENT), phase=phase, why=why)
    return delivery, Verdict.PERMANENT


def _complaint(message: Message) -> str | None:
    """What kind of complaint this is, by its report (RFC 5965); None when it is none."""
    for part in message.walk():
        if part.get_content_type() == "message/feedback-report":
            inner = part.get_payload()
            told = inner[0] if isinstance(inner, list) and inner else inner
            kind = told.get("Feedback-Type") if isinstance(told, Message) else None
            if kind is None:  # some parsers leave the report as text
                found = re.search(r"^Feedback-Type:\s*(\S+)", str(told), re.IGNORECASE | re.MULTILINE)
                kind = found[1] if found else "abuse"
            kind = " ".join(str(kind).split())[:40].lower()
            return None if kind == "not-spam" else kind
    return None


def _failures(message: Message) -> tuple[frozenset[bytes], frozenset[bytes]]:
    """The addresses that failed for now, and for good."""
    try:
        temporary, permanent = all_failures(message)
    except Exception as error:  # noqa: BLE001  # some of its readers trip over what is no bounce at all
        log.info("mail.bounce_unreadable", error=repr(error))
        return frozenset(), frozenset()
    return temporary, permanent


def _whose(message: Message, config: Config) -> int:
    """The id of the mail that came back, from the address the bounce was sent to."""
    if not config.bounce_domain:
        raise Refused("message", _("BOUNCE_DOMAIN is not set, so no mail of ours can come back here."))
    ours = re.compile(
        rf"\bbounce\+(\d{{1,18}})-([0-9a-f]{{20}})@{re.escape(config.bounce_domain)}(?![\w.-])", re.IGNORECASE
    )
    for name in WHERE_TO:
        for value in message.get_all(name, []):
            for number, signature in ours.findall(str(value)):
                delivery_id = int(number)
                keys = (config.secret_key, *config.secret_key_fallbacks)
                if any(hmac.compare_digest(signature.lower(), _signature(delivery_id, key)) for key in keys):
                    return delivery_id
    raise Refused("message", _("This was not sent to a bounce address of ours."))


def _signature(delivery_id: int, key: str) -> str:
    """80 bits in hexadecimal: mail servers do not always keep capitals."""
    return hmac.new(key.encode(), f"almanac/bounce/{delivery_id}".encode(), hashlib.sha256).hexdigest()[:20]


def _why(message: Message) -> str:
    """What the other server said, in one line."""
    for part in message.walk():
        for name in ("Diagnostic-Code", "Status"):
            said = part.get(name)
            if said:
                return " ".join(str(said).split()).removeprefix("smtp; ")[:180]
    return "it came back, without a word why"
