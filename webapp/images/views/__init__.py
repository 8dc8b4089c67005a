"""Pictures: seeing them, sending them, and looking after one's own."""

from webapp.images.views import keeping, sending, serving
from webapp.images.views.blueprint import blueprint

__all__ = ["blueprint", "keeping", "sending", "serving"]
