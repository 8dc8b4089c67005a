"""The logo is a picture that something shows."""

from __future__ import annotations

from typing import Any

from flask_babel import gettext

from webapp.images import operations as images
from webapp.images.models import Image
from webapp.settings import choices


def connect() -> None:
    """Connects the listener, once a process."""
    images.uses_asked.connect(_uses_of)


def _uses_of(_sender: Any, *, image: Image) -> list[str]:
    logo = choices.here().logo
    return [gettext("the head of every page")] if logo is not None and logo.key == image.key else []
