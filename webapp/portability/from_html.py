"""HTML, parsed and written as Markdown by markdownify, with the parts of blogs that it does not know."""

from __future__ import annotations

import re
from collections.abc import Iterable
from urllib.parse import urljoin

from bs4 import BeautifulSoup, Comment, Tag
from markdownify import MarkdownConverter

from webapp.portability.converting import target

FRAMES = ("iframe", "embed", "video", "audio", "object")
NOT_SHOWN = ("form", "input", "select", "button", "textarea", "svg", "canvas")
BLANK_LINES = re.compile(r"\n{3,}")
LANGUAGE = re.compile(r"\b(?:language|lang|brush:)[-:\s]*([\w+#-]+)")


def as_markdown(source: str, notes: list[str]) -> str:
    """The same in Markdown. What has no counterpart becomes a link, or is left out and named in ``notes``."""
    soup = BeautifulSoup(source, "html.parser")
    if any(f"<{name}" in source for name in (*FRAMES, *NOT_SHOWN)):
        _replace(soup, notes)
    return BLANK_LINES.sub("\n\n", CONVERTER.convert_soup(soup)).strip()


class _Converter(MarkdownConverter):
    def convert_figcaption(self, _el: Tag, text: str, parent_tags: Iterable[str]) -> str:  # noqa: ARG002
        return f"\n\n*{text.strip()}*\n\n" if text.strip() else ""

    def convert_figure(self, _el: Tag, text: str, parent_tags: Iterable[str]) -> str:  # noqa: ARG002
        return f"\n\n{text.strip()}\n\n"

    def convert_img(self, el: Tag, text: str, parent_tags: Iterable[str]) -> str:  # noqa: ARG002
        source = str(el.attrs.get("src") or el.attrs.get("data-src") or "").strip()
        if not source or source.startswith("data:"):
            return ""
        alt = " ".join(str(el.attrs.get("alt") or "").split()).replace("[", "(").replace("]", ")")
        return f"![{alt}]({target(source)})"

    def convert_a(self, el: Tag, text: str, parent_tags: Iterable[str]) -> str:
        href = str(el.attrs.get("href") or "").strip()
        if href and any(each in href for each in " ()<>\n"):
            el.attrs["href"] = target(href).removeprefix("<").removesuffix(">")
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
