"""Setting, changing and cancelling reminders."""

from webapp.reminders.views import calendars, changes, mailed, others, pages
from webapp.reminders.views.blueprint import blueprint

__all__ = ["blueprint", "calendars", "changes", "mailed", "others", "pages"]
