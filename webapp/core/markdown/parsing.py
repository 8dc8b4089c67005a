"""The parser, and the rules of ours that work on its tokens."""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import cache
from urllib.parse import urlsplit

from markdown_it import MarkdownIt
from markdown_it.rules_core import StateCore, smartquotes
from markdown_it.token import Token
from mdit_py_plugins.footnote import footnote_plugin
from mdit_py_plugins.tasklists import tasklists_plugin
from slugify import slugify

from webapp.core.markdown import autolinks
from webapp.core.markdown.excerpts import shorten
from webapp.core.markdown.writing import RULES

DEEPEST = 24
"""Levels of lists, quotes and brackets; what is nested deeper is left out. The worst text costs time by it."""
MOST_QUOTES = 2000
"""Straight quotes in one text that are still curled; each of them costs time by the length of its paragraph."""
SCHEMES = frozenset({"http", "https", "mailto"})
SCHEME = re.compile(r"\s*([a-z][a-z0-9+.-]*):", re.IGNORECASE)


@dataclass(frozen=True)
class Additions:
    """What a site may want beyond CommonMark, where the same text means something else there.

    ``bare_links`` makes links of addresses that stand in the text without ``<>``; ``quotes`` curls straight quotes.
    """

    bare_links: bool = False
    quotes: bool = False


@cache
def parser(additions: Additions) -> MarkdownIt:
    """CommonMark without HTML, with what Almanac adds where CommonMark leaves room."""
    options = {"html": False, "linkify": additions.bare_links, "typographer": additions.quotes, "maxNesting": DEEPEST}
    parser = MarkdownIt("commonmark", options)
    parser.enable(["table", "strikethrough"])
    if additions.bare_links:
        parser.enable("linkify")
    if additions.quotes:
        parser.core.ruler.before("text_join", "quotes", _quotes)
    parser.use(footnote_plugin, inline=False).use(tasklists_plugin, label=True)
    if parser.linkify:
        parser.linkify.set({"fuzzy_link": False, "fuzzy_email": False})
    parser.validateLink = _may_lead_to  # type: ignore[method-assign,assignment]
    parser.inline.ruler.at("autolink", autolinks.rule)
    parser.core.ruler.push("headings", _headings)
    parser.core.ruler.push("tables", _tables)
    parser.core.ruler.push("links", _links)
    for name, rule in RULES.items():
        parser.add_render_rule(name, rule)
    return parser


def _quotes(state: StateCore) -> None:
    """Curls straight quotes, as they are set in print."""
    if state.src.count('"') + state.src.count("'") <= MOST_QUOTES:
        smartquotes(state)


def _may_lead_to(target: str) -> bool:
    """Whether words or a picture may lead to this address; otherwise its source is shown as it was typed.

    Here the address is out of sight. One that is written out may lead further: see :mod:`autolinks`.
    """
    scheme = SCHEME.match(target)
    return scheme is None or scheme[1].lower() in SCHEMES


def _headings(state: StateCore) -> None:
    """Moves headings so that the highest is an ``h2``, and gives each an address."""
    opening = [index for index, token in enumerate(state.tokens) if token.type == "heading_open"]
    lift = 2 - min((int(state.tokens[index].tag[1]) for index in opening), default=2)
    seen: dict[str, int] = {}
    for index in opening:
        heading, inline, closing = state.tokens[index : index + 3]
        heading.tag = closing.tag = f"h{min(int(heading.tag[1]) + lift, 6)}"
        name = slugify(words_of(inline)[:100], max_length=60, word_boundary=True) or "section"
        seen[name] = seen.get(name, 0) + 1
        # the prefix keeps a heading called "Main" from taking the address of the page's own parts
        heading.attrs["id"] = f"s-{name}" if seen[name] == 1 else f"s-{name}-{seen[name]}"


def _tables(state: StateCore) -> None:
    """Names each table by its head, and says by class what Markdown's alignment says by style."""
    head: list[str] | None = None
    table: Token | None = None
    for index, token in enumerate(state.tokens):
        if token.type == "table_open":
            table, head = token, []
        elif token.type in {"th_open", "td_open"}:
            if "right" in str(token.attrs.pop("style", "")):
                token.attrs["class"] = "num"
            if token.type == "th_open":
                token.attrs["scope"] = "col"
                if head is not None:
                    head.append(words_of(state.tokens[index + 1]))
        elif token.type == "thead_close" and table is not None:
            table.meta["label"] = shorten(", ".join(filter(None, head or ())), 80) or "Table"


def _links(state: StateCore) -> None:
    """Tells search engines not to follow what leads away from here, and readers' browsers to load pictures late."""
    for token in state.tokens:
        for child in token.children or ():
            if child.type == "link_open" and _leads_away(str(child.attrs.get("href", ""))):
                child.attrs["rel"] = "nofollow noopener"
            elif child.type == "image":
                child.attrs["loading"] = "lazy"


def _leads_away(target: str) -> bool:
    try:
        parts = urlsplit(target)
    except ValueError:
        return True
    return bool(parts.netloc) or parts.scheme in {"http", "https"}


def words_of(token: Token) -> str:
    """What an inline token says, without its markup."""
    said = (
        child.content if child.type in {"text", "code_inline", "text_special"} else " " if "break" in child.type else ""
        for child in token.children or ()
    )
    return "".join(said)
