"""Finding posts. What a person may see or change is part of the question, never a check on the answer."""

from webapp.posts.queries.addresses import by_slug, moved_from, tag_by_slug, tags_called, taken
from webapp.posts.queries.pages import Page, Span, page, titles
from webapp.posts.queries.scopes import (
    editable_by,
    get_editable,
    get_trashed,
    get_visible,
    load_tags,
    published,
    tagged,
    trash_of,
    visible_to,
    without_text,
    written_by,
)
from webapp.posts.queries.times import (
    due,
    first_published_at,
    publications,
    published_between,
    scheduled_between,
    titles_between,
    titles_expected_in,
)

__all__ = [
    "Page",
    "Span",
    "by_slug",
    "due",
    "editable_by",
    "first_published_at",
    "get_editable",
    "get_trashed",
    "get_visible",
    "load_tags",
    "moved_from",
    "page",
    "publications",
    "published",
    "published_between",
    "scheduled_between",
    "tag_by_slug",
    "tagged",
    "tags_called",
    "taken",
    "titles",
    "titles_between",
    "titles_expected_in",
    "trash_of",
    "visible_to",
    "without_text",
    "written_by",
]
