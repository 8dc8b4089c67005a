"""`manage.py import …` and `manage.py export`."""

from __future__ import annotations

import json
from collections.abc import Sequence
from contextlib import nullcontext
from pathlib import Path
from typing import Any

import click
from flask import Flask
from flask.cli import with_appcontext
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

from webapp.accounts import queries as people
from webapp.accounts.models import Role
from webapp.core import clock
from webapp.extensions import db
from webapp.portability import archive, operations, queries, running
from webapp.portability.items import BadSource
from webapp.portability.models import Direction, Outcome, Transfer
from webapp.portability.placing import Entry
from webapp.portability.readers import System
from webapp.portability.records import Kept, Remembered, added
from webapp.portability.running import Wish
from webapp.portability.wording import headline, lines

FILES = {
    System.WORDPRESS: "a WordPress export (WXR, .xml)",
    System.GHOST: "a Ghost export (.json)",
    System.MARKDOWN: "a folder or zip of Markdown with front matter",
    System.FEED: "an Atom or RSS feed, as a file",
    System.ALMANAC: "an archive that `export` wrote (.zip)",
}

SMALL = 1024 * 1024
"""Bytes up to which it is quicker to convert here than to start processes for it."""


def init_app(app: Flask) -> None:
    """Adds the commands."""
    app.cli.add_command(import_command)
    app.cli.add_command(export_command)


@click.command("import")
@click.argument("system", type=click.Choice([each.value for each in System]))
@click.argument("path", type=click.Path(path_type=Path))
@click.option("--dry-run", is_flag=True, help="Say exactly what would happen, and change nothing.")
@click.option("--author", metavar="EMAIL", help="Who gets the posts whose author is not known.")
@click.option(
    "--uploads",
    type=click.Path(path_type=Path, exists=True, file_okay=False),
    help="The folder in which the other system kept its pictures, such as wp-content/uploads.",
)
@click.option(
    "--fetch-images/--no-fetch-images", default=False, help="Get pictures from the net that are not in there."
)
@click.option(
    "--move", is_flag=True, help="almanac: the other site is over; letters go on here where they stopped there."
)
@click.option("--json", "as_json", is_flag=True, help="The whole report, for a machine to read.")
@with_appcontext
def import_command(  # noqa: PLR0917  # click gives them by name
    system: str,
    path: Path,
    dry_run: bool,  # noqa: FBT001  # click's way
    author: str | None,
    uploads: Path | None,
    fetch_images: bool,  # noqa: FBT001
    move: bool,  # noqa: FBT001
    as_json: bool,  # noqa: FBT001
) -> None:
    """Brings in what was written elsewhere. Nobody is mailed; given again, it goes on or changes nothing.

    SYSTEM says what PATH is: wordpress (WXR), ghost (JSON), markdown (a folder or zip), feed (Atom or RSS), almanac.
    """
    kind, file = System(system), path.absolute()
    author_id = _author_id(author)
    wish = Wish(author_id, uploads, may_fetch=fetch_images, is_dry_run=dry_run, is_move=move)
    try:
        entries = _imported(kind, file, wish, is_quiet=as_json)
    except BadSource as bad:
        raise click.ClickException(str(bad)) from None
    counts = added({}, entries)
    if as_json:
        report = {"system": system, "dry_run": dry_run, "counts": counts, "items": [_as_dict(each) for each in entries]}
        click.echo(json.dumps(report, ensure_ascii=False, indent=2))
    else:
        click.echo(headline(counts, is_dry_run=dry_run))
        for line in lines(entries):
            click.echo(line)
    if counts and all(set(by) == {Outcome.FAILED} for by in counts.values()):
        raise click.ClickException("Nothing could be imported.")


def _imported(system: System, file: Path, wish: Wish, *, is_quiet: bool) -> Sequence[Any]:
    """Carries it out; the report's lines. A dry run leaves no row behind."""
    is_large = file.is_dir() or (file.is_file() and file.stat().st_size > SMALL)
    with (
        running.converters() if is_large and system is not System.ALMANAC else nullcontext() as executor,
        _bar(is_quiet) as bar,
    ):
        task = bar.add_task("", total=None)

        def progress(done: int, total: int) -> None:
            bar.update(task, completed=done, total=total)

        now = clock.now()
        if wish.is_dry_run:
            remembered = Remembered()
            running.carry_out(system, file, wish, record=remembered, now=now, progress=progress, executor=executor)
            return sorted(remembered.entries, key=lambda entry: entry.nth)
        transfer_id = _written_down(system, file)
        try:
            record = Kept(db.session.get_one(Transfer, transfer_id))
            running.carry_out(system, file, wish, record=record, now=now, progress=progress, executor=executor)
        except BaseException as error:
            db.session.rollback()
            said = str(error) if isinstance(error, BadSource) else "It was interrupted. Give the command again."
            operations.finish(db.session.get_one(Transfer, transfer_id), now=clock.now(), error=said)
            db.session.commit()
            raise
    transfer = db.session.get_one(Transfer, transfer_id)
    operations.finish(transfer, now=clock.now())
    db.session.commit()
    return [*queries.entries(transfer, limit=2**31 - 1)]


def _written_down(system: System, file: Path) -> int:
    now = clock.now()
    operations.give_up_interrupted(now=now)
    transfer = operations.ask(
        Direction.IMPORT, system=system, file=str(file), name=file.name, by=None, options={}, now=now, is_by_shell=True
    )
    operations.claim(transfer.id, now=now)
    transfer_id = transfer.id
    db.session.commit()
    return transfer_id


@click.command("export")
@click.argument("path", type=click.Path(path_type=Path))
@click.option(
    "--passwords/--no-passwords", default=True, help="With the digests of passwords, so that people can go on."
)
@with_appcontext
def export_command(path: Path, passwords: bool) -> None:  # noqa: FBT001
    """Writes everything into the zip PATH: an archive for `import almanac`, and every post as Markdown.

    PATH may be a folder; the file is then named by the day. Only its owner may read it: it holds addresses and, unless
    --no-passwords, what passwords are checked with.
    """
    now = clock.now()
    target = path.absolute()
    if target.is_dir():
        target /= f"almanac-{now:%Y-%m-%d}.zip"
    if target.exists() and not archive.is_one(target):
        raise click.ClickException(f"{target} is there, and is not an archive of Almanac: choose another name.")
    try:
        counts = archive.write(target, now=now, with_passwords=passwords)
    except OSError as error:
        raise click.ClickException(f"Nothing was exported: {error.filename or target}: {error.strerror}.") from None
    size = target.stat().st_size / 1024
    click.echo(f"{target}: {size:,.0f} kB.")
    click.echo(", ".join(f"{count:,} {name.replace('_', ' ')}" for name, count in counts.items() if count) + ".")


def _author_id(email: str | None) -> int | None:
    """Whoever gets what has no known author. Without --author it is the only author there is, or nobody."""
    if email is not None:
        person = people.by_email(email)
        if person is None:
            raise click.ClickException(f"Nobody has the address {email!r}.")
        return person.id
    found = [each.id for each in people.everyone() if each.is_allowed(Role.AUTHOR)]
    db.session.rollback()
    return found[0] if len(found) == 1 else None


def _bar(is_quiet: bool) -> Progress:  # noqa: FBT001
    """On standard error, so that the report can be piped; nothing where nobody watches."""
    from rich.console import Console

    console = Console(stderr=True)
    return Progress(
        TextColumn("Importing"),
        BarColumn(),
        MofNCompleteColumn(),
        TimeRemainingColumn(),
        console=console,
        transient=True,
        disable=is_quiet or not console.is_terminal,
    )


def _as_dict(entry: Entry) -> dict[str, object]:
    return {
        "kind": entry.kind,
        "title": entry.title,
        "outcome": str(entry.outcome),
        "reason": entry.reason,
    }
