"""The address of a letter in the browser, and the one that stops a letter before it goes out."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from webapp.core import tokens
from webapp.core.urls import absolute

PURPOSE = "digest"
STOP = "digest.stop"
STOP_WITHIN = timedelta(days=2)
EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
MICROSECOND = timedelta(microseconds=1)


def browser_url(token: str) -> str:
    """Where the letter that has this token is read. Nobody can guess one."""
    return absolute("digests.browser", token=token)


def window(token: str) -> tuple[datetime, datetime] | None:
    """The window of a letter from before letters had rows, by its signed address; None when it is forged."""
    match tokens.read(PURPOSE, token, max_age=None):
        case [int(start), int(end)]:
            return EPOCH + start * MICROSECOND, EPOCH + end * MICROSECOND
    return None


def stop_url(run_id: int) -> str:
    return absolute("digests.stop", token=tokens.sign(STOP, run_id))


def to_stop(token: str) -> int | None:
    """The run that a link stops; None when it is forged or old."""
    match tokens.read(STOP, token, max_age=STOP_WITHIN):
        case int(run_id):
            return run_id
    return None
