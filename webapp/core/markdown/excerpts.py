"""Cutting a text short where a reader would."""

from __future__ import annotations

import re

from webapp.core.language import IDEOGRAPH

BETWEEN_IDEOGRAPHS = re.compile(f"(?<=[\u3000-\u303f\uff00-\uffef\u201d\u3400-\u9fff]) (?={IDEOGRAPH.pattern})")
SENTENCE = re.compile("[.!?][\u2019\u201d)]*(?= )|[。！？][\u2019\u201d）]*")  # noqa: RUF001  # in both scripts
HANGING = " ,;:-–—，、；："  # noqa: RUF001  # what looks forlorn before an ellipsis, in both scripts


def shorten(text: str, columns: int) -> str:
    """``text`` on one line in at most so many columns: whole sentences where that leaves enough, else whole words."""
    text = BETWEEN_IDEOGRAPHS.sub("", " ".join(text[: columns * 20].split()))
    cut = _fitting(text, columns)
    if len(cut) == len(text):
        return text
    ends = [found.end() for found in SENTENCE.finditer(text, 0, len(cut) + 1) if found.end() <= len(cut)]
    if ends and ends[-1] * 2 > len(cut):
        return cut[: ends[-1]]
    if not IDEOGRAPH.match(text, len(cut)):
        head, _space, _tail = cut.rpartition(" ")
        cut = head if len(head) * 2 > len(cut) else cut
    return cut.rstrip(HANGING) + "…"


def _fitting(text: str, columns: int) -> str:
    for index, character in enumerate(text):
        columns -= 2 if IDEOGRAPH.match(character) else 1
        if columns < 0:
            return text[:index]
    return text
