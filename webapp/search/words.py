"""What counts as a word: the same for what is looked for, for what is shown in bold, and for the tables of the index.

A script that puts no spaces between words (Chinese, Japanese, and Korean with its endings) is kept as pairs: 小雪那天
as 小雪 雪那 那天 天. So two characters are found wherever they stand together, and one by the pair that it begins.
"""

from __future__ import annotations

import html as entities
import re
import unicodedata
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import pairwise

UNSPACED = (
    "\u4e00-\u9fff\u3400-\u4dbf\uf900-\ufaff\U00020000-\U0003134f"  # ideographs
    "\u3005-\u3007\u3041-\u3096\u309d-\u309f\u30a1-\u30fa\u30fc-\u30ff"  # kana, and marks that repeat
    "\uac00-\ud7af"  # hangul
)
"""Written as a class of characters, for Python's expressions, PostgreSQL's, and SQLite's GLOB alike."""

INLINE = ("em", "strong", "s", "a", "code", "span", "sup", "sub")
"""Tags that stand within a word as well as around it. Any other parts two words."""

LONGEST = 200
"""Characters of a question that are read."""
MOST_TERMS = 12
SHORTEST_BEGINNING = 3
"""Letters a word needs before longer ones that begin with it are found too."""

RUN = re.compile(f"[{UNSPACED}]+|[^\\W_{UNSPACED}]+")
IS_UNSPACED = re.compile(f"[{UNSPACED}]")
ASKED = re.compile(r'"([^"]*)"?|([^\s"]+)')
CURLED = str.maketrans(dict.fromkeys("\u201c\u201d\u201e\u201f\u00ab\u00bb\uff02", '"'))
HARD = re.compile("[\u00c0-\u03ff\u1e00-\u1fff\u2100-\u218f]")
"""Letters with accents, and those that become two or look around when they are made small: the rest folds quickly."""
INLINE_TAG = re.compile(f"</?(?:{'|'.join(INLINE)})(?: [^>]*)?>")
TAG = re.compile(r"<[^>]*>")


@dataclass(frozen=True)
class Term:
    """Words that stand side by side, folded. ``is_beginning``: the last of them may go on."""

    words: tuple[str, ...]
    is_beginning: bool

    @property
    def tokens(self) -> tuple[str, ...]:
        """The words as the index has them: what is written without spaces in pairs."""
        return tuple(token for word, is_last in _marking_last(self.words) for token in _pairs(word, is_last=is_last))


def read(question: str) -> list[Term]:
    """What is looked for, each of it to be found. Nothing for a question without a letter or a digit.

    Words in quotes stand side by side as they are; a word outside may be the beginning of one.
    """
    shown = unicodedata.normalize("NFC", _readable(question[: 4 * LONGEST]))[:LONGEST].translate(CURLED)
    terms: dict[Term, None] = {}
    for phrase, word in ASKED.findall(shown):
        for term in [_phrase(phrase)] if phrase else _loose(word):
            if term.words:
                terms.setdefault(term)
    return list(terms)[:MOST_TERMS]


def clean(question: str) -> str:
    """The question as it may be shown again: on one line, without what cannot be shown."""
    return " ".join(_readable(question[: 4 * LONGEST]).split())[:LONGEST]


def fold(text: str) -> str:
    """``text`` without case and accents, each character in its place: what is found here is found there."""
    return text.translate(FOLDED) if HARD.search(text) else text.lower()


def plain(html: str) -> str:
    """What sanitised HTML says, without its tags."""
    return entities.unescape(TAG.sub(" ", INLINE_TAG.sub("", html)))


def _readable(text: str) -> str:
    return "".join(" " if unicodedata.category(each) in {"Cc", "Cs", "Zl", "Zp"} else each for each in text)


def _phrase(said: str) -> Term:
    words = tuple(RUN.findall(fold(said)))
    return Term(words, is_beginning=bool(words) and _is_single(words[-1]))


def _loose(said: str) -> Iterator[Term]:
    """The terms of what was written without a space: 用Python写 are three, e-mail is one."""
    words: list[str] = []
    for word in RUN.findall(fold(said)):
        if IS_UNSPACED.match(word):
            yield _written(words)
            words = []
            yield Term((word,), is_beginning=_is_single(word))
        else:
            words.append(word)
    yield _written(words)


def _written(words: Sequence[str]) -> Term:
    return Term(tuple(words), is_beginning=bool(words) and len(words[-1]) >= SHORTEST_BEGINNING)


def _is_single(word: str) -> bool:
    return len(word) == 1 and IS_UNSPACED.match(word) is not None


def _marking_last(words: Sequence[str]) -> Iterator[tuple[str, bool]]:
    return ((word, place == len(words)) for place, word in enumerate(words, 1))


def _pairs(word: str, *, is_last: bool) -> Iterator[str]:
    """A word that others follow also ends where they begin, so its last character stands alone in the index."""
    if not IS_UNSPACED.match(word):
        yield word
        return
    yield from (first + second for first, second in pairwise(word))
    if not is_last or len(word) == 1:
        yield word[-1]


class _Folding(dict[int, str]):
    """A plain letter for one with accents, else the small letter. One character stays one, so that places are kept."""

    def __missing__(self, number: int) -> str:
        character = chr(number)
        base = unicodedata.normalize("NFD", character)[0]
        small = (base if base.isascii() and base.isalpha() else character).lower()
        self[number] = folded = small if len(small) == 1 else character
        return folded


FOLDED = _Folding()
