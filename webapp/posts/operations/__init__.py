"""What can be done with a post. Whoever calls has loaded it through a query of what ``by`` may change, and commits."""

from webapp.posts.operations.publishing import publish, publish_due, schedule, unpublish
from webapp.posts.operations.trashing import restore, trash
from webapp.posts.operations.writing import edit, write

__all__ = ["edit", "publish", "publish_due", "restore", "schedule", "trash", "unpublish", "write"]
