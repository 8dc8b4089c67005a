"""Where files lie: a folder of this machine, or a bucket. Nothing else knows which.

A file's name is ``folder/file``, both made by us. A file is written whole or not at all, and never changed.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime
from functools import cache
from pathlib import Path
from typing import Protocol

from webapp.core import site
from webapp.images.storage import bucket
from webapp.images.storage.errors import Missing, Unavailable
from webapp.images.storage.folder import Folder

__all__ = ["Missing", "Storage", "Unavailable", "here"]


class Storage(Protocol):
    """What a place for files can do. Each may raise :class:`Unavailable`."""

    def write(self, name: str, data: bytes) -> None:
        """Keeps a file for good: when this returns, a power cut takes nothing back."""

    def read(self, name: str) -> bytes:
        """A whole file. Raises :class:`Missing`."""

    def remove(self, folder: str) -> None:
        """Removes a folder with all its files. One that is not there is no error."""

    def folders(self) -> Iterator[tuple[str, datetime]]:
        """All folders, each with the instant at which it last changed."""


def here() -> Storage:
    """The storage of the application this code runs in: UPLOADS_URL, or ``uploads/images`` under DATA_DIR."""
    config = site.config()
    return _opened(config.uploads_url, config.data_dir)


@cache
def _opened(url: str, data_dir: Path) -> Storage:
    return bucket.opened(url) if url else Folder(data_dir / "uploads" / "images")
