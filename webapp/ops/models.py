"""Who was awake, and when."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import String
from sqlalchemy.orm import Mapped, mapped_column

from webapp.core.db import Model


class Heartbeat(Model):
    """The last sign of life of one part; ``detail`` is the version of Almanac that it runs.

    ``worker``: a task that beat sent has run. ``worker NAME``: it ran there. ``beat``: it sends, as far as it can tell.
    ``dispatcher``: it went round.
    """

    __tablename__ = "heartbeats"

    name: Mapped[str] = mapped_column(String(60), primary_key=True)
    seen_at: Mapped[datetime]
    detail: Mapped[str] = mapped_column(String(200), default="")
