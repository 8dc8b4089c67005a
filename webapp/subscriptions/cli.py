"""`manage.py subscribers …`: the list of readers, in and out."""

from __future__ import annotations

import csv
from typing import TextIO

import click
from flask import Flask
from flask.cli import AppGroup

from webapp.core import clock
from webapp.extensions import db
from webapp.subscriptions import lists

SHOWN = 20

group = AppGroup("subscribers", help="The list of readers.")


def init_app(app: Flask) -> None:
    """Adds the commands."""
    app.cli.add_command(group)


@group.command("export")
@click.argument("file", type=click.File("w", encoding="utf-8", lazy=True), default="-")
def export(file: TextIO) -> None:
    """Writes everyone on the list into a CSV file, with what they agreed to and when."""
    writer = csv.DictWriter(file, lists.COLUMNS)
    writer.writeheader()
    rows, last = lists.page(0)
    count = len(rows)
    while rows:
        writer.writerows(rows)
        rows, last = lists.page(last)
        count += len(rows)
    click.echo(f"{count:,} readers were written.", err=True)


@group.command("import")
@click.argument("file", type=click.File("r", encoding="utf-8-sig", errors="replace"))
@click.option("--dry-run", is_flag=True, help="Only say what would happen.")
def import_(file: TextIO, dry_run: bool) -> None:  # noqa: FBT001
    """Adds the readers of a CSV file who can show that they agreed. Mails nobody."""
    reader = csv.DictReader(file)
    try:
        if "email" not in (reader.fieldnames or ()):
            raise click.ClickException("The first line names the columns, and one of them is email.")
        brought = lists.bring(reader, now=clock.now())
    except csv.Error as error:
        db.session.rollback()
        raise click.ClickException(f"This is no CSV file that can be read: {error}.") from None
    if dry_run:
        db.session.rollback()
    else:
        db.session.commit()
    would = "would be" if dry_run else "were"
    click.echo(f"{brought.added:,} {would} added, {brought.known:,} known before, {len(brought.refused):,} left out.")
    for number, why in brought.refused[:SHOWN]:
        click.echo(f"Line {number}: {why}")
    if len(brought.refused) > SHOWN:
        click.echo(f"… and {len(brought.refused) - SHOWN:,} more.")
    click.echo("Nobody was mailed.")
