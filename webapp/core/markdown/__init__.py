"""Markdown to HTML that is safe to show as it is: rendered once, when a text is saved.

CommonMark with tables, strikethrough, footnotes and task lists. Raw HTML is text. What comes out has no style
attributes, fits a strict Content-Security-Policy and hangs together on a page that already has its one ``h1``.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from markdown_it.token import Token

from webapp.core.errors import Refused
from webapp.core.language import IDEOGRAPH, of
from webapp.core.markdown.autolinks import schemes_in
from webapp.core.markdown.cleaning import clean
from webapp.core.markdown.excerpts import shorten
from webapp.core.markdown.outlines import Section, outline
from webapp.core.markdown.parsing import Additions, parser, words_of
from webapp.core.markdown.pictures import Picture, Resolver, images_in, prepare, without_sources
from webapp.core.words import _

__all__ = ["LONGEST", "Additions", "Picture", "Rendered", "Resolver", "Section", "outline", "render", "without_sources"]

LONGEST = 200_000
"""Characters in one text, some 30,000 words. Rendering is linear: at its most hostile it takes seconds."""
EXCERPT = 180
"""Columns of an excerpt, where an ideograph takes two: about two lines in a list."""
WORDS_A_MINUTE = 230
IDEOGRAPHS_A_MINUTE = 400
WORD = re.compile(r"[^\W_]+(?:['\u2019][^\W_]+)*")


@dataclass(frozen=True)
class Rendered:
    """``html`` is sanitised. ``excerpt`` is plain text. ``words`` counts an ideograph as a word.

    ``nameless`` are the addresses of pictures that say nothing to those who cannot see them.
    """

    html: str
    excerpt: str
    words: int
    minutes: int
    nameless: tuple[str, ...] = ()


COMMONMARK = Additions()


def render(source: str, *, pictures: Resolver | None = None, additions: Additions = COMMONMARK) -> Rendered:
    """Renders a text. ``pictures`` knows those that are there in several sizes.

    Raises :class:`Refused` for the field ``body`` when it is longer than :data:`LONGEST`.
    """
    if len(source) > LONGEST:
        raise Refused("body", _("Keep it under %(most)s characters.", most=f"{LONGEST:,}"))
    env: dict[str, str] = {"language": of(source)}
    markdown = parser(additions)
    tokens = markdown.parse(source, env)
    images = list(images_in(tokens))
    if pictures is not None:
        prepare(images, pictures)
    html = clean(markdown.renderer.render(tokens, markdown.options, env), frozenset(schemes_in(tokens)))
    text = " ".join(_passages(tokens))
    ideographs = len(IDEOGRAPH.findall(text))
    words = len(WORD.findall(IDEOGRAPH.sub(" ", text)))
    minutes = max(1, round(words / WORDS_A_MINUTE + ideographs / IDEOGRAPHS_A_MINUTE))
    excerpt = shorten(" ".join(_paragraphs(tokens)) or text, EXCERPT)
    nameless = tuple(str(image.attrs["src"]) for image in images if not image.content.strip())
    return Rendered(html, excerpt, words + ideographs, minutes, nameless)


def _passages(tokens: Sequence[Token]) -> Iterator[str]:
    for token in tokens:
        if token.type == "inline":
            yield words_of(token)


def _paragraphs(tokens: Sequence[Token]) -> Iterator[str]:
    """The running text: no headings, tables or notes."""
    inside = 0
    for token in tokens:
        if token.type in {"table_open", "footnote_block_open", "heading_open"}:
            inside += 1
        elif token.type in {"table_close", "footnote_block_close", "heading_close"}:
            inside -= 1
        elif token.type == "inline" and not inside:
            yield words_of(token)
