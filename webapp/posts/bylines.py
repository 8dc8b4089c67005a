"""Who wrote a post, in words."""

from __future__ import annotations

from flask_babel import gettext

from webapp.posts.models import Post


def names(post: Post) -> str:
    """``Ines with Mira, Bo``: the one whose post it is, then who wrote it with them."""
    if not post.co_authors:
        return post.author.name
    others = ", ".join(each.name for each in post.co_authors)
    return str(gettext("%(author)s with %(others)s", author=post.author.name, others=others))
