"""Where the pages of this feature hang."""

from __future__ import annotations

from flask import Blueprint

blueprint = Blueprint("digests", "webapp.digests", template_folder="templates")
