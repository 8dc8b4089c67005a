"""Pictures that whoever renders a text knows in several sizes. What they are and where, is told from outside."""

from __future__ import annotations

import re
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from html import escape

from markdown_it.token import Token

CANDIDATE = re.compile(r"/[^/\s,\\][^\s,\\]* [1-9][0-9]{0,4}w")
ELEMENT = re.compile(r"</?picture>|<source\b[^>]*>")


@dataclass(frozen=True)
class Picture:
    """How a picture is shown. ``sources`` are media types, each with its ``srcset``; ``alt`` is for a text without."""

    width: int
    height: int
    sources: tuple[tuple[str, str], ...]
    sizes: str
    alt: str = ""


Resolver = Callable[[Collection[str]], Mapping[str, Picture]]
"""Says which of the addresses in a text are pictures it knows, and how each is shown."""


def images_in(tokens: Sequence[Token]) -> Iterator[Token]:
    """Every picture of a text, also one that stands in the words of a link."""
    for token in tokens:
        if token.type == "image":
            yield token
        elif token.children:
            yield from images_in(token.children)


def prepare(images: Sequence[Token], resolve: Resolver) -> None:
    """Notes with each picture how it is shown, and gives it words where the text has none."""
    known = resolve({str(image.attrs["src"]) for image in images}) if images else {}
    for image in images:
        found = known.get(str(image.attrs["src"]))
        if found is None:
            continue
        image.meta["sources"], image.meta["sizes"] = found.sources, found.sizes
        image.attrs |= {"width": str(found.width), "height": str(found.height), "decoding": "async"}
        if found.alt and not image.content.strip():
            image.content = found.alt
            image.children = [Token("text", "", 0, content=found.alt)]


def write(renderer: object, tokens: Sequence[Token], index: int, options: object, env: object) -> str:
    """The picture as the library writes it, with what else there is of it around."""
    plain: str = renderer.image(tokens, index, options, env)  # type: ignore[attr-defined]  # markdown-it's renderer
    found = tokens[index].meta
    if not found.get("sources"):
        return plain
    sources = "".join(
        f'<source type="{escape(kind)}" srcset="{escape(srcset)}" sizes="{escape(found["sizes"])}">'
        for kind, srcset in found["sources"]
    )
    return f"<picture>{sources}{plain}</picture>"


def is_ours(element: str, srcset: str) -> bool:
    """Whether a ``srcset`` is one that :func:`write` writes: it leads to this host only, whoever wrote it."""
    return element == "source" and all(CANDIDATE.fullmatch(each) for each in srcset.split(", "))


def without_sources(html: str) -> str:
    """For feeds and mails: each picture as a plain ``<img>``. Works on sanitised HTML only."""
    return ELEMENT.sub("", html)
