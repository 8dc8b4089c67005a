"""Which language a text is in, as far as its letters tell: enough for ``lang``, line breaks and the right fonts."""

from __future__ import annotations

import re

IDEOGRAPH = re.compile("[\u3040-\u30ff\u3400-\u4dbf\u4e00-\u9fff\uf900-\ufaff\uac00-\ud7af\U00020000-\U0003134f]")
KANA = re.compile("[\u3040-\u30ff]")
HANGUL = re.compile("[\uac00-\ud7af]")
LETTER = re.compile(r"[^\W\d_]")
SAMPLE = 4000


def of(text: str) -> str:
    """``zh-Hans``, ``ja`` or ``ko`` when the first few thousand characters are mostly in that script, else ``en``."""
    text = text[:SAMPLE]
    ideographs = len(IDEOGRAPH.findall(text))
    # one ideograph says about as much as four letters
    if not ideographs or ideographs * 4 < len(LETTER.findall(text)) - ideographs:
        return "en"
    if len(KANA.findall(text)) * 10 > ideographs:
        return "ja"
    return "ko" if len(HANGUL.findall(text)) * 2 > ideographs else "zh-Hans"
