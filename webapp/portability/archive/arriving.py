"""What a row has to become to be right here: rendered anew, with an address of its own, and silent."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import datetime
from typing import Any

from sqlalchemy import select

from webapp.accounts import passwords
from webapp.accounts import queries as people
from webapp.core import markdown
from webapp.core.errors import Refused
from webapp.extensions import db
from webapp.posts import queries as posts
from webapp.posts.models import PostState, SlugRedirect
from webapp.reminders import recurrence
from webapp.reminders.models import Reminder, ReminderKind, ReminderState

Row = dict[str, Any]
ADDRESSES = 200


class Unfit(Exception):
    """The row cannot be brought here; the message says why."""


def fit(
    table: str, row: Row, notes: list[str], *, now: datetime, is_move: bool, local: Mapping[tuple[str, int], int]
) -> None:
    """Changes ``row`` in place, and says in ``notes`` what a reader of the report should know."""
    if table == "posts":
        _post(row, notes, now, is_move=is_move)
    elif table == "imported_things":
        row["local_id"] = local.get(("posts", row["local_id"]), 0)
    elif table in FITTING:
        FITTING[table](row, notes, now)


def _person(row: Row, notes: list[str], _now: datetime) -> None:
    """Without a password nobody can sign in until they choose one; a handle belongs to one person."""
    row.setdefault("password_hash", passwords.UNUSABLE)
    stem = row["handle"][:34]
    taken = people.handles_like(stem)
    if row["handle"] in taken:
        was = row["handle"]
        row["handle"] = next(each for number in range(2, ADDRESSES) if (each := f"{stem}-{number}") not in taken)
        notes.append(f"the handle is @{row['handle']}: somebody else is @{was}")


def _post(row: Row, notes: list[str], now: datetime, *, is_move: bool) -> None:
    """Rendered from its Markdown. What had appeared is in no letter of this site, unless the site only moved."""
    try:
        rendered = markdown.render(row["body"])
    except Refused as refused:
        raise Unfit(refused.message) from None
    row["html"] = rendered.html
    if not is_move:
        row["imported_at"] = now
    if row["state"] is PostState.SCHEDULED and (row["publish_at"] is None or row["publish_at"] <= now):
        notes.insert(0, f"a draft here: its time was {row['publish_at'] or 'not set'}, and has passed")
        row["state"], row["publish_at"] = PostState.DRAFT, None
    if posts.taken([row["slug"]]):
        was = row["slug"]
        others = [f"{was[:76]}-{number}" for number in range(2, ADDRESSES)]
        used = posts.taken(others)
        row["slug"] = next(each for each in others if each not in used)
        notes.append(f"its address is /posts/{row['slug']}: another post has /posts/{was}")


def _redirect(row: Row, _notes: list[str], _now: datetime) -> None:
    if posts.taken([row["slug"]]) and not db.session.scalar(
        select(SlugRedirect.id).where(SlugRedirect.slug == row["slug"])
    ):
        raise Unfit("a post of this site has that address")


def _reminder(row: Row, notes: list[str], now: datetime) -> None:
    """What is still to come stays set. What came due meanwhile is not sent late, and never all at once."""
    row["handed_over_at"] = None
    if row["state"] is not ReminderState.PENDING or row["due_at"] > now:
        return
    following = None if row["kind"] is ReminderKind.WELCOME else _next(row, now)
    if following is None:
        row["state"] = ReminderState.CANCELLED
        notes.append("its time passed before it came here: nothing is sent")
    else:
        wall_time, due_at = following
        row["wall_time"], row["due_at"] = wall_time.isoformat(), due_at
        notes.append(f"it goes on with its next time: {due_at:%Y-%m-%d %H:%M} UTC")


def _next(row: Row, now: datetime) -> tuple[datetime, datetime] | None:
    names = ("recurrence", "series_start", "wall_time", "zone", "due_at")
    try:
        return recurrence.next_after(Reminder(**{name: row.get(name) for name in names}), now)
    except (ValueError, Refused):
        return None


FITTING: dict[str, Callable[[Row, list[str], datetime], None]] = {
    "people": _person,
    "slug_redirects": _redirect,
    "reminders": _reminder,
}
