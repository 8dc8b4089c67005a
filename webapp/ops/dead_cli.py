"""`manage.py dead …`: the messages that no worker could do anything with. RabbitMQ keeps them."""

from __future__ import annotations

import json
import sys
from collections.abc import Iterator
from contextlib import contextmanager

import click
from flask import Flask
from flask.cli import AppGroup
from rich.console import Console
from rich.markup import escape
from rich.table import Table

from webapp.core import clock, site
from webapp.ops import broker, dead_queue
from webapp.ops.dead_letters import DeadLetter, harmless, shortened

group = AppGroup("dead", help="Messages that no worker could do anything with.")


def init_app(app: Flask) -> None:
    """Adds the commands."""
    app.cli.add_command(group)


@group.command("list")
@click.option("--limit", default=1000, show_default=True, type=click.IntRange(1, 100_000))
@click.option("--json", "as_json", is_flag=True, help="For a machine to read.")
def list_(limit: int, as_json: bool) -> None:  # noqa: FBT001
    """What lies there, the oldest first."""
    try:
        with _one_line():
            found = dead_queue.letters(limit)
    except dead_queue.NoneHere as error:
        click.echo(json.dumps([]) if as_json else str(error))
        return
    if as_json:
        click.echo(json.dumps([each.as_dict() for each in found], indent=2))
    elif not found:
        click.echo("There are no dead letters.")
    else:
        _print(found)


@group.command("show")
@click.argument("letter_id", metavar="ID")
@click.option("--json", "as_json", is_flag=True, help="For a machine to read.")
def show(letter_id: str, as_json: bool) -> None:  # noqa: FBT001
    """Everything about one: why it is there, its headers, its body."""
    with _one_line(none_here_fails=True):
        found = dead_queue.letter(letter_id)
    if as_json:
        click.echo(json.dumps(found.in_full(), indent=2))
        return
    facts = found.in_full()
    for name in ("id", "task", "args", "why", "reason", "count", "queue", "exchange", "routing_key"):
        click.echo(f"{name.replace('_', ' ') + ':':<13}{harmless(str(facts[name] or ''))}")
    click.echo(f"{'at:':<13}{_when(found)}")
    properties = facts["properties"]
    headers = properties.pop("headers", {})
    for title, values in (("properties:", properties), ("headers:", headers)):
        click.echo(title)
        for name, value in values.items():
            click.echo(f"  {harmless(name)}: {harmless(json.dumps(value, ensure_ascii=False))}")
    click.echo(f"body, {len(found.body)} bytes:\n  {found.text}")


@group.command("replay")
@click.argument("letter_id", metavar="ID")
def replay(letter_id: str) -> None:
    """Sends one back to the queue it came from, to be tried anew."""
    with _one_line(none_here_fails=True):
        found = dead_queue.replay(letter_id, now=clock.now())
    click.echo(f"Dead letter {found.id} is back in {shortened(found.queue)}.")


@group.command("drop")
@click.argument("letter_id", metavar="ID")
def drop(letter_id: str) -> None:
    """Removes one for good."""
    with _one_line(none_here_fails=True):
        found = dead_queue.drop(letter_id, now=clock.now())
    click.echo(f"Dead letter {found.id} is gone.")


@contextmanager
def _one_line(*, none_here_fails: bool = False) -> Iterator[None]:
    try:
        yield
    except dead_queue.NoneHere as error:
        if not none_here_fails:
            raise
        raise click.ClickException(str(error)) from None
    except broker.Unreachable as error:
        raise click.ClickException(f"The broker does not answer: {error}. See CELERY_BROKER_URL.") from None
    except (dead_queue.Unknown, dead_queue.Busy, dead_queue.Stuck) as error:
        raise click.ClickException(str(error)) from None


def _print(found: list[DeadLetter]) -> None:
    table = Table("id", "task", "arguments", "from", "died", "why", box=None)
    for each in found:
        words = (each.id, each.task_said, each.said, shortened(each.queue), _when(each), _why(each))
        table.add_row(*map(escape, words))
    Console(width=None if sys.stdout.isatty() else 200, highlight=False).print(table)


def _why(letter: DeadLetter) -> str:
    return f"{letter.why} ({letter.reason})" if letter.reason else letter.why.value


def _when(letter: DeadLetter) -> str:
    return letter.at.astimezone(site.config().zone).strftime("%Y-%m-%d %H:%M:%S") if letter.at else ""
