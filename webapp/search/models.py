"""What an engine outside of the database has yet to hear."""

from __future__ import annotations

from sqlalchemy.orm import Mapped, mapped_column

from webapp.core.db import Model


class Change(Model):
    """A post that may read otherwise than an engine elsewhere believes.

    Triggers write it in the transaction that changes the post, while such an engine is in use; it goes when the engine
    has answered. Ids only rise, so the highest of a post says which of two reports about it is the later.
    There is no foreign key: what was deleted has to be reported too.
    """

    __tablename__ = "search_changes"
    __table_args__ = {"sqlite_autoincrement": True}  # noqa: RUF012  # SQLAlchemy reads it from the class

    id: Mapped[int] = mapped_column(primary_key=True)
    post_id: Mapped[int]
