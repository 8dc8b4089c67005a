"""Reading posts, and writing them."""

from webapp.posts.views import (
    autosaving,
    changing,
    coauthors,
    deleting,
    keeping,
    previews,
    quiet,
    reading,
    reviewing,
    revisions,
    writing,
)
from webapp.posts.views.blueprint import blueprint

__all__ = [
    "autosaving",
    "blueprint",
    "changing",
    "coauthors",
    "deleting",
    "keeping",
    "previews",
    "quiet",
    "reading",
    "reviewing",
    "revisions",
    "writing",
]
