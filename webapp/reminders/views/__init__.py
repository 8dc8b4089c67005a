"""Setting, changing and cancelling reminders."""

from webapp.reminders.views import changes, mailed, pages
from webapp.reminders.views.blueprint import blueprint

__all__ = ["blueprint", "changes", "mailed", "pages"]
