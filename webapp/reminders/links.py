"""The signed links of somebody who is reminded by another person. Neither needs an account."""

from __future__ import annotations

from datetime import timedelta

from webapp.core import tokens
from webapp.core.urls import absolute
from webapp.reminders.models import Recipient

ANSWER = "reminders.answer"
STOP = "reminders.stop"
ANSWER_WITHIN = timedelta(days=30)


def answer_url(recipient: Recipient) -> str:
    """Where the owner of an address says yes or no."""
    return absolute("reminders.answer", token=tokens.sign(ANSWER, _named(recipient)))


def stop_url(recipient: Recipient) -> str:
    """Never expires: whoever finds an old mail can still stop them. Who never said yes cannot by this one."""
    return absolute("reminders.stop", token=tokens.sign(STOP, _named(recipient)))


def to_answer(token: str) -> int | None:
    """The recipient that a link asks; None when it is forged or too old."""
    return _id_in(tokens.read(ANSWER, token, max_age=ANSWER_WITHIN))


def to_stop(token: str) -> int | None:
    """The recipient that a link stops mail to; None when it is forged."""
    return _id_in(tokens.read(STOP, token, max_age=None))


def _named(recipient: Recipient) -> list[int]:
    return [recipient.id]


def _id_in(payload: object) -> int | None:
    match payload:
        case [int(recipient_id)]:
            return recipient_id
    return None
