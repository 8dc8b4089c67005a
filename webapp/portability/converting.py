"""Another system's HTML, made Markdown, rendered and cleaned. Pure work on text: it may run in another process."""

from __future__ import annotations

import html as entities
import re
import unicodedata
from collections.abc import Iterable
from urllib.parse import urljoin

from bs4 import BeautifulSoup, Comment, Tag
from markdownify import MarkdownConverter

from webapp.core import markdown
from webapp.core.errors import Refused
from webapp.core.markdown.excerpts import shorten
from webapp.portability.items import Converted, Text
from webapp.posts.operations.writing import LONGEST_EXCERPT

UNSEEN = re.compile("[\x00-\x08\x0b-\x1f\x7f-\x9f\ud800-\udfff]")
TAG = re.compile(r"<[^>]*>")
UNSHOWN = re.compile(r"<(script|style|noscript|template)\b.*?</\1\s*>", re.IGNORECASE | re.DOTALL)
COMMENT = re.compile(r"<!--.*?-->", re.DOTALL)
BLANK_LINES = re.compile(r"\n{3,}")
FRAMES = ("iframe", "embed", "video", "audio", "object")
NOT_SHOWN = ("form", "input", "select", "button", "textarea", "svg", "canvas")
TARGET = re.compile(r"\]\((?:<([^>\n]+)>|([^\s)]+))")
LANGUAGE = re.compile(r"\b(?:language|lang|brush:)[-:\s]*([\w+#-]+)")


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
    soup = BeautifulSoup(source, "html.parser")
    if any(f"<{name}" in source for name in (*FRAMES, *NOT_SHOWN)):
        _replace(soup, notes)
    written = CONVERTER.convert_soup(soup)
    return BLANK_LINES.sub("\n\n", written).strip()


def clean(body: str) -> str:
    """Text as it may be kept: NFC, line ends of one kind, no control characters."""
    body = unicodedata.normalize("NFC", body.replace("\r\n", "\n").replace("\r", "\n"))
    return UNSEEN.sub("", body)


def plain(source: str) -> str:
    """The words of a title or an excerpt that may hold HTML, on one line."""
    words = entities.unescape(TAG.sub("", COMMENT.sub("", source)) if "<" in source else source)
    return " ".join(clean(words).split())


class _Converter(MarkdownConverter):
    """markdownify, with the parts of blogs that it does not know."""

    def convert_figcaption(self, _el: Tag, text: str, parent_tags: Iterable[str]) -> str:  # noqa: ARG002
        return f"\n\n*{text.strip()}*\n\n" if text.strip() else ""

    def convert_figure(self, _el: Tag, text: str, parent_tags: Iterable[str]) -> str:  # noqa: ARG002
        return f"\n\n{text.strip()}\n\n"

    def convert_img(self, el: Tag, text: str, parent_tags: Iterable[str]) -> str:  # noqa: ARG002
        source = str(el.attrs.get("src") or el.attrs.get("data-src") or "").strip()
        if not source or source.startswith("data:"):
            return ""
        alt = " ".join(str(el.attrs.get("alt") or "").split()).replace("[", "(").replace("]", ")")
        return f"![{alt}]({_target(source)})"

    def convert_a(self, el: Tag, text: str, parent_tags: Iterable[str]) -> str:
        href = str(el.attrs.get("href") or "").strip()
        if href and any(each in href for each in " ()<>\n"):
            el.attrs["href"] = _target(href).removeprefix("<").removesuffix(">")
        return str(super().convert_a(el, text, parent_tags)) if text.strip() else ""  # type: ignore[misc]  # no stub

    def convert_cite(self, _el: Tag, text: str, parent_tags: Iterable[str]) -> str:
        return f" {text.strip()}" if "p" in parent_tags else f"\n\n{text.strip()}\n\n"


def _language(pre: Tag) -> str:
    """What a code block is written in, as highlighters note it."""
    code = pre.find("code")
    for each in (pre, code):
        classes = each.get("class") if isinstance(each, Tag) else None
        found = LANGUAGE.search(" ".join(classes) if isinstance(classes, list) else str(classes or ""))
        if found:
            return found[1].lower()
    return ""


CONVERTER = _Converter(heading_style="ATX", bullets="-", code_language_callback=_language, newline_style="backslash")


def _target(address: str) -> str:
    """An address as Markdown takes it."""
    address = "".join(address.split("\n")).strip()
    return f"<{address.replace('<', '%3C').replace('>', '%3E')}>" if any(each in address for each in " ()") else address


def _replace(soup: BeautifulSoup, notes: list[str]) -> None:
    """Frames, films and sounds become links to what they show; what only works in a page is left out."""
    for each in soup.find_all(FRAMES):
        inner = each.find("source")
        address = each.get("src") or each.get("data") or (inner.get("src") if isinstance(inner, Tag) else "")
        if address and re.match(r"(https?:)?//", str(address)):
            full = urljoin("https:", str(address))
            paragraph, link = soup.new_tag("p"), soup.new_tag("a", href=full)
            link.string = str(each.get("title") or full)
            paragraph.append(link)
            each.replace_with(paragraph)
            notes.append(f"what was embedded is a link now: {full}")
        else:
            each.decompose()
            notes.append(f"an embedded {each.name} was left out")
    for each in soup.find_all(NOT_SHOWN):
        if not each.decomposed:
            if each.name in {"form", "svg", "canvas"}:
                notes.append(f"a {'form' if each.name == 'form' else 'drawing'} was left out")
            each.decompose()
    for note in soup.find_all(string=lambda words: isinstance(words, Comment)):
        note.extract()


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
    return f"![{plain(words).replace('[', '(').replace(']', ')')}]({_target(address)})"


def with_pictures(body: str, moved: dict[str, str]) -> str:
    """The text with pictures at their new addresses, also where a text links to the large version of one."""

    def place(match: re.Match[str]) -> str:
        address = match[1] or match[2]
        return f"]({moved[address]}" if address in moved else match[0]

    return TARGET.sub(place, body) if moved else body
