"""`manage.py forecast`: what would go out, before it does."""

from __future__ import annotations

import json
import sys
from datetime import datetime
from zoneinfo import ZoneInfo

import click
from flask import Flask
from flask.cli import with_appcontext
from rich.console import Console
from rich.table import Table

from webapp.core import clock, site
from webapp.ops import forecast
from webapp.ops.forecast import Forecast, LeftOut, Planned


def init_app(app: Flask) -> None:
    """Adds the command."""
    app.cli.add_command(forecast_command)


@click.command("forecast")
@click.option("--days", default=14, show_default=True, type=click.IntRange(1, forecast.MOST_DAYS))
@click.option("--json", "as_json", is_flag=True, help="For a machine to read.")
@click.option(
    "--each", is_flag=True, help="One line for every mail: when (UTC), kind, to whom. Unsorted, however many."
)
@with_appcontext
def forecast_command(days: int, as_json: bool, each: bool) -> None:  # noqa: FBT001
    """Every mail that would go out in the next days, and what would be left out and why. Sends nothing."""
    now = clock.now()
    if each:
        for at, kind, address in forecast.each_mail(now, days):
            click.echo(f"{at.isoformat(timespec='seconds')}\t{kind}\t{address}")
        return
    found = forecast.forecast(now, days)
    if as_json:
        click.echo(json.dumps(_as_dict(found), indent=2))
    else:
        _print(found)


def _print(found: Forecast) -> None:
    zone = site.config().site_timezone
    console = Console(width=None if sys.stdout.isatty() else 160, highlight=False, markup=False)
    for reason in found.held:
        why = reason.rstrip(".")
        click.echo(f"All mail is held: {why}. Until `manage.py mail release`, nothing of this goes out.")
    click.echo(f"From {_local(found.start, zone)} to {_local(found.end, zone)}, if nothing changes: {_summary(found)}.")
    if found.mails:
        console.print(_mails(found))
    if found.unlisted:
        click.echo(f"{found.unlisted:,} more mails to one person each are counted, not listed: see --each.")
    if found.skipped:
        click.echo("\nLeft out:")
        console.print(_left_out(found))
    click.echo("Nothing was sent.")


def _summary(found: Forecast) -> str:
    if not found.total:
        return "no mail"
    kinds = ", ".join(f"{count:,} {kind}" for kind, count in found.by_kind.items())
    return f"{found.total:,} {'mail' if found.total == 1 else 'mails'} ({kinds})"


def _mails(found: Forecast) -> Table:
    table = Table("when", "kind", "to", "what", box=None)
    for planned in found.mails:
        what = f"{planned.what} (in the ledger)" if planned.is_written else planned.what
        table.add_row(_local(planned.at, planned.zone), planned.kind, _to(planned), what)
    return table


def _left_out(found: Forecast) -> Table:
    table = Table("letter of", "kind", "mails", "why", box=None)
    zone = site.config().site_timezone
    for row in found.skipped:
        table.add_row(_local(row.at, zone) if row.at else "", row.kind, f"{row.count:,}", row.reason)
    return table


def _to(planned: Planned) -> str:
    return planned.address or (f"{planned.count:,} readers" if planned.count != 1 else "1 reader")


def _local(at: datetime, zone: str) -> str:
    return f"{at.astimezone(ZoneInfo(zone)):%Y-%m-%d %H:%M} ({zone})"


def _as_dict(found: Forecast) -> dict[str, object]:
    return {
        "from": found.start.isoformat(),
        "to": found.end.isoformat(),
        "held": list(found.held),
        "total": found.total,
        "by_kind": found.by_kind,
        "days": [{"on": day.on.isoformat(), "total": day.total, **day.counts} for day in found.days],
        "mails": [_planned_as_dict(planned) for planned in found.mails],
        "unlisted": found.unlisted,
        "skipped": [_left_out_as_dict(row) for row in found.skipped],
    }


def _planned_as_dict(planned: Planned) -> dict[str, object]:
    return {
        "at": planned.at.isoformat(),
        "local": planned.at.astimezone(ZoneInfo(planned.zone)).isoformat(),
        "zone": planned.zone,
        "kind": planned.kind,
        "count": planned.count,
        "address": planned.address,
        "what": planned.what,
        "since": planned.since.isoformat() if planned.since else None,
        "is_written": planned.is_written,
    }


def _left_out_as_dict(row: LeftOut) -> dict[str, object]:
    return {
        "at": row.at.isoformat() if row.at else None,
        "kind": row.kind,
        "reason": row.reason,
        "count": row.count,
    }
