"""Almanac: a blog that keeps its appointments."""

from __future__ import annotations

from typing import TextIO

from flask import Flask
from werkzeug.middleware.proxy_fix import ProxyFix
from whitenoise import WhiteNoise

import config as configuration
from webapp import schedule
from webapp.accounts import cli as accounts_cli
from webapp.accounts import identity
from webapp.accounts import views as accounts_views
from webapp.administration import events as administration_events
from webapp.administration import views as administration_views
from webapp.api import views as api_views
from webapp.caching import events as caching_events
from webapp.caching import pages
from webapp.comments import tasks as comments_tasks
from webapp.comments import views as comments_views
from webapp.core import broker, error_pages, headers, languages, logs, rendering
from webapp.digests import cli as digests_cli
from webapp.digests import events as digests_events
from webapp.digests import tasks as digests_tasks
from webapp.digests import views as digests_views
from webapp.extensions import babel, bcrypt, celery, csrf, db, limiter, login, principal
from webapp.feeds import views as feeds_views
from webapp.images import tasks as images_tasks
from webapp.images import views as images_views
from webapp.mail import cli as mail_cli
from webapp.mail import tasks as mail_tasks
from webapp.ops import cli as ops_cli
from webapp.ops import dead_cli, forecast_cli, safety_cli
from webapp.ops import events as ops_events
from webapp.ops import tasks as ops_tasks
from webapp.ops import views as ops_views
from webapp.portability import cli as portability_cli
from webapp.portability import tasks as portability_tasks
from webapp.portability import views as portability_views
from webapp.posts import events as posts_events
from webapp.posts import views as posts_views
from webapp.reminders import events as reminders_events
from webapp.reminders import tasks as reminders_tasks
from webapp.reminders import views as reminders_views
from webapp.search import cli as search_cli
from webapp.search import tasks as search_tasks
from webapp.search import views as search_views
from webapp.settings import choices
from webapp.subscriptions import cli as subscriptions_cli
from webapp.subscriptions import tasks as subscriptions_tasks
from webapp.subscriptions import views as subscriptions_views

FEATURES_WITH_PAGES = (
    accounts_views,
    images_views,
    posts_views,
    comments_views,
    subscriptions_views,
    reminders_views,
    digests_views,
    search_views,
    feeds_views,
    administration_views,
    portability_views,
    ops_views,
)
FEATURES_WITH_EVENTS = (
    caching_events,
    posts_events,
    reminders_events,
    digests_events,
    administration_events,
    ops_events,
)
FEATURES_WITH_COMMANDS = (
    accounts_cli,
    mail_cli,
    subscriptions_cli,
    digests_cli,
    search_cli,
    ops_cli,
    dead_cli,
    forecast_cli,
    safety_cli,
    portability_cli,
)
FEATURES_WITH_TASKS = (
    mail_tasks,
    images_tasks,
    comments_tasks,
    subscriptions_tasks,
    reminders_tasks,
    digests_tasks,
    search_tasks,
    portability_tasks,
    ops_tasks,
)


def create_app(config: configuration.Config | None = None, *, log_to: TextIO | None = None) -> Flask:
    """The application. Without ``config`` it is read from the environment; see `docs/operations.md`.

    It logs to standard output, or to the stream ``log_to``.
    """
    config = config or configuration.load()
    app = Flask(__name__)
    app.config.from_mapping(config.flask())

    logs.init_app(app, log_to)
    _bind_extensions(app, config)
    languages.init_app(app)
    rendering.init_app(app)
    choices.init_app(app)
    pages.init_app(app)
    headers.init_app(app)
    error_pages.init_app(app)
    identity.init_app(app)

    for feature in FEATURES_WITH_EVENTS:
        feature.connect()
    for feature in FEATURES_WITH_PAGES:
        app.register_blueprint(feature.blueprint)
    api_views.init_app(app)
    for feature in FEATURES_WITH_COMMANDS:
        feature.init_app(app)

    app.wsgi_app = WhiteNoise(  # type: ignore[method-assign]
        app.wsgi_app,
        root=app.static_folder,
        prefix="static/",
        max_age=headers.ONE_YEAR,
        add_headers_function=headers.on_file,
    )
    if config.proxy_count:
        hops = config.proxy_count
        app.wsgi_app = ProxyFix(app.wsgi_app, x_for=hops, x_proto=hops, x_host=hops)  # type: ignore[method-assign]
    return app


def _bind_extensions(app: Flask, config: configuration.Config) -> None:
    db.init_app(app)
    bcrypt.init_app(app)
    csrf.init_app(app)
    limiter.init_app(app)
    login.init_app(app)
    principal.init_app(app)
    babel.init_app(app, locale_selector=languages.chosen_locale, timezone_selector=rendering.chosen_zone)
    celery.init_app(app)
    celery.conf.update(
        broker.settings(config.celery_broker_url, config.database_url, config.data_dir, config.site_timezone),
        beat_schedule=schedule.beat_schedule(config),
    )
