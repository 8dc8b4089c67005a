"""Every periodic task, on one page."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from celery.schedules import crontab

from config import Config


def beat_schedule(config: Config) -> dict[str, dict[str, Any]]:
    """What beat sends, and when. Crontabs are read in the site's zone."""
    return {
        "the weekly digest": {
            "task": "digests.digest",
            "schedule": crontab(
                minute=config.digest_time.minute, hour=config.digest_time.hour, day_of_week=config.digest_weekday
            ),
        },
        "a digest whose slot was missed": {"task": "digests.digest", "schedule": timedelta(minutes=1)},
        "a picture whose copies are missing": {"task": "images.sweep", "schedule": timedelta(minutes=1)},
        "pictures deleted long ago": {"task": "images.tidy", "schedule": timedelta(hours=6)},
        "comments that nobody confirmed": {"task": "comments.tidy", "schedule": timedelta(hours=6)},
        "readers not heard of for long": {"task": "subscriptions.ask_again", "schedule": timedelta(minutes=1)},
        "a sign of life": {"task": "ops.heartbeat", "schedule": timedelta(seconds=30)},
        "imports and exports that nobody is at": {"task": "portability.take_up", "schedule": timedelta(seconds=30)},
        "files of imports and exports that are over": {"task": "portability.tidy", "schedule": timedelta(hours=6)},
        "what was lost on the way": {"task": "ops.sweep", "schedule": timedelta(seconds=10)},
    }
