"""`manage.py search …`."""

from __future__ import annotations

import sys

import click
from flask import Flask
from flask.cli import AppGroup
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn
from sqlalchemy.exc import DBAPIError

from webapp.core import clock
from webapp.extensions import db
from webapp.search import operations
from webapp.search.engines import Unreachable

group = AppGroup("search", help="The index of all words.")


def init_app(app: Flask) -> None:
    """Adds the commands."""
    app.cli.add_command(group)


@group.command("reindex")
def reindex() -> None:
    """Makes the index anew from the posts, while people go on searching. One that was interrupted goes on."""
    bar = Progress(
        TextColumn("Indexing"),
        BarColumn(),
        MofNCompleteColumn(),
        TimeRemainingColumn(),
        console=Console(stderr=True),
        disable=not sys.stderr.isatty(),
    )
    step = None
    try:
        with bar:
            task = bar.add_task("", total=None)
            for step in operations.reindex(now=clock.now()):
                db.session.commit()
                bar.update(task, completed=step.done, total=step.total)
        db.session.commit()
        name, count, _missing = operations.compare()
    except Unreachable as error:
        raise click.ClickException(str(error)) from None
    except DBAPIError as error:
        raise click.ClickException(f"The database would not: {' '.join(str(error.orig).split())}") from None
    removed = step.removed if step else 0
    posts = "1 post" if count.entries == 1 else f"{count.entries} posts"
    gone = "" if not removed else f" {removed} of what was there {'is' if removed == 1 else 'are'} gone."
    click.echo(f"{name} has {posts} in its index.{gone}")
