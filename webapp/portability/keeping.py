"""Pictures of imported texts, kept as pictures of this site: somebody's, with copies, and each once."""

from __future__ import annotations

import io
from dataclasses import dataclass

from sqlalchemy import select

from webapp.accounts.models import Person, Role
from webapp.core.errors import Refused
from webapp.extensions import db
from webapp.images import addresses, operations, pictures, queries, receiving, storage
from webapp.portability.items import BadSource
from webapp.portability.pictures import Ours

NOBODY = "there is nobody whose it could be: say --author with somebody's address"


@dataclass(frozen=True)
class Keeper:
    """Keeps pictures for one owner. Each is committed by itself: call it while nothing else waits to be written."""

    owner_id: int | None
    is_dry_run: bool = False

    def __call__(self, content: bytes, name: str, alt: str) -> Ours:
        """A picture of ours with these bytes. Raises ValueError with the reason why not, or :class:`BadSource`."""
        owner = db.session.get(Person, self.owner_id) if self.owner_id else None
        if owner is None:
            raise ValueError(NOBODY)
        try:
            if self.is_dry_run:
                return _looked_at(content, owner)
            image, _moved = receiving.take(
                io.BytesIO(content), name, owner=owner, alt=" ".join(alt.split())[: operations.LONGEST_ALT]
            )
            kept = Ours(image.id, addresses.path(image))
            db.session.commit()
        except Refused as refused:
            raise ValueError(refused.message.rstrip(".")) from None
        except receiving.TooLarge as large:
            raise ValueError(str(large).rstrip(".")) from None
        except (storage.Unavailable, pictures.Busy) as why:
            raise BadSource(
                f"Pictures cannot be kept now: {why}. Give it again: it goes on where it stopped."
            ) from None
        finally:
            db.session.rollback()
        return kept


def keeper(author_id: int | None, *, is_dry_run: bool) -> Keeper:
    """Keeps for whoever gets the posts of no known author; without one for the first administrator."""
    first = select(Person.id).where(Person.role == Role.ADMIN).order_by(Person.id).limit(1)
    return Keeper(author_id or db.session.scalar(first), is_dry_run=is_dry_run)


def _looked_at(content: bytes, owner: Person) -> Ours:
    """What would be refused is, and nothing is kept."""
    if len(content) > operations.limit_in_bytes():
        raise receiving.TooLarge
    if queries.sent_before(owner, operations.digest_of(content)) is None:
        pictures.read(content)
    return Ours(0, "")
