"""Where the words that were looked for stand in a text: the pieces of a title, and of the passage that says most."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass

from webapp.core.language import IDEOGRAPH
from webapp.search.words import IS_UNSPACED, UNSPACED, Term, fold

WIDTH = 220
"""Columns of a passage, where an ideograph takes two."""
BEFORE = 60
"""Columns of it before the first word that was found."""
MOST_PLACES = 400
"""Places in one text that are weighed against each other."""

LETTER = f"[^\\W_{UNSPACED}]"
"""Of a word with spaces around it, where there are spaces at all."""


@dataclass(frozen=True)
class Piece:
    """A part of a text, plain. ``is_found``: somebody looked for it."""

    text: str
    is_found: bool


def pieces(text: str, terms: Sequence[Term]) -> list[Piece]:
    """The whole of a short text, cut where what was looked for begins and ends."""
    return _cut(text, [(start, end) for start, end, _ in _places(text, terms)])


def passage(text: str, terms: Sequence[Term]) -> list[Piece]:
    """Some lines of a long text that hold as many of the terms as any others do; nothing if it holds none."""
    text = " ".join(text.split())
    places = _places(text, terms)
    if not places:
        return []
    first = _best(places, len(terms))
    start = min(places[first][0], _word_before(text, _columns_back(text, places[first][0])))
    end = _columns_on(text, start)
    shown = [(at - start, min(to, end) - start) for at, to, _ in places if start <= at < end]
    cut = _cut(text[start:end], shown)
    return [
        *([Piece("… ", is_found=False)] if start else []),
        *cut,
        *([Piece(" …", is_found=False)] if end < len(text) else []),
    ]


def _places(text: str, terms: Sequence[Term]) -> list[tuple[int, int, int]]:
    """Start, end and number of the term of each place, in order; where two overlap, the earlier or longer one."""
    folded = fold(text)
    found: list[tuple[int, int, int]] = []
    for number, term in enumerate(terms):
        for count, match in enumerate(_pattern(term).finditer(folded)):
            if count == MOST_PLACES:
                break
            found.append((match.start(), match.end(), number))
    kept: list[tuple[int, int, int]] = []
    for start, end, number in sorted(found, key=lambda each: (each[0], -each[1])):
        if not kept or start >= kept[-1][1]:
            kept.append((start, end, number))
    return kept


def _pattern(term: Term) -> re.Pattern[str]:
    said = ""
    for before, word in zip((None, *term.words), term.words, strict=False):
        if before is not None:
            said += r"[\W_]*" if IS_UNSPACED.match(word) or IS_UNSPACED.match(before) else r"[\W_]+"
        said += re.escape(word)
        if before is None and not IS_UNSPACED.match(word):
            said += f"(?<!{LETTER}{said})"  # behind the word: an expression that begins with letters is found faster
    if not IS_UNSPACED.match(term.words[-1]):
        said += f"{LETTER}*" if term.is_beginning else f"(?!{LETTER})"
    return re.compile(said)


def _best(places: Sequence[tuple[int, int, int]], terms: int) -> int:
    """The place from which most different terms stand within a passage; the first of several."""
    best, most = 0, 0
    for index, (start, _, _) in enumerate(places):
        within: set[int] = set()
        for at, _, number in places[index:]:
            if at - start > WIDTH - BEFORE or len(within) == terms:
                break
            within.add(number)
        if len(within) > most:
            best, most = index, len(within)
        if most == terms:
            break
    return best


def _columns_back(text: str, place: int) -> int:
    left = BEFORE
    while place > 0 and left > 0:
        place -= 1
        left -= 2 if IDEOGRAPH.match(text, place) else 1
    return place


def _word_before(text: str, place: int) -> int:
    """The beginning of a word near a place, so that no passage begins in the middle of one."""
    if place == 0 or IDEOGRAPH.match(text, place):
        return place
    space = text.find(" ", place, place + BEFORE // 2)
    return place if space < 0 else space + 1


def _columns_on(text: str, place: int) -> int:
    end, left = place, WIDTH
    if not IDEOGRAPH.search(text, place, place + WIDTH):
        end, left = min(place + WIDTH, len(text)), 0
    while end < len(text) and left > 0:
        left -= 2 if IDEOGRAPH.match(text, end) else 1
        end += 1
    if end < len(text) and not IDEOGRAPH.match(text, end):
        space = text.rfind(" ", end - BEFORE // 2, end)
        end = end if space <= place else space
    return end


def _cut(text: str, places: Sequence[tuple[int, int]]) -> list[Piece]:
    cut: list[Piece] = []
    end = 0
    for start, stop in places:
        cut += [Piece(text[end:start], is_found=False), Piece(text[start:stop], is_found=True)]
        end = stop
    cut.append(Piece(text[end:], is_found=False))
    return [piece for piece in cut if piece.text]
