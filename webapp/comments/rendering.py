"""The part of Markdown that a comment may use: no headings, no pictures, no tables, no HTML."""

from __future__ import annotations

import hashlib

import nh3
from markdown_it import MarkdownIt

from webapp.core import text
from webapp.core.errors import Refused
from webapp.core.markdown.writing import RULES
from webapp.core.words import _

LONGEST = 10_000
"""Characters of one comment."""
DEEPEST = 16
"""Levels of lists, quotes and brackets; what is nested deeper is left out."""
NOT_HERE = ["heading", "lheading", "hr", "image", "html_block", "html_inline", "reference"]


def body(raw: str) -> str:
    """What was typed, made fit to keep. Raises :class:`Refused` for ``body``."""
    clean = text.many_lines(raw, field="body", longest=LONGEST).strip()
    if not clean:
        raise Refused("body", _("Write something here."))
    return clean


def html(source: str) -> str:
    """A comment as the page shows it: sanitised, every link marked as somebody else's (``nofollow ugc``)."""
    return CLEANER.clean(PARSER.render(source))


def links_in(rendered: str) -> int:
    """How many links a rendered comment holds."""
    return rendered.count("<a ")


def words_hash(source: str) -> str:
    """The same for texts that differ only in capitals and spaces."""
    return hashlib.sha256(" ".join(source.casefold().split()).encode()).hexdigest()


def _parser() -> MarkdownIt:
    parser = MarkdownIt("commonmark", {"html": False, "linkify": True, "breaks": True, "maxNesting": DEEPEST})
    parser.enable(["strikethrough", "linkify"]).disable(NOT_HERE)
    if parser.linkify:
        parser.linkify.set({"fuzzy_link": False, "fuzzy_email": False})
    for listing in ("fence", "code_block"):
        parser.add_render_rule(listing, RULES[listing])
    return parser


PARSER = _parser()
CLEANER = nh3.Cleaner(
    tags={"p", "br", "em", "strong", "s", "a", "code", "pre", "span", "blockquote", "ul", "ol", "li"},
    clean_content_tags={"script", "style"},
    attributes={"a": {"href", "title"}, "ol": {"start"}},
    tag_attribute_values={"pre": {"tabindex": {"0"}}},
    allowed_classes={"span": {"k", "c"}},
    url_schemes={"http", "https", "mailto"},
    link_rel="nofollow ugc noopener",
)
