"""What can be done with a post. Whoever calls has loaded it through a query of what ``by`` may change, and commits."""

from webapp.posts.operations.publishing import publish, publish_due, schedule, unpublish
from webapp.posts.operations.saving import CHANGED
from webapp.posts.operations.trashing import delete_for_good, empty_trash, restore, trash
from webapp.posts.operations.writing import edit, go_back_to, write

__all__ = [
    "CHANGED",
    "delete_for_good",
    "edit",
    "empty_trash",
    "go_back_to",
    "publish",
    "publish_due",
    "restore",
    "schedule",
    "trash",
    "unpublish",
    "write",
]
