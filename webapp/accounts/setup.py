"""The link that makes the first administrator."""

from __future__ import annotations

from webapp.accounts import links, queries


def link() -> str | None:
    """The address to print while there is no administrator; None once there is one. Needs an application context."""
    return None if queries.has_administrator() else links.to_set_up()
