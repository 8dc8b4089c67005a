"""Reading posts, and writing them."""

from webapp.posts.views import autosaving, changing, keeping, reading, writing
from webapp.posts.views.blueprint import blueprint

__all__ = ["autosaving", "blueprint", "changing", "keeping", "reading", "writing"]
