"""`manage.py mail release`."""

from __future__ import annotations

import click
from flask import Flask
from flask.cli import with_appcontext

from webapp.audit.operations import SHELL
from webapp.core import clock, site
from webapp.extensions import db
from webapp.mail import guard, holds
from webapp.mail.cli import group as mail_group
from webapp.ops import waiting


def init_app(_app: Flask) -> None:
    """Adds the commands."""
    mail_group.add_command(release)


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
