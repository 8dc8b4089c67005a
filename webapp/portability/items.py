"""What is found in another system's file, in words that all systems share."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Protocol

from webapp.comments.models import CommentState
from webapp.posts.models import PostState


class BadSource(Exception):
    """The file cannot be read as what it is said to be. The message is one sentence; nothing was imported."""


@dataclass(frozen=True)
class Author:
    """Whoever wrote something, as far as their system says. ``email`` may be empty or no address at all."""

    name: str
    email: str = ""


@dataclass(frozen=True)
class Comment:
    """What a reader said. ``parent_key`` is the key of the comment it answers; ``html`` is as it was kept there.

    ``left_out`` says why it does not come here.
    """

    key: str
    name: str
    address: str
    html: str
    created_at: datetime
    state: CommentState = CommentState.PUBLISHED
    parent_key: str | None = None
    left_out: str = ""


@dataclass(frozen=True)
class Text:
    """A post, as it was there.

    ``key`` names it among all that its site ever wrote, so that a second import finds it again. Either ``html`` or
    ``markdown`` is given. ``old_paths`` are where readers know it from, such as ``/2019/05/hello``. ``notes`` are
    remarks for the report; ``draft_because`` says why something that was more than a draft becomes one here.
    ``excerpt`` is one that somebody wrote for it, ``cover`` the address of the picture at its head, ``canonical_url``
    where it stood first, if that was elsewhere.
    """

    nth: int
    key: str
    title: str
    html: str | None = None
    markdown: str | None = None
    slug: str = ""
    state: PostState = PostState.DRAFT
    published_at: datetime | None = None
    updated_at: datetime | None = None
    author: Author | None = None
    co_authors: Sequence[Author] = ()
    tags: Sequence[str] = ()
    excerpt: str = ""
    cover: str = ""
    cover_alt: str = ""
    canonical_url: str = ""
    old_paths: Sequence[str] = ()
    comments: Sequence[Comment] = ()
    notes: Sequence[str] = ()
    draft_because: str = ""
    kind: str = "post"

    @property
    def fingerprint(self) -> str:
        """Differs when what was written there has changed since."""
        parts = (self.title, self.html or "", self.markdown or "", self.slug, str(self.state), *self.tags)
        return hashlib.sha256("\x1f".join(parts).encode("utf-8", "surrogatepass")).hexdigest()[:32]


@dataclass(frozen=True)
class Other:
    """Something in the file that does not become a post, and why."""

    nth: int
    kind: str
    title: str
    reason: str


Item = Text | Other


class Source(Protocol):
    """An open file of some system: read once to see that it is whole, then item by item, in bounded memory.

    ``site`` tells two sites of the same system apart. ``total`` is how many items there are. ``old_paths`` leads
    addresses that are not those of a post, such as ``/feed``, to where the same is found here.
    """

    system: str
    site: str
    total: int
    old_paths: dict[str, str]

    def items(self) -> Iterator[Item]: ...

    def picture(self, address: str) -> bytes | None:
        """What the source itself holds under an address that one of its texts names; None when it holds nothing."""


@dataclass
class Converted:
    """A text made ready to keep: Markdown and what it renders to, and what could not be kept."""

    body: str = ""
    html: str = ""
    excerpt: str = ""
    own_excerpt: str = ""
    cover_id: int | None = None
    minutes: int = 1
    notes: list[str] = field(default_factory=list)
    error: str = ""
