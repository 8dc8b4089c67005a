"""Every extension, made once here and bound to the application in ``create_app``."""

from __future__ import annotations

from flask_bcrypt import Bcrypt
from flask_celery import Celery
from flask_limiter import Limiter
from flask_limiter.util import get_remote_address
from flask_login import LoginManager
from flask_principal import Principal
from flask_sqlalchemy import SQLAlchemy
from flask_wtf import CSRFProtect

from webapp.core.db import Model
from webapp.core.messages import Task
from webapp.core.words import Babel

db = SQLAlchemy(model_class=Model, disable_autonaming=True)
login = LoginManager()
principal = Principal(use_sessions=False)
bcrypt = Bcrypt()
csrf = CSRFProtect()
limiter = Limiter(get_remote_address)
babel = Babel()
celery = Celery()
celery.task_cls = Task
