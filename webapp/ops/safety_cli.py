"""`manage.py backup`, `restore` and `mail release`."""

from __future__ import annotations

from pathlib import Path

import click
from flask import Flask
from flask.cli import with_appcontext

from webapp.audit.operations import SHELL
from webapp.core import clock, site
from webapp.extensions import db
from webapp.mail import guard, holds
from webapp.mail.cli import group as mail_group
from webapp.ops import waiting
from webapp.ops.backups import archive, making, postgres, restoring
from webapp.settings import instance


def init_app(app: Flask) -> None:
    """Adds the commands."""
    mail_group.add_command(release)
    app.cli.add_command(backup)
    app.cli.add_command(restore)


@click.command("backup")
@click.argument("file", type=click.Path(path_type=Path, dir_okay=False))
@with_appcontext
def backup(file: Path) -> None:
    """Writes the database and what was uploaded into FILE, also while the site is running."""
    now = clock.now()
    try:
        made = making.make(file, now=now)
    except (making.Impossible, archive.BadBackup, postgres.Failed) as error:
        raise click.ClickException(f"No backup was made: {error}.") from None
    counter = guard.count(now=now)  # whatever is put back from this file is older than what is here
    db.session.commit()
    if counter is not None:
        instance.remember(counter)
    size = file.stat().st_size / 1024
    click.echo(f"{file}: {size:,.0f} kB, read back and whole. The tables are at {made.revision}.")
    if site.config().uploads_url:
        click.echo("Pictures are not in it: they lie in the bucket of UPLOADS_URL.")


@click.command("restore")
@click.argument("file", type=click.Path(path_type=Path, dir_okay=False))
@click.option("--force", is_flag=True, help="Replace a database that is newer than the backup.")
@with_appcontext
def restore(file: Path, force: bool) -> None:  # noqa: FBT001
    """Puts a backup back, in a site that is stopped. All mail is held until `mail release`."""
    try:
        restored, kept = restoring.restore(file, force=force, now=clock.now())
    except (restoring.Refused, archive.BadBackup, postgres.Failed) as error:
        raise click.ClickException(f"Nothing was restored: {error}.") from None
    made_at = restored.made_at.astimezone(site.config().zone)
    click.echo(f"Restored as it was on {made_at:%Y-%m-%d at %H:%M}.")
    if kept is not None:
        click.echo(f"The database that was here is kept in {kept}.")
    click.echo("All mail is held. Look at ./manage.py mail list, then say ./manage.py mail release.")


@click.command("release")
@with_appcontext
def release() -> None:
    """Lets mail go again after it was held, and takes the present database for the real one."""
    now = clock.now()
    guard.notice(now=now)  # a copy that no process has looked at yet is released too, not found a second later
    held = [(each.placed_at, each.reason) for each in holds.active()]
    if not held:
        db.session.commit()
        click.echo("Nothing is held.")
        return
    kept = waiting.at(now)
    holds.release(by=SHELL, now=now)
    db.session.commit()
    for placed_at, reason in held:
        click.echo(f"Held since {placed_at.astimezone(site.config().zone):%Y-%m-%d %H:%M}: {reason}.")
    click.echo(f"Released. {kept.mails} mails and {kept.reminders} reminders were waiting, and go out now.")
