"""The Celery application, for `celery -A celery_runner worker`, `beat` and `flower`."""

from webapp import create_app
from webapp.extensions import celery

app = create_app()
__all__ = ["app", "celery"]
