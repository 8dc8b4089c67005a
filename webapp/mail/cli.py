"""`manage.py mail …`: what is in the ledger, and a mail to try the way out with."""

from __future__ import annotations

import json
import secrets
import sys
from datetime import timedelta
from email import message_from_bytes, policy
from typing import BinaryIO

import click
from flask import Flask
from flask.cli import AppGroup
from rich.console import Console
from rich.table import Table

from webapp.core import clock, site
from webapp.core.errors import Refused
from webapp.core.text import address
from webapp.extensions import db
from webapp.mail import bounces, decisions, operations, queries
from webapp.mail.models import Delivery, Kind
from webapp.mail.rendering import render

LARGEST_BOUNCE = 1024 * 1024
"""Bytes. What tells us something stands at the beginning; the rest is our own mail, sent back."""

group = AppGroup("mail", help="The ledger of every mail.")


def init_app(app: Flask) -> None:
    """Adds the commands."""
    app.cli.add_command(group)


@group.command("list")
@click.option("--address", "to", help="Only mail to this address.")
@click.option("--kind", type=click.Choice([kind.value for kind in Kind]), help="Only mail of this kind.")
@click.option("--limit", default=20, show_default=True, type=click.IntRange(1, 1000))
@click.option("--json", "as_json", is_flag=True, help="For a machine to read.")
def list_(to: str | None, kind: str | None, limit: int, as_json: bool) -> None:  # noqa: FBT001
    """The newest mails, newest first."""
    found = queries.newest(limit=limit, address=to and to.lower(), kind=Kind(kind) if kind else None)
    if as_json:
        click.echo(json.dumps([as_dict(each) for each in found], indent=2))
        return
    if not found:
        click.echo("The ledger has no such mail.")
        return
    table = Table("id", "kind", "to", "state", "due", "sent", "subject", box=None)
    zone = site.config().zone
    for each in found:
        sent = each.sent_at.astimezone(zone).strftime("%Y-%m-%d %H:%M:%S") if each.sent_at else ""
        table.add_row(
            str(each.id),
            each.kind,
            each.address,
            each.state,
            each.due_at.astimezone(zone).strftime("%Y-%m-%d %H:%M:%S"),
            sent,
            each.content.subject,
        )
    Console(width=None if sys.stdout.isatty() else 160, highlight=False).print(table)


@group.command("test")
@click.argument("email")
@click.option("--in", "seconds", default=0, type=click.IntRange(0, 86_400), help="Send it this many seconds from now.")
def test(email: str, seconds: int) -> None:
    """Sends a test mail, now or in a while, by the same way as every other mail."""
    try:
        to = address(email)
    except Refused as refused:
        raise click.ClickException(refused.message) from None
    now = clock.now()
    rendered = render("mail/test", language=None, seconds=seconds)
    delivery = operations.enqueue(
        kind=Kind.TEST,
        address=to,
        content=operations.compose(subject=rendered.subject, text=rendered.text, html=rendered.html),
        dedupe_key=f"test:{secrets.token_hex(8)}",
        now=now,
        due_at=now + timedelta(seconds=seconds),
    )
    db.session.commit()
    if delivery is None:
        raise click.ClickException("The ledger did not take it. Try again.")
    when = f"in {seconds} s" if seconds else "now"
    click.echo(f"Written down as mail {delivery.id}. It goes to {to} {when}; `manage.py mail list` shows how it went.")


@group.command("resolve")
@click.argument("delivery_id", metavar="ID", type=click.IntRange(1, 2**63 - 1))
@click.option("--sent", "outcome", flag_value="sent", help="It arrived, or is to count as if it had.")
@click.option("--resend", "outcome", flag_value="resend", help="Send it once more, with the same Message-ID.")
def resolve(delivery_id: int, outcome: str | None) -> None:
    """Says how an uncertain mail went: nobody but the server knew, and it could not say."""
    if outcome is None:
        raise click.UsageError("Say --sent or --resend.")
    try:
        decisions.resolve(delivery_id, was_sent=outcome == "sent", now=clock.now())
    except Refused as refused:
        raise click.ClickException(refused.message) from None
    db.session.commit()
    click.echo(f"Mail {delivery_id} {'counts as sent' if outcome == 'sent' else 'is queued once more'}.")


@group.command("bounce")
@click.argument("file", metavar="[MESSAGE]", type=click.File("rb"), default="-")
def bounce(file: BinaryIO) -> None:
    """Reads a mail that came back, from standard input: your mail server gives it what arrives for bounce+…."""
    try:
        delivery, verdict = bounces.take(
            message_from_bytes(file.read(LARGEST_BOUNCE), policy=policy.compat32), now=clock.now()
        )
    except Refused as refused:
        raise click.ClickException(refused.message) from None
    db.session.commit()
    if verdict is bounces.Verdict.PERMANENT:
        click.echo(f"Mail {delivery.id} came back for good. {delivery.address} is not written to any more.")
    else:
        click.echo(f"Mail {delivery.id} came back for now. Nothing follows from that.")


def as_dict(delivery: Delivery) -> dict[str, object]:
    """A row of the ledger, for JSON."""
    instants = {
        name: value.isoformat() if (value := getattr(delivery, name)) else None
        for name in ("created_at", "due_at", "next_attempt_at", "data_started_at", "sent_at", "expires_at")
    }
    return {
        "id": delivery.id,
        "kind": delivery.kind,
        "address": delivery.address,
        "subject": delivery.content.subject,
        "state": delivery.state,
        "attempts": delivery.attempts,
        "message_id": delivery.message_id,
        "dedupe_key": delivery.dedupe_key,
        "smtp_code": delivery.smtp_code,
        "smtp_reply": delivery.smtp_reply,
        "skip_reason": delivery.skip_reason,
        **instants,
    }
