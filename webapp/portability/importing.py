"""A file of another system, brought in some items at a time.

Each step hands back entries for the report and leaves a transaction to end: the caller commits, and asks for the next.
"""

from __future__ import annotations

import gc
import itertools
from collections import deque
from collections.abc import Iterator, Sequence
from concurrent.futures import Executor, Future
from dataclasses import dataclass
from typing import Protocol

from webapp.core.db import insert_or_ignore
from webapp.core.markdown import Additions
from webapp.extensions import db
from webapp.portability import converting
from webapp.portability.conversations import Conversations
from webapp.portability.items import Converted, Item, Other, Source, Text
from webapp.portability.models import OldAddress, Outcome
from webapp.portability.pictures import Pictures
from webapp.portability.placing import Entry, Placing
from webapp.settings import choices

BATCH = 40
"""Items a transaction: few enough that nobody waits long for the database, enough to pay for a commit."""
AHEAD = 4
"""Batches that are being converted while one is written."""


class Steps(Protocol):
    """An import under way."""

    @property
    def total(self) -> int: ...

    def steps(self, start: int) -> Iterator[list[Entry]]:
        """The entries of the items from the one numbered ``start`` on, some at a time."""


@dataclass
class Import:
    """An import from another system. ``executor`` converts in other processes; None: here."""

    source: Source
    placing: Placing
    pictures: Pictures
    conversations: Conversations
    executor: Executor | None = None

    @property
    def total(self) -> int:
        return self.source.total

    def steps(self, start: int) -> Iterator[list[Entry]]:
        items = itertools.islice(self.source.items(), start, None)
        for batch, conversion in self._converted(items):
            texts = [each for each in batch if isinstance(each, Text)]
            converted = [self._with_pictures(*each) for each in zip(texts, conversion, strict=True)]
            entries = [_other(each) for each in batch if isinstance(each, Other)]
            entries += self.placing.place(list(zip(texts, converted, strict=True)))
            entries.sort(key=lambda entry: entry.nth)
            yield [*entries, *self.conversations.bring(texts), *self._people()]
        if not self.placing.is_dry_run:
            self._lead_old_paths()
        yield []

    def _converted(self, items: Iterator[Item]) -> Iterator[tuple[list[Item], list[Converted | None]]]:
        """Batches with what they became, in order; a few are under way at a time and no more."""
        additions = choices.here().additions
        waiting: deque[tuple[list[Item], list[bool], Future[list[Converted]] | list[Converted]]] = deque()
        for batch in _batches(items):
            texts = [each for each in batch if isinstance(each, Text)]
            known = self.placing.known(texts)
            db.session.rollback()  # no transaction stays open while texts are converted
            is_new = [self.placing.key_of(text) not in known for text in texts]
            bare = [_bare(text) for text, new in zip(texts, is_new, strict=True) if new]
            work = bare, additions
            waiting.append(
                (batch, is_new, self.executor.submit(convert_all, *work) if self.executor else convert_all(*work))
            )
            if len(waiting) > (AHEAD if self.executor else 0):
                yield _finished(*waiting.popleft())
        while waiting:
            yield _finished(*waiting.popleft())

    def _with_pictures(self, text: Text, converted: Converted | None) -> Converted | None:
        return converted if converted is None or converted.error else self.pictures.bring(text, converted)

    def _people(self) -> list[Entry]:
        """The authors that were made on the way. They are no items of the file, and are numbered by their place."""
        made, self.placing.authors.made = self.placing.authors.made, []
        return [Entry(-1, "author", name, Outcome.IMPORTED, "new here, without a password") for name in made]

    def _lead_old_paths(self) -> None:
        rows = [
            {"path": path, "post_id": None, "leads_to": leads_to, "created_at": self.placing.now}
            for path, leads_to in self.source.old_paths.items()
        ]
        if rows:
            db.session.execute(insert_or_ignore(db.session.connection(), OldAddress), rows)


def convert_all(texts: Sequence[Text], additions: Additions) -> list[Converted]:
    """Converts a batch. Trees of HTML are circles of small objects: collecting them once is enough."""
    was_collecting = gc.isenabled()
    gc.disable()
    try:
        return [converting.convert(text, additions=additions) for text in texts]
    finally:
        if was_collecting:
            gc.enable()


def _batches(items: Iterator[Item]) -> Iterator[list[Item]]:
    while batch := list(itertools.islice(items, BATCH)):
        yield batch


def _bare(text: Text) -> Text:
    """What converting needs of a text, and no more: it goes to another process."""
    return Text(text.nth, text.key, text.title, html=text.html, markdown=text.markdown, excerpt=text.excerpt)


def _finished(
    batch: list[Item], is_new: list[bool], conversion: Future[list[Converted]] | list[Converted]
) -> tuple[list[Item], list[Converted | None]]:
    done = iter(conversion.result() if isinstance(conversion, Future) else conversion)
    return batch, [next(done) if new else None for new in is_new]


def _other(item: Other) -> Entry:
    return Entry(item.nth, item.kind[:40], (item.title or item.kind)[:200], Outcome.SKIPPED, item.reason)
