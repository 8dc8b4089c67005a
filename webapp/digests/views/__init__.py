"""A letter in the browser; and for editors, before it goes out and after."""

from webapp.digests.views import editing, reading
from webapp.digests.views.blueprint import blueprint

__all__ = ["blueprint", "editing", "reading"]
