"""How Alembic reaches the database: with the application's own engine and rows."""

from contextlib import nullcontext
from importlib import import_module
from pkgutil import iter_modules

from alembic import context

import webapp
from webapp.core.db import UTCDateTime
from webapp.extensions import db
from webapp.search import schema

for feature in iter_modules(webapp.__path__, "webapp."):
    if feature.ispkg and any(module.name == "models" for module in iter_modules(import_module(feature.name).__path__)):
        import_module(f"{feature.name}.models")  # every table, whichever the application has needed so far

CELERYS_OWN = ("celery_taskmeta", "celery_tasksetmeta")


def is_ours(_object, name, kind, _reflected, _compare_to):
    """Celery's result backend makes its tables itself; the index of all words is no table of rows."""
    return not (kind == "table" and (name in CELERYS_OWN or name.startswith(schema.INDEX)))


def render(kind, item, _autogen_context):
    """Our column types by the database's own names, so that a revision never imports the application."""
    if kind == "type" and isinstance(item, UTCDateTime):
        return "sa.DateTime(timezone=True)"
    return False


def migrate() -> None:
    given = context.config.attributes.get("connection")  # of a database that is not in its place yet
    with nullcontext(given) if given is not None else db.engine.connect() as connection:
        context.configure(
            connection=connection,
            target_metadata=db.metadata,
            include_object=is_ours,
            render_item=render,
            compare_type=True,
            render_as_batch=connection.dialect.name == "sqlite",
        )
        with context.begin_transaction():
            context.run_migrations()
            schema.mend(connection)  # a table that was made anew on the way has lost its triggers


migrate()
