"""Almanac's own archive: one zip with every table that is the site's and not the house's, as JSON lines, and its media.

``manifest.json`` says which version it is and how much is in it. ``tables/NAME.jsonl`` has a row a line, ``media/`` the
uploaded files, ``posts/`` the same posts once more as Markdown with front matter, for people and other programs.
"""

from webapp.portability.archive.reading import is_one, open_archive
from webapp.portability.archive.writing import write

__all__ = ["is_one", "open_archive", "write"]
