"""What an archive holds of each table, and what stays behind. A table that is in neither list fails a test."""

from __future__ import annotations

import enum
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from sqlalchemy import Column, Enum, Table

from webapp.core.db import Model, UTCDateTime

FORMAT = "almanac archive"
VERSION = 1


@dataclass(frozen=True)
class Kept:
    """A table of the archive. ``unique`` is by what a row that another site has too is known; ``title`` names a row.

    ``without`` are columns of this house alone. ``secret`` ones are in it only when asked for. ``derived`` ones are
    made anew on import: nobody's HTML is trusted.
    """

    name: str
    title: str
    unique: tuple[str, ...] = ()
    without: frozenset[str] = frozenset()
    secret: frozenset[str] = frozenset()
    derived: frozenset[str] = frozenset()

    @property
    def table(self) -> Table:
        return Model.metadata.tables[self.name]

    def columns(self, *, with_secrets: bool) -> list[Column[Any]]:
        left_out = self.without | self.derived | (frozenset() if with_secrets else self.secret)
        return [column for column in self.table.columns if column.name not in left_out]

    @property
    def has_id(self) -> bool:
        return "id" in self.table.columns


TABLES = (
    Kept("site_settings", title="name", unique=("name",)),
    Kept("people", title="email", unique=("email",), secret=frozenset({"password_hash"})),
    Kept(
        "images",
        title="name",
        unique=("key",),
        without=frozenset({"attempts", "lease_until", "rendered_at"}),
        derived=frozenset({"bytes"}),
    ),
    Kept("tags", title="name", unique=("slug",)),
    Kept("posts", title="title", without=frozenset({"begun_as"}), derived=frozenset({"html"})),
    Kept("post_tags", title="tag_id", unique=("post_id", "tag_id")),
    Kept("co_authors", title="person_id", unique=("post_id", "person_id")),
    Kept("slug_redirects", title="slug", unique=("slug",)),
    Kept("revisions", title="title"),
    Kept("review_notes", title="step"),
    Kept("working_copies", title="post_id", unique=("post_id", "person_id")),
    Kept("conversations", title="post_id", unique=("post_id",)),
    Kept(
        "comments",
        title="name",
        without=frozenset({"sent_key", "proof_key", "told_in"}),
        derived=frozenset({"html"}),
    ),
    Kept("comment_mutes", title="subject", unique=("subject", "person_id", "address", "post_id")),
    Kept("old_addresses", title="path", unique=("path",)),
    Kept("imported_things", title="kind", unique=("key",)),
    Kept("digest_news", title="post_id", unique=("post_id",)),
    Kept("suppressions", title="address", unique=("address",)),
    Kept("subscriptions", title="address", unique=("address",)),
    Kept("reminder_recipients", title="address", unique=("person_id", "address")),
    Kept("closed_addresses", title="address", unique=("address",)),
    Kept("reminders", title="text", without=frozenset({"handed_over_at", "missed_at"})),
    Kept("reminder_events", title="what"),
)
"""In the order in which they refer to each other. The file of a picture comes in with its row."""

STAYS_BEHIND = {
    "registrations": "links that somebody may still confirm, on this site's name",
    "sign_ins": "a secret",
    "api_tokens": "a secret",
    "preview_links": "a secret",
    "calendar_feeds": "a secret",
    "image_renditions": "made anew from the picture",
    "deliveries": "what this house has mailed",
    "delivery_attempts": "what this house has mailed",
    "mail_contents": "what this house has mailed",
    "mail_holds": "the state of this house",
    "digest_runs": "what this house has mailed; how far each reader is, is in subscriptions",
    "letters": "what this house has mailed",
    "letter_posts": "what this house has mailed",
    "heartbeats": "the state of this house",
    "page_stamp": "the state of this house",
    "search_changes": "what an engine beside this house has yet to hear; triggers write it anew",
    "audit_entries": "who did what in this house",
    "transfers": "the imports and exports of this house",
    "transfer_entries": "the imports and exports of this house",
}
SETTINGS_OF_THE_HOUSE = frozenset(
    {"installed_at", "instance", "last_backup", "lateness_alarm", "search_elsewhere", "search_reindexed"}
)


def written(value: Any) -> Any:
    """A value as JSON has it."""
    if isinstance(value, enum.Enum):
        return value.value
    return value.isoformat() if isinstance(value, date | datetime) else value


def read(column: Column[Any], value: Any) -> Any:
    """A value of JSON as the column takes it. Raises ValueError or TypeError for what it cannot be."""
    if value is None:
        if column.nullable:
            return None
        raise ValueError(f"{column.name} is empty")
    if isinstance(column.type, Enum):
        return _enumerated(column.type, value)
    if isinstance(column.type, UTCDateTime):
        at = datetime.fromisoformat(value)
        if at.tzinfo is None:
            raise ValueError(f"{column.name} has no offset from UTC")
        return at
    kind = column.type.python_type
    if kind is int and isinstance(value, bool):
        raise TypeError(f"{column.name} is no number")
    if kind in {int, str, bool} and not isinstance(value, kind):
        raise TypeError(f"{column.name} is no {kind.__name__}")
    if kind in {dict, list} and not isinstance(value, dict | list):
        raise TypeError(f"{column.name} cannot be read")
    return value.replace("\0", "") if isinstance(value, str) else value


def _enumerated(kind: Enum, value: Any) -> Any:
    if kind.enum_class is None:
        raise TypeError("a state without names")
    return kind.enum_class(value)
