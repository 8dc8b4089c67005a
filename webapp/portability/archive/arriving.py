"""What a row has to become to be right here: rendered anew, with an address of its own, and silent."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import select

from webapp.accounts import passwords
from webapp.accounts import queries as people
from webapp.comments import rendering as comments
from webapp.core.errors import Refused
from webapp.extensions import db
from webapp.images import operations as images
from webapp.images import storage
from webapp.images.models import Image
from webapp.portability.front_matter import place_of
from webapp.portability.items import BadSource
from webapp.posts import queries as posts
from webapp.posts import rendering
from webapp.posts.models import PostState, SlugRedirect
from webapp.reminders import recurrence
from webapp.reminders.models import Reminder, ReminderKind, ReminderState
from webapp.subscriptions.following import Following

Row = dict[str, Any]
ADDRESSES = 200
KEY = re.compile(r"[a-z0-9]{8,20}")
NAME = re.compile(r"[a-z0-9-]+\.[a-z]{3,4}")


class Unfit(Exception):
    """The row cannot be brought here; the message says why."""


@dataclass(frozen=True)
class Journey:
    """What a row needs to know of where it comes to. ``local`` has the ids of rows that came before it.

    ``file`` gives a file of the archive, or None.
    """

    now: datetime
    is_move: bool
    is_dry_run: bool
    local: Mapping[tuple[str, int], int]
    file: Callable[[str], bytes | None]


def fit(table: str, row: Row, notes: list[str], journey: Journey) -> None:
    """Changes ``row`` in place, and says in ``notes`` what a reader of the report should know."""
    if table in FITTING:
        FITTING[table](row, notes, journey)


def _person(row: Row, notes: list[str], _journey: Journey) -> None:
    """Without a password nobody can sign in until they choose one; a handle belongs to one person."""
    row.setdefault("password_hash", passwords.UNUSABLE)
    stem = row["handle"][:34]
    taken = people.handles_like(stem)
    if row["handle"] in taken:
        was = row["handle"]
        row["handle"] = next(each for number in range(2, ADDRESSES) if (each := f"{stem}-{number}") not in taken)
        notes.append(f"the handle is @{row['handle']}: somebody else is @{was}")


def _post(row: Row, notes: list[str], journey: Journey) -> None:
    """Rendered from its Markdown. What had appeared is in no letter of this site, unless the site only moved."""
    try:
        rendered = rendering.render(row["body"])
    except Refused as refused:
        raise Unfit(refused.message) from None
    row["html"] = rendered.html
    if not journey.is_move:
        row["imported_at"] = journey.now
    if row["state"] is PostState.SCHEDULED and (row["publish_at"] is None or row["publish_at"] <= journey.now):
        notes.insert(0, f"a draft here: its time was {row['publish_at'] or 'not set'}, and has passed")
        row["state"], row["publish_at"] = PostState.DRAFT, None
    if posts.taken([row["slug"]]):
        was = row["slug"]
        others = [f"{was[:76]}-{number}" for number in range(2, ADDRESSES)]
        used = posts.taken(others)
        row["slug"] = next(each for each in others if each not in used)
        notes.append(f"its address is /posts/{row['slug']}: another post has /posts/{was}")


def _image(row: Row, _notes: list[str], journey: Journey) -> None:
    """Its file is looked at before it is kept, under the key that texts know it by. Copies are made of it anew."""
    if not KEY.fullmatch(row["key"]) or not NAME.fullmatch(row["name"]):
        raise Unfit("its address is none that we give")
    image = Image(**{name: row[name] for name in ("key", "name", "format", "width", "height")})
    data = journey.file(place_of(image))
    if data is None:
        raise Unfit("its file is not in the archive")
    row["bytes"] = len(data)
    try:
        images.put_back(image, data, is_dry_run=journey.is_dry_run)
    except Refused as refused:
        raise Unfit(refused.message) from None
    except storage.Unavailable as unavailable:
        raise BadSource(f"Pictures cannot be kept: {unavailable}. Give the command again: it goes on here.") from None
    owner_id = row["owner_id"]
    if owner_id and db.session.scalar(
        select(Image.id).where(Image.owner_id == owner_id, Image.digest == row["digest"])
    ):  # sent here too: theirs keeps the digest by which it is found again, this one the address that texts name
        row["digest"] = images.digest_of(f"{row['key']} {row['digest']}".encode())


def _comment(row: Row, _notes: list[str], _journey: Journey) -> None:
    row["html"] = comments.html(row["body"])


def _thing(row: Row, _notes: list[str], journey: Journey) -> None:
    row["local_id"] = journey.local.get((f"{row['kind']}s", row["local_id"]), 0)


def _redirect(row: Row, _notes: list[str], _journey: Journey) -> None:
    if posts.taken([row["slug"]]) and not db.session.scalar(
        select(SlugRedirect.id).where(SlugRedirect.slug == row["slug"])
    ):
        raise Unfit("a post of this site has that address")


def _news(row: Row, _notes: list[str], _journey: Journey) -> None:
    """Who has had it is written in mails that stay behind, so it does not come back; and what came back is old here."""
    row["is_old"] = True
    if row["is_again"]:
        row["appeared_at"] = None


def _subscription(row: Row, notes: list[str], journey: Journey) -> None:
    """Authors and tags have other numbers here. Who follows nothing that came along waits for them to choose."""
    follows = Following.read(row.get("follows") or "site")
    numbers = {"site": "site"}
    for sign, table, ids in (("@", "people", follows.authors), ("#", "tags", follows.tags)):
        numbers |= {f"{sign}{each}": f"{sign}{new}" for each in ids if (new := journey.local.get((table, each)))}
    own = dict(follows.own)
    here = [(numbers[word], own.get(word)) for word in follows.words() if word in numbers]
    row["follows"] = str(Following.read(" ".join(f"{word}={pace}" if pace else word for word, pace in here)))
    had = [journey.local.get(("posts", int(word))) for word in (row.get("had_since") or "").split()]
    row["had_since"] = " ".join(str(each) for each in had if each)
    if follows and not row["follows"]:
        notes.append("nothing of what this reader follows came along: no letters until they choose")


def _reminder(row: Row, notes: list[str], journey: Journey) -> None:
    """What is still to come stays set. What came due meanwhile is not sent late, and never all at once."""
    row["handed_over_at"] = None
    if row["state"] is not ReminderState.PENDING or row["due_at"] > journey.now:
        return
    following = None if row["kind"] is ReminderKind.WELCOME else _next(row, journey.now)
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


FITTING: dict[str, Callable[[Row, list[str], Journey], None]] = {
    "people": _person,
    "images": _image,
    "posts": _post,
    "slug_redirects": _redirect,
    "comments": _comment,
    "imported_things": _thing,
    "digest_news": _news,
    "subscriptions": _subscription,
    "reminders": _reminder,
}
