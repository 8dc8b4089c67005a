"""The pictures of imported texts: looked for in the source, in a folder of uploads, or, if allowed, on the net."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from urllib.parse import unquote, urlsplit

from webapp.core import fetching
from webapp.core.fetching import NotFetched
from webapp.portability import converting
from webapp.portability.items import Converted, Source, Text

LARGEST = 32 * 1024 * 1024
UPLOADS = ("/wp-content/uploads/", "/content/images/", "/uploads/", "/assets/", "/static/", "/images/")

Keep = Callable[[bytes, str], str]
"""Stores a picture and returns the address it has here. Raises ValueError with the reason why not."""


@dataclass
class Pictures:
    """One run's pictures; each is brought here once. ``keep`` is None where this site has no place for them."""

    source: Source
    keep: Keep | None
    uploads: Path | None = None
    may_fetch: bool = False
    is_dry_run: bool = False
    _moved: dict[str, str] = field(default_factory=dict)
    _lost: dict[str, str] = field(default_factory=dict)

    def bring(self, text: Text, converted: Converted) -> Converted:
        """The text with its pictures here. What stays where it is, is named in the notes."""
        addresses = converting.pictures(converted.body)
        if not addresses:
            return converted
        for address in addresses:
            self._bring(address)
        moved = {each: self._moved[each] for each in addresses if each in self._moved}
        lost = [f"{each} ({self._lost[each]})" for each in addresses if each in self._lost]
        if lost:
            converted.notes.append(f"pictures that stay where they are: {', '.join(lost)}")
        if not moved or self.is_dry_run:
            return converted
        notes = converted.notes
        again = Text(
            text.nth,
            text.key,
            text.title,
            markdown=converting.with_pictures(converted.body, moved),
            excerpt=text.excerpt,
        )
        converted = converting.convert(again)
        converted.notes = notes
        return converted

    def _bring(self, address: str) -> None:
        if address in self._moved or address in self._lost:
            return
        if self.keep is None:
            self._lost[address] = "this site keeps no pictures"
            return
        try:
            found = self._local(address)
            if found is None and self.is_dry_run and self.may_fetch:
                self._moved[address] = address
                return
            found = found or self._fetched(address)
            name = unquote(urlsplit(address).path).rpartition("/")[2]
            self._moved[address] = address if self.is_dry_run else self.keep(found, name)
        except (NotFetched, ValueError) as error:
            self._lost[address] = str(error)

    def _local(self, address: str) -> bytes | None:
        """From the source itself, or from the folder that the other system kept its uploads in."""
        try:
            path = unquote(urlsplit(address).path)
        except ValueError:
            raise NotFetched("that is no address") from None
        return self.source.picture(address) or (self._uploaded(path) if self.uploads else None)

    def _uploaded(self, path: str) -> bytes | None:
        if self.uploads is None or "\0" in path:
            return None
        root = self.uploads.resolve()
        tails = [path.partition(part)[2] for part in UPLOADS if part in path]
        for tail in (*tails, path.lstrip("/")):
            file = (root / tail).resolve()
            if tail and file.is_relative_to(root) and file.is_file() and file.stat().st_size <= LARGEST:
                return file.read_bytes()
        return None

    def _fetched(self, address: str) -> bytes:
        if not self.may_fetch:
            raise NotFetched("not found, and fetching was not allowed" if self.uploads else "fetching was not allowed")
        if not address.startswith(("http://", "https://")):
            raise NotFetched("it was not found")
        return fetching.fetch(address, largest=LARGEST)
