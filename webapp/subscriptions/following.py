"""What a reader follows: the whole site, or some of its authors and tags.

It is kept as one short text, the same for all who follow the same, so that a letter is made once for all of them and
readers are counted by it: ``site``, or numbers such as ``@3 @17 #5``.
"""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass, replace
from functools import lru_cache
from typing import Self

MOST = 50
"""Authors and tags a reader may follow one by one."""


@dataclass(frozen=True)
class Following:
    """``authors`` are numbers of people, ``tags`` of tags; neither counts while the whole ``site`` is followed."""

    site: bool = False
    authors: frozenset[int] = frozenset()
    tags: frozenset[int] = frozenset()

    @classmethod
    def read(cls, kept: str) -> Self:
        """What :meth:`__str__` wrote."""
        words = kept.split()
        return cls(
            site="site" in words,
            authors=frozenset(int(word[1:]) for word in words if word.startswith("@")),
            tags=frozenset(int(word[1:]) for word in words if word.startswith("#")),
        )

    def __str__(self) -> str:
        site = ["site"] if self.site else []
        return " ".join(
            [*site, *(f"@{each}" for each in sorted(self.authors)), *(f"#{each}" for each in sorted(self.tags))]
        )

    def __len__(self) -> int:
        return len(self.authors) + len(self.tags)

    def __bool__(self) -> bool:
        return self.site or bool(self.authors) or bool(self.tags)

    def __or__(self, other: Following) -> Following:
        return Following(self.site or other.site, self.authors | other.authors, self.tags | other.tags)

    def without(self, other: Following) -> Following:
        return replace(self, authors=self.authors - other.authors, tags=self.tags - other.tags)

    def holds(self, author_ids: Collection[int], tag_ids: Collection[int]) -> bool:
        """Whether a post by these authors with these tags is for the reader."""
        return self.site or not self.authors.isdisjoint(author_ids) or not self.tags.isdisjoint(tag_ids)


SITE = Following(site=True)


@lru_cache(maxsize=4096)
def read(kept: str) -> Following:
    """:meth:`Following.read`, remembered: thousands of readers have the same."""
    return Following.read(kept)
