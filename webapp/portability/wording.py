"""A report in words."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from webapp.portability.models import Outcome

WORDS = {
    Outcome.IMPORTED: "imported",
    Outcome.DRAFT: "imported as drafts",
    Outcome.UNCHANGED: "here already",
    Outcome.SKIPPED: "left out",
    Outcome.FAILED: "failed",
}
DRY_WORDS = WORDS | {Outcome.IMPORTED: "would be imported", Outcome.DRAFT: "would become drafts"}
PLURALS = {"people": "people", "revision": "revisions"}


def headline(counts: Mapping[str, Mapping[str, int]], *, is_dry_run: bool) -> str:
    """``120 posts imported, 3 imported as drafts; 14 attachments left out. Nobody was mailed.``"""
    words = DRY_WORDS if is_dry_run else WORDS
    parts = []
    for kind, by in counts.items():
        said = [f"{by[outcome]:,} {words[outcome]}" for outcome in Outcome if by.get(outcome)]
        first, _space, rest = said[0].partition(" ")
        number = next(by[outcome] for outcome in Outcome if by.get(outcome))
        parts.append(", ".join([f"{first} {named(kind, number)} {rest}", *said[1:]]))
    end = "Nothing was changed." if is_dry_run else "Nobody was mailed."
    return f"{'; '.join(parts)}. {end}" if parts else f"There was nothing in it. {end}"


def lines(entries: Iterable[Any]) -> Iterator[str]:
    """What is not simply imported, a line each."""
    for each in entries:
        if each.outcome is not Outcome.IMPORTED or each.reason:
            reason = f": {each.reason}" if each.reason else ""
            yield f"  {each.outcome:<9}  {each.kind} “{each.title}”{reason}"


def named(kind: str, number: int) -> str:
    """``1 post``, ``2 posts``."""
    kind = kind.replace("_", " ")
    return kind if number == 1 or kind.endswith("s") else PLURALS.get(kind, f"{kind}s")
