"""The blueprint that the pages of posts stand on, and what they have in common."""

from __future__ import annotations

from flask import Blueprint

from webapp.core import language

blueprint = Blueprint("posts", "webapp.posts", template_folder="templates")
blueprint.add_app_template_filter(language.of, "language")
