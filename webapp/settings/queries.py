"""Reading the site's settings."""

from __future__ import annotations

from datetime import datetime

from webapp.extensions import db
from webapp.settings.models import SiteSetting


def installed_at() -> datetime:
    """The instant this site's tables were made, in UTC."""
    row = db.session.get_one(SiteSetting, "installed_at")
    return datetime.fromisoformat(row.value["at"])
