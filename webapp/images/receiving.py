"""From the bytes somebody sends to the row of a picture. For the edges: it gives up the open transaction meanwhile."""

from __future__ import annotations

from typing import IO

from webapp.accounts.models import Person
from webapp.core import clock
from webapp.extensions import db
from webapp.images import operations, queries
from webapp.images.models import Image


class TooLarge(Exception):
    """More bytes than are taken. The message is a sentence."""

    def __init__(self) -> None:
        super().__init__(
            f"It is larger than {operations.limit_in_bytes() // operations.MEGABYTE} MB, the most we take."
        )


def take(stream: IO[bytes], filename: str, *, owner: Person, alt: str) -> tuple[Image, bool]:
    """One picture, read and kept, in the open transaction; and whether it used to move.

    What was written in the transaction before is rolled back: reading a picture takes its time, and nobody else should
    wait for us meanwhile. Raises :class:`TooLarge`, Refused for ``file`` or ``alt``, pictures.Busy, or
    storage.Unavailable.
    """
    raw = stream.read(operations.limit_in_bytes() + 1)
    if len(raw) > operations.limit_in_bytes():
        raise TooLarge
    before = queries.sent_before(owner, operations.digest_of(raw))
    if before is not None:
        return operations.take_again(before, alt=alt, now=clock.now()), False
    db.session.rollback()
    received = operations.receive(raw, filename)
    return operations.keep(received, owner=owner, alt=alt, now=clock.now()), received.picture.moved
