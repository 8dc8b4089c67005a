"""Asking for letters, choosing what and when, following, leaving."""

from webapp.subscriptions.views import asking, following, listing, managing, staying
from webapp.subscriptions.views.blueprint import blueprint

__all__ = ["asking", "blueprint", "following", "listing", "managing", "staying"]
