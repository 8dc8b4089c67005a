"""Reading posts, and writing them."""

from webapp.posts.views import changing, reading, writing
from webapp.posts.views.blueprint import blueprint

__all__ = ["blueprint", "changing", "reading", "writing"]
