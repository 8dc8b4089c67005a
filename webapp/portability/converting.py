"""Another system's HTML, made Markdown, rendered and cleaned. Pure work on text: it may run in another process."""

from __future__ import annotations

import html as entities
import re
import unicodedata

from webapp.core import markdown
from webapp.core.errors import Refused
from webapp.core.markdown.excerpts import shorten
from webapp.portability.items import Converted, Text
from webapp.posts.operations.writing import LONGEST_EXCERPT

UNSEEN = re.compile("[\x00-\x08\x0b-\x1f\x7f-\x9f\ud800-\udfff]")
TAG = re.compile(r"<[^>]*>")
UNSHOWN = re.compile(r"<(script|style|noscript|template)\b.*?</\1\s*>", re.IGNORECASE | re.DOTALL)
COMMENT = re.compile(r"<!--.*?-->", re.DOTALL)
TARGET = re.compile(r"\]\((?:<([^>\n]+)>|([^\s)]+))")


def convert(text: Text, *, additions: markdown.Additions, pictures: markdown.Resolver | None = None) -> Converted:
    """A text made ready to keep. What cannot be kept at all has an ``error``, and no body.

    ``pictures`` knows those of this site.
    """
    notes: list[str] = []
    try:
        body = text.markdown if text.markdown is not None else to_markdown(text.html or "", notes)
        body = clean(body).strip()
        rendered = markdown.render(body, pictures=pictures, additions=additions)
    except Refused as refused:
        return Converted(error=f"{refused.message.rstrip('.')}; it has {len(text.html or text.markdown or ''):,}.")
    except (RecursionError, AssertionError):
        return Converted(error="Its HTML is nested too deeply to be read.")
    own_excerpt = shorten(plain(text.excerpt), LONGEST_EXCERPT)
    return Converted(
        body=body,
        html=rendered.html,
        excerpt=own_excerpt or rendered.excerpt,
        own_excerpt=own_excerpt,
        minutes=rendered.minutes,
        notes=notes,
    )


def to_markdown(source: str, notes: list[str]) -> str:
    """HTML as Markdown. What has no counterpart becomes a link, or is left out and named in ``notes``."""
    source = COMMENT.sub("", UNSHOWN.sub("", source))
    if "<" not in source:
        return entities.unescape(source).strip()
    from webapp.portability.from_html import as_markdown  # with its parsers, which only imports need

    return as_markdown(source, notes)


def clean(body: str) -> str:
    """Text as it may be kept: NFC, line ends of one kind, no control characters."""
    body = unicodedata.normalize("NFC", body.replace("\r\n", "\n").replace("\r", "\n"))
    return UNSEEN.sub("", body)


def plain(source: str) -> str:
    """The words of a title or an excerpt that may hold HTML, on one line."""
    words = entities.unescape(TAG.sub("", COMMENT.sub("", source)) if "<" in source else source)
    return " ".join(clean(words).split())


def target(address: str) -> str:
    """An address as Markdown takes it."""
    address = "".join(address.split("\n")).strip()
    return f"<{address.replace('<', '%3C').replace('>', '%3E')}>" if any(each in address for each in " ()") else address


def pictures(body: str) -> dict[str, str]:
    """The addresses of the pictures in a Markdown text, each once, in their order, with the words they stand for."""
    found: dict[str, str] = {}
    for words, first, second in re.findall(r"!\[([^\]\n]*)\]\((?:<([^>\n]+)>|([^\s)]+))", body):
        found[first or second] = found.get(first or second) or words
    return found


def targets(body: str) -> list[str]:
    """Every address that a Markdown text links to or shows."""
    return [first or second for first, second in TARGET.findall(body)]


def picture(address: str, words: str) -> str:
    """A picture as Markdown shows it."""
    return f"![{plain(words).replace('[', '(').replace(']', ')')}]({target(address)})"


def with_pictures(body: str, moved: dict[str, str]) -> str:
    """The text with pictures at their new addresses, also where a text links to the large version of one."""

    def place(match: re.Match[str]) -> str:
        address = match[1] or match[2]
        return f"]({moved[address]}" if address in moved else match[0]

    return TARGET.sub(place, body) if moved else body
