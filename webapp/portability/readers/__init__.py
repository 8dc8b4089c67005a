"""Reading the files of other systems, one module for each."""

from __future__ import annotations

import enum
from collections.abc import Callable
from pathlib import Path

from webapp.portability.items import Source
from webapp.portability.readers import feed, folder, ghost, wordpress


class System(enum.StrEnum):
    """Whose files can be read."""

    WORDPRESS = "wordpress"
    GHOST = "ghost"
    MARKDOWN = "markdown"
    FEED = "feed"
    ALMANAC = "almanac"


READERS: dict[System, Callable[[Path], Source]] = {
    System.WORDPRESS: wordpress.open_source,
    System.GHOST: ghost.open_source,
    System.MARKDOWN: folder.open_source,
    System.FEED: feed.open_source,
}


def open_source(system: System, path: Path) -> Source:
    """Opens a file and reads it once. Raises :class:`~webapp.portability.items.BadSource` when it is not whole."""
    return READERS[system](path)
