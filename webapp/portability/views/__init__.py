"""Bringing posts in, taking them out, watching both, and the addresses that things had elsewhere."""

from webapp.portability.views import exporting, importing, old_addresses, watching
from webapp.portability.views.blueprint import blueprint

__all__ = ["blueprint", "exporting", "importing", "old_addresses", "watching"]
