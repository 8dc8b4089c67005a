"""For what the listeners cannot see by itself: a row of a table that holds much else besides."""

from __future__ import annotations

from webapp.caching.signals import CHANGED
from webapp.extensions import db


def renew_pages() -> None:
    """Has every page made anew once the present transaction is committed."""
    db.session.connection().info[CHANGED] = True
