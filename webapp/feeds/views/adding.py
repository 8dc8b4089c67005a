"""Adding the site to a browser or a home screen: its icons, its name."""

from __future__ import annotations

from typing import Any

from flask import Response, jsonify, redirect, url_for
from flask.typing import ResponseReturnValue

from webapp.core.rendering import static_url
from webapp.feeds.views.blueprint import blueprint, for_all
from webapp.settings import choices

PAPER = "#fcfcfb"
ICON_SIZES = (192, 512)
SHORT_NAME = 12
"""Characters that fit below an icon."""


@blueprint.get("/manifest.webmanifest")
def manifest() -> Response:
    """https://www.w3.org/TR/appmanifest/"""
    chosen = choices.here()
    document: dict[str, Any] = {
        "name": chosen.name,
        "short_name": chosen.name if len(chosen.name) <= SHORT_NAME else chosen.name.split()[0],
        "description": chosen.description,
        "id": url_for("posts.home"),
        "start_url": url_for("posts.home"),
        "scope": url_for("posts.home"),
        "display": "minimal-ui",
        "background_color": PAPER,
        "theme_color": PAPER,
        "icons": [
            {"src": static_url(f"icons/icon-{size}.png"), "sizes": f"{size}x{size}", "type": "image/png"}
            for size in ICON_SIZES
        ],
    }
    if chosen.logo and chosen.logo.width == chosen.logo.height:
        size = f"{chosen.logo.width}x{chosen.logo.height}"
        document["icons"].insert(0, {"src": chosen.logo.address, "sizes": size})
    response = jsonify({name: value for name, value in document.items() if value})
    response.mimetype = "application/manifest+json"
    return for_all(response)


@blueprint.get("/favicon.ico")
@blueprint.get("/apple-touch-icon.png", defaults={"name": "icon-180.png"})
def icon(name: str = "icon-32.png") -> ResponseReturnValue:
    """Asked for by programs that read no page first."""
    return redirect(static_url(f"icons/{name}"), 302)
