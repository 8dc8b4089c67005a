"""The pictures of imported texts: looked for in the source, in a folder of uploads, or, if allowed, on the net."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from urllib.parse import unquote, urlsplit

from webapp.core import fetching
from webapp.core.fetching import NotFetched
from webapp.images import addresses
from webapp.portability import converting
from webapp.portability.items import Converted, Source, Text
from webapp.settings import choices

LARGEST = 32 * 1024 * 1024
UPLOADS = ("/wp-content/uploads/", "/content/images/", "/uploads/", "/assets/", "/static/", "/images/")
IS_PICTURE = re.compile(r"\.(?:jpe?g|png|gif|webp|avif)$", re.IGNORECASE)
THUMBNAIL = re.compile(r"-\d{2,4}x\d{2,4}(?=\.\w+$)")
"""What WordPress adds to the name of a smaller copy. We make our own copies, of the whole picture."""


@dataclass(frozen=True)
class Ours:
    """A picture of this site."""

    id: int
    address: str


Keep = Callable[[bytes, str, str], Ours]
"""Keeps a picture that was called so and shows that. Raises ValueError with the reason why not."""


@dataclass
class Pictures:
    """One run's pictures; each is brought here once. ``stay`` is called now and then: pictures take their time."""

    source: Source
    keep: Keep
    uploads: Path | None = None
    may_fetch: bool = False
    is_dry_run: bool = False
    stay: Callable[[], None] = lambda: None
    _moved: dict[str, Ours] = field(default_factory=dict)
    _lost: dict[str, str] = field(default_factory=dict)

    def bring(self, text: Text, converted: Converted) -> Converted:
        """The text with its pictures here. What stays where it is, is named in the notes.

        A cover that stays there stands at the beginning of the text.
        """
        wanted = converting.pictures(converted.body)
        if text.cover:
            wanted[text.cover] = text.cover_alt or wanted.get(text.cover, "")
        linked = [each for each in converting.targets(converted.body) if each not in wanted and IS_PICTURE.search(each)]
        for address, words in wanted.items():
            self._bring(address, words)
        for address in linked:
            self._bring_linked(address)
        lost = [f"{each} ({self._lost[each]})" for each in wanted if each in self._lost]
        if lost:
            converted.notes.append(f"pictures that stay where they are: {', '.join(lost)}")
        if self.is_dry_run:
            return converted
        body = converting.with_pictures(
            converted.body, {each: self._moved[each].address for each in (*wanted, *linked) if each in self._moved}
        )
        cover = self._moved.get(text.cover)
        if text.cover and cover is None and text.cover not in body:
            body = f"{converting.picture(text.cover, text.cover_alt)}\n\n{body}"
        if body != converted.body:
            again = Text(text.nth, text.key, text.title, markdown=body, excerpt=text.excerpt)
            notes = converted.notes
            converted = converting.convert(again, pictures=addresses.in_text, additions=choices.here().additions)
            converted.notes = notes
        converted.cover_id = cover.id if cover else None
        return converted

    def _bring(self, address: str, words: str) -> None:
        if address in self._moved or address in self._lost:
            return
        self.stay()
        try:
            found = self._local(address)
            if found is None and self.is_dry_run and self.may_fetch:
                self._moved[address] = Ours(0, address)
                return
            found = found or self._fetched(address)
            self._moved[address] = self.keep(found, _name(address), words)
        except (NotFetched, ValueError) as error:
            self._lost[address] = str(error)

    def _bring_linked(self, address: str) -> None:
        """A picture that a text only links to comes along when it is at hand."""
        if address in self._moved:
            return
        try:
            if (found := self._local(address)) is not None:
                self._moved[address] = self.keep(found, _name(address), "")
        except (NotFetched, ValueError):
            return

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
        if tails and (whole := THUMBNAIL.sub("", path)) != path:
            tails = [*(whole.partition(part)[2] for part in UPLOADS if part in whole), *tails]
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


def _name(address: str) -> str:
    return unquote(urlsplit(address).path).rpartition("/")[2]
