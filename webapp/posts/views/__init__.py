"""Reading posts, and writing them."""

from webapp.posts.views import changing, coauthors, deleting, previews, reading, reviewing, revisions, writing
from webapp.posts.views.blueprint import blueprint

__all__ = [
    "blueprint",
    "changing",
    "coauthors",
    "deleting",
    "previews",
    "reading",
    "reviewing",
    "revisions",
    "writing",
]
