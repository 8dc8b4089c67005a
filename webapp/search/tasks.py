"""Reporting changes to an engine elsewhere, away from the dispatcher: it must not wait for one that hangs."""

from __future__ import annotations

import structlog

from webapp.extensions import celery
from webapp.search import operations
from webapp.search.engines import Unreachable

log = structlog.get_logger()


@celery.task(name="search.follow")
def follow(*_: object) -> None:
    """Reports what waits. What cannot be reported now waits on: the dispatcher asks again."""
    try:
        operations.follow()
    except Unreachable as error:
        log.warning("search.engine_is_away", error=str(error))
