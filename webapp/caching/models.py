"""The stamp of all that strangers see."""

from __future__ import annotations

from sqlalchemy import String
from sqlalchemy.orm import Mapped, mapped_column

from webapp.core.db import Model

THE_ONLY = 1


class PageStamp(Model):
    """The one row whose ``stamp`` is another after every commit that changed something strangers see.

    It changes in that same commit, so whoever reads an old stamp may see new pages, but never the other way round.
    """

    __tablename__ = "page_stamp"

    id: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    stamp: Mapped[str] = mapped_column(String(32))
