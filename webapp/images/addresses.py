"""The addresses of pictures: what a text holds, and what a page asks for."""

from __future__ import annotations

import re
from collections.abc import Collection
from urllib.parse import urlsplit

from webapp.core import markdown, site
from webapp.core.urls import absolute
from webapp.images import queries
from webapp.images.models import COPIES, Format, Image

IN_TEXT = "(min-width: 52rem) 39rem, calc(100vw - 2rem)"
"""How wide a picture in a text is shown: the column of text, or all of a phone."""


def path(image: Image, file: str = "") -> str:
    """Where a picture is, from the root of the host; ``file`` names a copy of it."""
    return urlsplit(full(image, file)).path


def full(image: Image, file: str = "") -> str:
    """The same as a full address, for feeds, mails and other sites."""
    return absolute("images.show", key=image.key, name=file or image.name)


def sources(image: Image) -> list[tuple[str, str]]:
    """What a ``<picture>`` offers beside the picture itself: media types, each with its ``srcset``."""
    return [(kind.mimetype, ", ".join(_candidates(image, kind))) for kind in COPIES]


def as_markdown(image: Image, alt: str | None = None) -> str:
    """What shows a picture in a text."""
    words = re.sub(r"([\\\[\]])", r"\\\1", image.alt if alt is None else alt)
    return f"![{words}]({path(image)})"


def in_text(addresses: Collection[str]) -> dict[str, markdown.Picture]:
    """What a text shows for those of ``addresses`` that lead to pictures of ours. For :func:`markdown.render`."""
    keys = {address: key for address in addresses if (key := key_in(address))}
    found = queries.by_keys(set(keys.values()))
    return {address: _in_text(found[key]) for address, key in keys.items() if key in found}


def _in_text(image: Image) -> markdown.Picture:
    return markdown.Picture(
        width=image.width, height=image.height, alt=image.alt, sources=tuple(sources(image)), sizes=IN_TEXT
    )


def _candidates(image: Image, kind: Format) -> list[str]:
    return [f"{path(image, f'{width}.{kind.ending}')} {width}w" for width in image.widths]


def key_in(address: str) -> str:
    """The key that an address of ours holds; empty for any other address."""
    config = site.config()
    prefix = f"{urlsplit(config.site_url).path}/images/"
    rest = address.removeprefix(config.site_url.removesuffix(urlsplit(config.site_url).path))
    if not rest.startswith(prefix):
        return ""
    key, slash, name = rest.removeprefix(prefix).partition("/")
    return key if slash and name else ""
