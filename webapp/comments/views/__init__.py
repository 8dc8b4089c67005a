"""The pages of comments."""

from webapp.comments.views import confirming, deciding, moderating, own, reading, ruling, saying
from webapp.comments.views.blueprint import blueprint

__all__ = ["blueprint", "confirming", "deciding", "moderating", "own", "reading", "ruling", "saying"]
