"""A text as this site shows it."""

from __future__ import annotations

from webapp.core import markdown
from webapp.core.markdown import Rendered
from webapp.images import addresses as images
from webapp.settings import choices


def render(body: str) -> Rendered:
    """Raises Refused for ``body``, as :func:`markdown.render` does."""
    return markdown.render(body, pictures=images.in_text, additions=choices.here().additions)
