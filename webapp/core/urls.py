"""Absolute addresses for mail and feeds, always on SITE_URL, whatever host a request claimed."""

from __future__ import annotations

from typing import Any
from urllib.parse import urlsplit

from flask import current_app


def absolute(endpoint: str, **values: Any) -> str:
    """The full address of an endpoint. Works without a request."""
    site = urlsplit(current_app.config["ALMANAC"].site_url)
    adapter = current_app.url_map.bind(site.netloc, script_name=site.path or "/", url_scheme=site.scheme)
    return adapter.build(endpoint, values, force_external=True)


def local_path(target: str | None) -> str | None:
    """``target`` when it is a path on this site, else None: what a ``next=`` may be.

    Refuses other hosts, schemes, backslashes (browsers read them as slashes) and control characters.
    """
    if not target or not target.startswith("/") or target.startswith("//"):
        return None
    if "\\" in target or any(ord(character) < 33 or ord(character) == 127 for character in target):
        return None
    parts = urlsplit(target)
    return None if parts.scheme or parts.netloc else target


def host(address: str) -> str:
    """What a link to another site is called by: ``example.org``."""
    return (urlsplit(address).hostname or address).removeprefix("www.")
