"""Facts and choices of the whole site, one a row."""

from __future__ import annotations

from typing import Any

from sqlalchemy import String
from sqlalchemy.orm import Mapped, mapped_column

from webapp.core.db import Model, Timestamps


class SiteSetting(Timestamps, Model):
    """A named value. ``installed_at`` is written by the first migration: no digest is owed for the time before it."""

    __tablename__ = "site_settings"

    name: Mapped[str] = mapped_column(String(60), primary_key=True)
    value: Mapped[dict[str, Any]]
