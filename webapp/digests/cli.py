"""`manage.py digest …`: the runs of the letter, what a reader would get, and sending it."""

from __future__ import annotations

import json
import secrets
import sys
from datetime import datetime

import click
from flask import Flask
from flask.cli import AppGroup
from rich.console import Console
from rich.table import Table

from webapp.core import clock, site
from webapp.core.errors import Refused
from webapp.core.text import address
from webapp.digests import opening, operations, queries
from webapp.digests.models import DigestRun, RunState
from webapp.extensions import db
from webapp.mail.models import State
from webapp.subscriptions import queries as subscriptions
from webapp.subscriptions.models import Subscription, SubscriptionState

group = AppGroup("digest", help="The weekly letter.")


def init_app(app: Flask) -> None:
    """Adds the commands."""
    app.cli.add_command(group)


@group.command("runs")
@click.option("--limit", default=20, show_default=True, type=click.IntRange(1, 1000))
@click.option("--json", "as_json", is_flag=True, help="For a machine to read.")
def runs(limit: int, as_json: bool) -> None:  # noqa: FBT001
    """The latest runs, newest slot first."""
    found = queries.newest(limit)
    mails = queries.mails_of(found)
    if as_json:
        click.echo(json.dumps([_as_dict(run, mails[run.id]) for run in found], indent=2))
        return
    if not found:
        click.echo("No letter has gone out yet.")
        return
    table = Table("id", "key", "slot", "state", "readers", "sent", "nothing new", "note", box=None)
    for run in found:
        sent = mails[run.id].get(State.SENT, 0)
        table.add_row(
            str(run.id),
            run.schedule_key,
            _local(run.slot_at),
            run.state,
            str(run.expected),
            str(sent),
            str(run.excluded),
            run.note,
        )
    Console(width=None if sys.stdout.isatty() else 160, highlight=False).print(table)


@group.command("preview")
@click.argument("email")
def preview(email: str) -> None:
    """Prints the letter as one reader would get it now. Sends nothing."""
    reader = _active(email)
    now = clock.now()
    letter = operations.preview(reader, now=now)
    if letter is None:
        click.echo(f"No letter: nothing new since {_local(operations.starts_at(reader, now))}.")
        return
    click.echo(f"Subject: {letter.subject}\n\n{letter.text}", nl=False)


@group.command("test")
@click.argument("email")
@click.option("--to", required=True, help="Who looks at it.")
def test(email: str, to: str) -> None:
    """Mails the letter as one reader would get it now to somebody else."""
    reader = _active(email)
    try:
        was_new = operations.send_test(reader, to=address(to), key=secrets.token_hex(8), now=clock.now())
    except Refused as refused:
        raise click.ClickException(refused.message) from None
    db.session.commit()
    click.echo(f"It goes to {to}." if was_new else "No letter: nothing is new to that reader.")


@group.command("send")
@click.option("--now", "up_to_now", is_flag=True, help="All that is new up to now, outside the schedule.")
def send(up_to_now: bool) -> None:  # noqa: FBT001
    """Sends the letter of the current slot, if it has not gone out. Running it again sends nothing twice."""
    now = clock.now()
    if up_to_now:
        _send_up_to(now)
    else:
        _send_slot(now)


def _active(email: str) -> Subscription:
    """A reader who gets letters, or an end in one line."""
    try:
        reader = subscriptions.by_address(address(email))
    except Refused as refused:
        raise click.ClickException(refused.message) from None
    if reader is None:
        raise click.ClickException(f"{email} has not asked for the letter.")
    if reader.state is not SubscriptionState.ACTIVE:
        why = "has left" if reader.state is SubscriptionState.LEFT else "has not confirmed yet"
        raise click.ClickException(f"{email} {why} and gets no letter.")
    return reader


def _send_up_to(now: datetime) -> None:
    run_id = opening.open_now(now=now).id
    db.session.commit()
    for _ in operations.expand(run_id, now=now):
        db.session.commit()
    run = db.session.get(DigestRun, run_id)
    if run is None:
        click.echo("Nothing new for anyone. No letter was sent.")
    else:
        click.echo(_written(run))


def _send_slot(now: datetime) -> None:
    slot = opening.latest_slot(now=now)
    if slot is None:
        click.echo("No slot has come since this site was set up. `digest send --now` does not wait for one.")
        return
    before = queries.run_for(opening.WEEKLY, slot)
    was_open = before is None or before.state in {RunState.ANNOUNCED, RunState.PLANNING}
    for _ in operations.tick(now=now):
        db.session.commit()
    run = queries.run_for(opening.WEEKLY, slot)
    if run is None:
        raise click.ClickException("Its run was not written down. Try again.")
    if run.state in {RunState.SKIPPED, RunState.FAILED}:
        click.echo(f"{_local(slot)}: no letter, {run.note}.")
    elif run.state is RunState.ANNOUNCED:
        click.echo(
            f"{_local(slot)}: this letter waits until {_local(run.goes_at or now)}, so that an editor can stop it."
        )
    elif was_open:
        click.echo(_written(run))
    else:
        click.echo(f"{_local(slot)}: this letter has gone out already. Nothing was sent.")


def _written(run: DigestRun) -> str:
    mails = "1 mail is" if run.expected == 1 else f"{run.expected} mails are"
    others = "" if not run.excluded else f" Nothing is new for {run.excluded} of the readers."
    return (
        f"{_local(run.slot_at)}: {mails} in the ledger.{others}\n"
        "A running worker or dispatcher sends what is there; `digest runs` shows how far it is."
    )


def _as_dict(run: DigestRun, mails: dict[State, int]) -> dict[str, object]:
    return {
        "id": run.id,
        "schedule_key": run.schedule_key,
        "slot_at": run.slot_at.isoformat(),
        "window_start": run.window_start.isoformat(),
        "window_end": run.window_end.isoformat(),
        "state": run.state,
        "expected": run.expected,
        "excluded": run.excluded,
        "mails": {str(state): count for state, count in mails.items()},
        "note": run.note,
        "ended_at": run.ended_at.isoformat() if run.ended_at else None,
    }


def _local(at: datetime) -> str:
    zone = site.config().zone
    return f"{at.astimezone(zone):%Y-%m-%d %H:%M} ({zone.key})"
