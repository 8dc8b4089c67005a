"""`manage.py doctor`, `sweep`, `seed`, `mail explain`, `celery selftest` and `routes`."""

from __future__ import annotations

import json
import sys

import click
from flask import Flask
from flask.cli import AppGroup, routes_command, with_appcontext
from kombu.exceptions import OperationalError

from webapp.core import clock, days, logs, site
from webapp.core.errors import Refused
from webapp.core.text import address
from webapp.extensions import db
from webapp.mail.cli import group as mail_group
from webapp.mail.models import Kind
from webapp.ops import checks, dispatcher, explain, seed, selftest, stopping

celery_group = AppGroup("celery", help="The workers.")


def init_app(app: Flask) -> None:
    """Adds the commands."""
    app.cli.add_command(celery_group)
    for command in (doctor, sweep, seed_command, routes_command):
        app.cli.add_command(command)


@click.command("doctor")
@click.option("--json", "as_json", is_flag=True, help="For a machine to read.")
@with_appcontext
def doctor(as_json: bool) -> None:  # noqa: FBT001
    """Is all well? Exit status 0 if it is, 1 if something is not."""
    found = checks.all_checks()
    if as_json:
        click.echo(json.dumps({"ok": all(each.ok for each in found), "checks": [each.as_dict() for each in found]}))
    else:
        width = max(len(each.name) for each in found)
        for each in found:
            click.echo(f"{'well' if each.ok else 'NOT '}  {each.name:<{width}}  {each.detail}")
            if each.fix:
                click.echo(f"      {'':<{width}}  {each.fix}")
    if not all(each.ok for each in found):
        sys.exit(1)


@mail_group.command("explain")
@click.argument("email")
@click.option("--kind", type=click.Choice([kind.value for kind in Kind]), help="Only mail of this kind.")
@click.option("--since", default="", metavar="DAY", help="Only what was due on this day or later: 2026-11-21.")
@click.option("--until", default="", metavar="DAY", help="Only what was due on this day or earlier.")
@click.option("--limit", default=10, show_default=True, type=click.IntRange(1, 1000))
def mail_explain(email: str, kind: str | None, since: str, until: str, limit: int) -> None:
    """Says what went out to an address, how, and what did not and why. Days are those of SITE_TIMEZONE."""
    zone = site.config().zone
    try:
        to, asked_days = address(email), days.read(since, until, zone)
    except Refused as refused:
        raise click.ClickException(refused.message) from None
    for line in explain.explain(to, kind=Kind(kind) if kind else None, zone=zone, limit=limit, days=asked_days):
        click.echo(line)


@click.command("sweep")
@click.option("--forever", is_flag=True, help="Be the dispatcher, until told to stop.")
@with_appcontext
def sweep(forever: bool) -> None:  # noqa: FBT001
    """Does what is due and has been left lying, once or as the dispatcher."""
    if forever:
        logs.configure(site.config())
        dispatcher.run(stopping.on_signals())
    else:
        dispatcher.sweep_once(clock.now())


@click.command("seed")
@with_appcontext
def seed_command() -> None:
    """Fills the site with a small invented world to look at. Refuses outside dev."""
    if site.config().name == "prod":
        raise click.ClickException("The sample world is invented: it is for WEBAPP_ENV=dev only.")
    added = seed.sample_world(clock.now())
    db.session.commit()
    click.echo(f"Added {added} people and posts." if added else "The sample world is already here.")


@celery_group.command("selftest")
@click.option("--seconds", default=selftest.SECONDS, show_default=True, help="How long to wait for each answer.")
def celery_selftest(seconds: float) -> None:
    """Runs `log` and `multiply` through group, chain, chord and callback on the live workers."""
    is_right = True
    try:
        for answer in selftest.answers(seconds):
            is_right &= answer.is_right
            verdict = "" if answer.is_right else f"  WRONG: it should be {answer.expected}"
            click.echo(f"{answer.name:<8}  {answer.says:<32}  {answer.got}{verdict}")
    except (selftest.Silent, OperationalError) as error:
        raise click.ClickException(" ".join(str(error).split())) from None
    if not is_right:
        raise click.ClickException("The workers answered, and not all of it is right.")
