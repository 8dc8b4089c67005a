"""What a reader follows: the whole site, or some of its authors and tags, each at a cadence of its own if they like.

It is kept as one short text, the same for all who follow the same, so that a letter is made once for all of them and
readers are counted by it: ``site``, or numbers such as ``@3 @17=daily #5``. Without a cadence the reader's usual one
is meant.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Iterator
from dataclasses import dataclass, replace
from functools import lru_cache
from typing import Self

from webapp.subscriptions.models import Cadence

MOST = 50
"""Authors and tags a reader may follow one by one."""

SITE_WORD = "site"
WORD = re.compile(r"site|[@#][0-9]{1,10}", re.ASCII)
LARGEST_NUMBER = 2**31 - 1


@dataclass(frozen=True)
class Following:
    """``authors`` are numbers of people, ``tags`` of tags. ``own`` are the words that have a cadence of their own."""

    site: bool = False
    authors: frozenset[int] = frozenset()
    tags: frozenset[int] = frozenset()
    own: frozenset[tuple[str, Cadence]] = frozenset()

    @classmethod
    def read(cls, kept: str) -> Self:
        """What :meth:`__str__` wrote. What is no word of ours is left out."""
        pairs = [pair for pair in (word.partition("=")[::2] for word in kept.split()) if is_word(pair[0])]
        return cls(
            site=any(word == SITE_WORD for word, _cadence in pairs),
            authors=frozenset(int(word[1:]) for word, _cadence in pairs if word.startswith("@")),
            tags=frozenset(int(word[1:]) for word, _cadence in pairs if word.startswith("#")),
            own=frozenset((word, Cadence(cadence)) for word, cadence in pairs if cadence),
        )

    def __str__(self) -> str:
        own = dict(self.own)
        return " ".join(f"{word}={own[word]}" if word in own else word for word in self.words())

    def __len__(self) -> int:
        return len(self.authors) + len(self.tags)

    def __bool__(self) -> bool:
        return self.site or bool(self.authors) or bool(self.tags)

    def __or__(self, other: Following) -> Following:
        """Both; where they differ in a cadence, the other's."""
        said = {word for word, _cadence in other.own}
        own = frozenset(each for each in self.own if each[0] not in said) | other.own
        return Following(self.site or other.site, self.authors | other.authors, self.tags | other.tags, own)

    def words(self) -> Iterator[str]:
        """Each thing that is followed, as it is kept, without its cadence."""
        if self.site:
            yield SITE_WORD
        yield from (f"@{each}" for each in sorted(self.authors))
        yield from (f"#{each}" for each in sorted(self.tags))

    def without(self, other: Following) -> Following:
        """All but the authors and tags of the other."""
        return self._only(word for word in self.words() if word == SITE_WORD or word not in set(other.words()))

    def cadence_of(self, word: str, usual: Cadence) -> Cadence:
        return dict(self.own).get(word, usual)

    def cadences(self, usual: Cadence) -> frozenset[Cadence]:
        """All cadences at which this is followed, where ``usual`` is meant when none is chosen."""
        return frozenset(self.cadence_of(word, usual) for word in self.words())

    def at(self, cadences: Collection[Cadence], usual: Cadence) -> Following:
        """What of it is followed at one of these cadences."""
        return self._only(word for word in self.words() if self.cadence_of(word, usual) in cadences)

    def paced(self, cadence: Cadence) -> Following:
        """The same, all of it at a cadence of its own."""
        return replace(self, own=frozenset((word, cadence) for word in self.words()))

    def plain(self, usual: Cadence) -> Following:
        """The same, without saying what is usual."""
        return replace(self, own=frozenset(each for each in self.own if each[1] is not usual))

    def named(self, words: Collection[str]) -> Following:
        """What of it is kept as one of these words."""
        return self._only(word for word in self.words() if word in words)

    def needed(self, usual: Cadence) -> Following:
        """Without the authors and tags whose posts come as soon with the whole site."""
        if not self.site:
            return self
        of_site = self.cadence_of(SITE_WORD, usual)
        return self._only(
            word for word in self.words() if word == SITE_WORD or self.cadence_of(word, usual).is_faster_than(of_site)
        )

    def holds(self, author_ids: Collection[int], tag_ids: Collection[int]) -> bool:
        """Whether a post by these authors with these tags is for the reader."""
        return self.site or not self.authors.isdisjoint(author_ids) or not self.tags.isdisjoint(tag_ids)

    def _only(self, words: Iterator[str]) -> Following:
        kept = set(words)
        return Following(
            SITE_WORD in kept,
            frozenset(each for each in self.authors if f"@{each}" in kept),
            frozenset(each for each in self.tags if f"#{each}" in kept),
            frozenset(each for each in self.own if each[0] in kept),
        )


def is_word(word: str) -> bool:
    """Whether it is ``site``, or ``@`` or ``#`` and a number that a person or a tag can have."""
    return WORD.fullmatch(word) is not None and (word == SITE_WORD or int(word[1:]) <= LARGEST_NUMBER)


SITE = Following(site=True)


@lru_cache(maxsize=4096)
def read(kept: str) -> Following:
    """:meth:`Following.read`, remembered: thousands of readers have the same."""
    return Following.read(kept)
