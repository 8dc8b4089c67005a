"""The headings of a text that was rendered here, for a table of contents."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, field
from html import unescape

HEADING = re.compile(r'<h([23])[^>]* id="(s-[^"]+)"[^>]*>(.*?)</h\1>', re.DOTALL)
NOTE_MARK = re.compile(r"<sup>.*?</sup>", re.DOTALL)
TAG = re.compile(r"<[^>]*>")


@dataclass(frozen=True)
class Section:
    """A heading: where it is, what it says as plain text, and the headings one level below it."""

    id: str
    title: str
    parts: list[Section] = field(default_factory=list)


def outline(html: str) -> Sequence[Section]:
    """The two upper levels of headings. Works on sanitised HTML only, where a tag is always written the same way."""
    sections: list[Section] = []
    for level, place, inside in HEADING.findall(html):
        title = " ".join(unescape(TAG.sub("", NOTE_MARK.sub("", inside))).split())
        if not title:
            continue
        is_part = level == "3" and sections
        (sections[-1].parts if is_part else sections).append(Section(place, title))
    return sections
