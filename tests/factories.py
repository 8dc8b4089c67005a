"""Rows for tests: what a test does not care about is filled in. Each is added and flushed, not committed."""

from __future__ import annotations

import itertools
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from functools import cache
from zoneinfo import ZoneInfo

from webapp.accounts.models import ApiToken, Person, Role, Scope
from webapp.comments import rendering
from webapp.comments.models import Comment, CommentState
from webapp.core import tokens
from webapp.extensions import bcrypt, db
from webapp.images.models import Format, Image
from webapp.posts.models import Post, PostState, Tag, co_authors
from webapp.reminders.models import Reminder, ReminderState
from webapp.subscriptions.models import Subscription, SubscriptionState

PASSWORD = "a walk before breakfast"
INSTALLED_AT = datetime(2026, 1, 1, tzinfo=UTC)

_numbers = itertools.count(1)


def person(name: str = "", *, role: Role = Role.READER, confirmed: bool = True, zone: str = "UTC", **values) -> Person:
    """Someone whose password is :data:`PASSWORD`."""
    name = name or f"Person {next(_numbers)}"
    handle = name.lower().replace(" ", "-")
    made = Person(
        **{
            "email": f"{handle}@example.org",
            "email_confirmed_at": INSTALLED_AT if confirmed else None,
            "name": name,
            "handle": handle,
            "zone": zone,
            "role": role,
            "password_hash": _hash(PASSWORD),
        }
        | values
    )
    return _added(made)


def post(
    author: Person,
    title: str = "",
    *,
    published_at: datetime | None = None,
    tags: tuple[str, ...] = (),
    with_others: Sequence[Person] = (),
    **values,
) -> Post:
    """A draft, or with ``published_at`` a published post. ``with_others`` are its co-authors, in order."""
    number = next(_numbers)
    title = title or f"Post {number}"
    body = values.pop("body", f"The text of {title}.")
    made = Post(
        **{
            "author_id": author.id,
            "title": title,
            "slug": f"{title.lower().replace(' ', '-')}-{number}",
            "body": body,
            "html": f"<p>{body}</p>",
            "excerpt": body,
            "state": PostState.PUBLISHED if published_at else PostState.DRAFT,
            "published_at": published_at,
            "tags": [tag(name) for name in tags],
        }
        | values
    )
    _added(made)
    for place, person in enumerate(with_others):
        added_at = INSTALLED_AT + timedelta(seconds=place)
        db.session.execute(co_authors.insert().values(post_id=made.id, person_id=person.id, added_at=added_at))
    return made


def image(owner: Person, name: str = "frost.png", *, alt: str = "") -> Image:
    """The row of a picture; its file is nowhere."""
    number = next(_numbers)
    return _added(
        Image(
            key=f"key{number}",
            owner_id=owner.id,
            name=name,
            alt=alt,
            format=Format.PNG,
            original_format="png",
            digest=f"{number:064}",
            width=90,
            height=60,
            bytes=1,
        )
    )


def tag(name: str) -> Tag:
    """The tag of this name, made on first use."""
    slug = name.lower().replace(" ", "-")
    return db.session.query(Tag).filter_by(slug=slug).one_or_none() or _added(Tag(name=name, slug=slug))


def subscription(address: str = "", *, state: SubscriptionState = SubscriptionState.ACTIVE, **values) -> Subscription:
    """A reader of the letter who has confirmed, unless ``state`` says otherwise."""
    made = Subscription(
        **{
            "address": address or f"reader-{next(_numbers)}@example.org",
            "state": state,
            "consent": "Send me the letter.",
            "asked_at": INSTALLED_AT,
            "confirmed_at": None if state is SubscriptionState.PENDING else INSTALLED_AT,
            "left_at": INSTALLED_AT if state is SubscriptionState.LEFT else None,
        }
        | values
    )
    return _added(made)


def reminder(owner: Person, text: str = "Water the plants", *, due_at: datetime | None = None, **values) -> Reminder:
    """A pending reminder, by default due in an hour, in its owner's zone."""
    due_at = due_at or datetime.now(UTC) + timedelta(hours=1)
    zone = values.pop("zone", owner.zone)
    made = Reminder(
        **{
            "person_id": owner.id,
            "text": text,
            "due_at": due_at,
            "zone": zone,
            "wall_time": due_at.astimezone(ZoneInfo(zone)).replace(tzinfo=None).isoformat(),
            "state": ReminderState.PENDING,
        }
        | values
    )
    return _added(made)


def api_token(owner: Person, *scopes: Scope) -> tuple[ApiToken, str]:
    """A token's row and the secret a program would send; without ``scopes`` it has all of them."""
    secret = tokens.opaque()
    row = ApiToken(
        person_id=owner.id, token_hash=tokens.digest(secret), scopes=[scope.value for scope in scopes or tuple(Scope)]
    )
    return _added(row), secret


def comment(post: Post, by: Person | None = None, body: str = "Well said.", **values) -> Comment:
    """A published comment by a member, or without one by a visitor who has confirmed an address."""
    visitor = {"name": "Tomas", "address": "tomas@example.org", "address_confirmed_at": INSTALLED_AT}
    made = Comment(
        **{
            "post_id": post.id,
            "person_id": by.id if by else None,
            "body": body,
            "html": rendering.html(body),
            "words_hash": rendering.words_hash(body),
            "state": CommentState.PUBLISHED,
            "published_at": datetime.now(UTC),
            "created_at": datetime.now(UTC),
        }
        | ({"name": by.name} if by else visitor)
        | values
    )
    return _added(made)


def _added(row):
    db.session.add(row)
    db.session.flush()
    return row


@cache
def _hash(password: str) -> str:
    return bcrypt.generate_password_hash(password).decode()
