"""What is different between two texts, in words, as people read it."""

from __future__ import annotations

import enum
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from difflib import SequenceMatcher
from itertools import groupby

from webapp.core.language import IDEOGRAPH

CONTEXT = 2
"""Lines that are shown before and after a change."""
MOST = 2000
"""Lines or words that are compared one by one. The work may grow with the square; beyond this a part is replaced."""
ALIKE = 0.35
"""Below this two passages have little to do with each other, and word by word would only be a riddle."""
WORD = re.compile(rf"\s+|{IDEOGRAPH.pattern}|(?:(?!{IDEOGRAPH.pattern})\w)+|[^\w\s]")


class Kind(enum.StrEnum):
    """What became of a passage."""

    SAME = "same"
    ADDED = "added"
    REMOVED = "removed"
    CHANGED = "changed"


@dataclass(frozen=True)
class Piece:
    """Some words in a row that are the same, added or removed."""

    kind: Kind
    text: str


@dataclass(frozen=True)
class Passage:
    """Some lines in a row. ``left_out`` counts those that are the same and are not shown; then there are no pieces."""

    kind: Kind
    pieces: Sequence[Piece] = ()
    left_out: int = 0

    @property
    def has_words(self) -> bool:
        return any(piece.text.strip() for piece in self.pieces)

    @property
    def trimmed(self) -> Sequence[Piece]:
        """The pieces without the empty lines before and after the words, where that is one piece."""
        if len(self.pieces) != 1:
            return self.pieces
        return [Piece(self.pieces[0].kind, self.pieces[0].text.strip("\n"))]


def passages(before: str, after: str) -> list[Passage]:
    """The two texts as one, with what changed and a little of what stands around it."""
    old, new = before.splitlines(), after.splitlines()
    steps = _steps(old, new)
    found: list[Passage] = []
    for place, (step, start, end, new_start, new_end) in enumerate(steps):
        if step == "equal":
            found += _around(old[start:end], is_first=place == 0, is_last=place == len(steps) - 1)
        elif step == "insert":
            found.append(Passage(Kind.ADDED, [Piece(Kind.ADDED, "\n".join(new[new_start:new_end]))]))
        elif step == "delete":
            found.append(Passage(Kind.REMOVED, [Piece(Kind.REMOVED, "\n".join(old[start:end]))]))
        else:
            changed = words("\n".join(old[start:end]), "\n".join(new[new_start:new_end]))
            found.append(Passage(Kind.CHANGED, changed))
    return found


def words(before: str, after: str) -> list[Piece]:
    """Two passages as one, word by word. A Chinese character is a word."""
    old, new = WORD.findall(before), WORD.findall(after)
    matcher = SequenceMatcher(None, old, new)
    if max(len(old), len(new)) > MOST or matcher.quick_ratio() < ALIKE or matcher.ratio() < ALIKE:
        both = [Piece(Kind.REMOVED, before), Piece(Kind.ADDED, after)]
        return [piece for piece in both if piece.text]
    pieces = (
        piece
        for step, start, end, new_start, new_end in matcher.get_opcodes()
        for piece in _pieces(step, old[start:end], new[new_start:new_end])
    )
    return list(_joined(pieces))


def _steps(old: Sequence[str], new: Sequence[str]) -> list[tuple[str, int, int, int, int]]:
    """How the old lines become the new ones. What both begin and end with is set aside first, which is nearly all."""
    head = 0
    while head < min(len(old), len(new)) and old[head] == new[head]:
        head += 1
    tail = 0
    while tail < min(len(old), len(new)) - head and old[-1 - tail] == new[-1 - tail]:
        tail += 1
    old_end, new_end = len(old) - tail, len(new) - tail
    steps: list[tuple[str, int, int, int, int]] = [("equal", 0, head, 0, head)] if head else []
    if max(old_end, new_end) - head > MOST:
        steps.append(("replace", head, old_end, head, new_end))
    else:
        matcher = SequenceMatcher(None, old[head:old_end], new[head:new_end])
        steps += [(step, *(at + head for at in places)) for step, *places in matcher.get_opcodes()]  # type: ignore[misc]  # four
    if tail:
        steps.append(("equal", old_end, len(old), new_end, len(new)))
    return steps


def _around(lines: Sequence[str], *, is_first: bool, is_last: bool) -> Iterator[Passage]:
    """The lines beside a change; how many are left out between two changes, before the first, after the last."""
    head = 0 if is_first else CONTEXT
    tail = 0 if is_last else CONTEXT
    left_out = len(lines) - head - tail
    if left_out <= 1:
        yield _same(lines)
        return
    if head:
        yield _same(lines[:head])
    yield Passage(Kind.SAME, left_out=left_out)
    if tail:
        yield _same(lines[-tail:])


def _same(lines: Sequence[str]) -> Passage:
    return Passage(Kind.SAME, [Piece(Kind.SAME, "\n".join(lines))])


def _pieces(step: str, old: Sequence[str], new: Sequence[str]) -> Iterator[Piece]:
    if step == "equal":
        yield Piece(Kind.SAME, "".join(old))
        return
    if old:
        yield Piece(Kind.REMOVED, "".join(old))
    if new:
        yield Piece(Kind.ADDED, "".join(new))


def _joined(pieces: Iterator[Piece]) -> Iterator[Piece]:
    """A single space between two changes belongs to them: "old words" become "new words", not each its own."""
    waiting = {Kind.REMOVED: "", Kind.ADDED: ""}
    for is_space, group in groupby(pieces, key=lambda piece: piece.kind is Kind.SAME and piece.text.strip(" ") != ""):
        run = list(group)
        if not is_space:
            for piece in run:
                for kind in (piece.kind,) if piece.kind is not Kind.SAME else (Kind.REMOVED, Kind.ADDED):
                    waiting[kind] += piece.text
            yield from (Piece(kind, text) for kind, text in waiting.items() if text)
            waiting = dict.fromkeys(waiting, "")
        else:
            yield from run
