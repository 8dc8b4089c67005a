"""Text parts in lines of a width that every mail program shows: at spaces, and in Chinese between characters."""

from __future__ import annotations

import re
import unicodedata

COLUMNS = 72
"""How wide a line is. An ideograph takes two columns. An address is never broken."""

NEVER_FIRST = "，。、；：？！）》」』”’…·,.;:?!)]}%"  # noqa: RUF001  # Chinese marks, which are what this is about
NEVER_LAST = "（《「『“‘([{"  # noqa: RUF001  # likewise
PIECE = re.compile(
    rf"[{re.escape(NEVER_LAST)}]*(?:[\u3000-\u303f\u3400-\u9fff\uff00-\uffef]|[^\s\u3000-\u303f\u3400-\u9fff\uff00-\uffef]+)"
    rf"[{re.escape(NEVER_FIRST)}]*"
)
"""What stays together: a word or one ideograph, with the marks that may not begin or end a line."""


AFTER_A_MARK = re.compile("(?<=[，。、；：？！）》]) +")  # noqa: RUF001  # likewise
"""A Chinese mark brings its own space; the one between two sentences of a template is English."""


def wrapped(text: str) -> str:
    """Each line at most :data:`COLUMNS` wide, with one line end at the end."""
    lines = (AFTER_A_MARK.sub("", line.rstrip()) for line in text.strip().splitlines())
    return "\n".join(_fill(line) for line in lines) + "\n"


def _fill(line: str) -> str:
    if _width(line) <= COLUMNS:
        return line
    indent = line[: len(line) - len(line.lstrip())]
    lines, present, end = [], indent, len(indent)
    for piece in PIECE.finditer(line):
        space = line[end : piece.start()]
        if present.strip() and _width(present + space + piece[0]) > COLUMNS:
            lines.append(present)
            present, space = "", ""
        present += space + piece[0]
        end = piece.end()
    return "\n".join([*lines, present])


def _width(text: str) -> int:
    return sum(2 if unicodedata.east_asian_width(character) in "WF" else 1 for character in text)
