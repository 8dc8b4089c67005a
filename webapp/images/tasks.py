"""Making copies, as tasks. They may run any number of times."""

from __future__ import annotations

from webapp.core import clock
from webapp.extensions import celery
from webapp.images import rendering


@celery.task(name="images.render")
def render(image_id: int, *_: object) -> None:
    """Makes the copies of a picture that has just been sent."""
    rendering.finish(image_id)


@celery.task(name="images.sweep")
def sweep(*_: object) -> None:
    """Finishes what was begun and dropped."""
    rendering.finish_some(clock.now())


@celery.task(name="images.tidy")
def tidy(*_: object) -> None:
    """Removes what was deleted long ago."""
    rendering.tidy(clock.now())
