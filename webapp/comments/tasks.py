"""What Celery does about comments."""

from __future__ import annotations

from webapp.comments import operations
from webapp.core import clock
from webapp.extensions import celery, db


@celery.task(name="comments.tidy")
def tidy(*_unknown: object) -> None:
    """Forgets what nobody confirmed, and the words of what was removed."""
    operations.tidy(now=clock.now())
    db.session.commit()
