"""Where the pages of this feature hang."""

from __future__ import annotations

from urllib.parse import urlsplit

from flask import Blueprint, request

blueprint = Blueprint("subscriptions", "webapp.subscriptions", template_folder="templates")


def consent(words: object) -> str:
    """How something was asked for: what was shown, on which page, from where."""
    page = urlsplit(request.referrer or "").path or request.path
    return f"“{words}” on the page {page[:200]}, from {request.remote_addr}"
