"""Two texts of one post beside each other, for whoever has to bring them together."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from webapp.posts import diffs
from webapp.posts.diffs import Passage, Piece
from webapp.posts.forms import PostForm

LINES = ("title", "tags", "slug", "excerpt", "canonical_url")


@dataclass(frozen=True)
class Both:
    """What is in one text only. ``lines`` are the short fields that differ, by label; ``text`` empty if it does not."""

    lines: Sequence[tuple[str, Sequence[Piece]]]
    text: Sequence[Passage]

    @property
    def is_empty(self) -> bool:
        return not self.lines and not self.text


def compare(saved: PostForm, typed: PostForm) -> Both:
    """From what is saved to what is typed. A field that was not sent changes nothing, so it is no difference."""
    pairs = [(name, _words(saved, name), _words(typed, name)) for name in LINES if typed[name].data is not None]
    lines = [(typed[name].label.text, diffs.words(old, new)) for name, old, new in pairs if old != new]
    old, new = (form.body.data or "" for form in (saved, typed))
    is_same = typed.body.data is None or old.splitlines() == new.splitlines()
    return Both(lines, [] if is_same else diffs.passages(old, new))


def _words(form: PostForm, name: str) -> str:
    if name == "tags":
        return ", ".join(sorted(filter(None, (each.strip() for each in form.tag_names or []))))
    return " ".join((form[name].data or "").split())
