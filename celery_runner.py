"""The Celery application, for `celery -A celery_runner worker`, `beat` and `flower`."""

from webapp import create_app
from webapp.extensions import celery

create_app()  # binds it. Celery would take a name `app` in this module for its own application
__all__ = ["celery"]
