"""The shapes of what goes in and out. Limits repeated here are those of the rules, so that a program can read them."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any

import marshmallow as ma
from marshmallow import fields, validate

from webapp.api.fields import Address, Choice, Instant, Text, Whole, YesNo
from webapp.api.paging import LARGEST_PAGE, LAST_PAGE, USUAL_PAGE
from webapp.api.parsing import LARGEST_NUMBER
from webapp.comments import rendering
from webapp.comments.models import CommentState
from webapp.portability.models import Direction, TransferState
from webapp.reminders import recurrence
from webapp.reminders.models import Condition, Leave, Origin, Recipient, Reminder, ReminderState, What
from webapp.reminders.snoozing import Snooze

STATES = "Only to an accepted one mail goes. A refusal looks like silence; withdrawn had been accepted before."


class Schema(ma.Schema):
    """What every object has in common: a field that does not exist is refused, whoever hopes it does."""

    error_messages = {"unknown": "There is no such field here.", "type": "It must be a JSON object."}  # noqa: RUF012


class ProblemSchema(Schema):
    """RFC 9457."""

    type = fields.Url(metadata={"description": "Leads to the explanation of this kind of problem."})
    title = fields.String()
    status = fields.Integer()
    detail = fields.String(metadata={"description": "What went wrong this time, in a sentence."})
    instance = fields.String(metadata={"description": "The path that was asked for."})
    errors = fields.Dict(
        keys=fields.String(),
        values=fields.List(fields.String()),
        metadata={"description": "What is wrong with each field that does not fit."},
    )


class PageQuery(Schema):
    page = Whole(
        is_in_query=True,
        load_default=1,
        validate=validate.Range(1, LAST_PAGE, error="It must be from {min} to {max}."),
        metadata={"description": "Which page, from 1."},
    )
    limit = Whole(
        is_in_query=True,
        load_default=USUAL_PAGE,
        validate=validate.Range(1, LARGEST_PAGE, error="It must be from {min} to {max}."),
        metadata={"description": "How many items on a page."},
    )


class Page(Schema):
    total = fields.Integer(metadata={"description": "How many there are on all pages together."})


class CommentAuthorSchema(Schema):
    name = fields.String()
    handle = fields.String(allow_none=True, metadata={"description": "Null for a visitor."})


class CommentSchema(Schema):
    id = fields.Integer(dump_only=True, metadata={"description": "Its number, which never changes."})
    url = Address("api.comments.comment", "comment_id")
    created_at = Instant(metadata={"description": "When it was said."})
    updated_at = Instant(metadata={"description": "When it last changed."})
    post_id = fields.Integer(metadata={"description": "The post it is about."})
    parent_id = fields.Integer(allow_none=True, metadata={"description": "The comment it answers."})
    body = fields.String(metadata={"description": "Markdown, as written."})
    html = fields.String(metadata={"description": "The body, rendered and sanitised."})
    author = fields.Nested(CommentAuthorSchema, metadata={"description": "Who said it: name and, of a member, handle."})
    state = fields.Enum(CommentState, by_value=True, metadata={"description": "Others see only a published one."})
    edited_at = Instant(allow_none=True, metadata={"description": "When its words were changed."})


class CommentPage(Page):
    items = fields.List(fields.Nested(CommentSchema))


class CommentChange(Schema):
    body = Text(
        required=True,
        validate=validate.Length(1, rendering.LONGEST),
        metadata={"description": "Markdown without headings, pictures, tables and HTML."},
    )


class NewComment(CommentChange):
    parent_id = Whole(
        allow_none=True,
        load_default=None,
        validate=validate.Range(1, LARGEST_NUMBER, error="It must be the number of a comment."),
        metadata={"description": "The comment to answer, on the same post."},
    )


class ReminderSchema(Schema):
    id = fields.Integer(dump_only=True, metadata={"description": "Its number, which never changes."})
    url = Address("api.reminders.reminder", "reminder_id")
    created_at = Instant(metadata={"description": "When it was made."})
    updated_at = Instant(metadata={"description": "When it last changed."})
    text = fields.String(metadata={"description": "What the mail says."})
    due_at = Instant(metadata={"description": "When the mail leaves next."})
    zone = fields.String(metadata={"description": "The time zone that recurrence and wall_time are in."})
    wall_time = fields.String(metadata={"description": "What the clock shows there, without an offset."})
    recurrence = fields.String(allow_none=True, metadata={"description": "An RRULE, or null if it does not repeat."})
    upcoming = fields.Function(
        lambda reminder: [Instant.text(instant) for instant in _coming(reminder)],
        metadata={
            "type": "array",
            "items": {"type": "string", "format": "date-time"},
            "description": "The next five instants, due_at first; none of one that is over.",
        },
    )
    state = fields.Enum(ReminderState, by_value=True, metadata={"description": "Only a pending one is still to come."})
    post_id = fields.Integer(allow_none=True, metadata={"description": "The post it is about, or null."})
    condition = fields.Enum(
        Condition,
        by_value=True,
        metadata={"description": "What must still be so with the post."},
    )
    lead_minutes = fields.Integer(
        allow_none=True, metadata={"description": "How long before the post appears, for the condition scheduled."}
    )
    recipient = fields.Function(
        lambda reminder: reminder.recipient.address if reminder.recipient else None,
        metadata={"type": ["string", "null"], "description": "Whom else it reminds: their address, or null."},
    )
    with_me = fields.Boolean(metadata={"description": "Whether it reminds you, too."})
    paused_until = Instant(allow_none=True, metadata={"description": "Until when it was paused, if it was."})
    history = Address("api.reminders.history", "reminder_id")
    version = fields.Integer(metadata={"description": "Rises with every change."})


class ReminderEventSchema(Schema):
    at = Instant(metadata={"description": "When it happened."})
    what = fields.Enum(What, by_value=True, metadata={"description": "What happened."})
    origin = fields.Enum(Origin, by_value=True, metadata={"description": "Where it was done; house: by itself."})
    due_at = Instant(metadata={"description": "The time it happened to."})
    note = fields.String(metadata={"description": "Why, for what happened by itself."})


class ReminderHistory(Schema):
    items = fields.List(fields.Nested(ReminderEventSchema))
    total = fields.Integer(metadata={"description": "How many there are here: the newest."})


class OtherTime(Schema):
    """A time to put something off to."""

    until = Text(metadata={"format": "date-time", "description": "ISO 8601 with an offset from UTC."})
    when = Text(metadata={"description": "Instead: a local time in the reminder's zone, as ISO or in words."})


class SnoozeChange(OtherTime):
    by = Choice(*Snooze, metadata={"description": "10m, 1h, or 1d: the same time tomorrow."})

    @ma.validates_schema(skip_on_field_errors=False)
    def has_one_time(self, data: dict[str, Any], **_: Any) -> None:
        if len(data.keys() & {"by", "until", "when"}) != 1:
            raise ma.ValidationError("Give one of by, until and when.", "by")


class PauseChange(OtherTime):
    @ma.validates_schema(skip_on_field_errors=False)
    def has_one_time(self, data: dict[str, Any], **_: Any) -> None:
        if "until" in data and "when" in data:
            raise ma.ValidationError("Give until or when, not both.", "until")


def _coming(reminder: Reminder) -> list[datetime]:
    return recurrence.upcoming(reminder) if reminder.state is ReminderState.PENDING else []


def _state_of(recipient: Recipient) -> str:
    """What whoever asked may know: a no looks like silence."""
    return str(Leave.ASKED if recipient.leave is Leave.REFUSED else recipient.leave)


class ReminderPage(Page):
    items = fields.List(fields.Nested(ReminderSchema))


class ReminderQuery(PageQuery):
    state = Choice(*ReminderState, metadata={"description": "Only reminders in this state."})


class ReminderChange(Schema):
    text = Text(validate=validate.Length(1), metadata={"description": "What to remind you of; up to 500 characters."})
    due_at = Text(metadata={"format": "date-time", "description": "ISO 8601 with an offset from UTC."})
    when = Text(
        metadata={"description": "Instead of due_at: a local time in zone, as ISO (2027-03-14 02:30) or in words."}
    )
    zone = Text(metadata={"description": "An IANA time zone, such as Asia/Shanghai."})
    recurrence = Text(
        allow_none=True,
        metadata={"description": "An RRULE of RFC 5545, hourly at most; null for none."},
    )
    post_id = Whole(
        allow_none=True,
        validate=validate.Range(1, LARGEST_NUMBER, error="There is no such post."),
        metadata={"description": "A post it is about, one you may read."},
    )
    condition = Choice(*Condition, metadata={"description": "What must still be so with that post then."})
    recipient = Text(
        allow_none=True,
        validate=validate.Length(3, 320),
        metadata={"description": "Somebody else's address, whose owner has said yes to you; null for nobody."},
    )
    with_me = YesNo(metadata={"description": "Whether you are reminded, too. Without a recipient you always are."})

    @ma.validates_schema(skip_on_field_errors=False)
    def has_one_time(self, data: dict[str, Any], **_: Any) -> None:
        if "due_at" in data and "when" in data:
            raise ma.ValidationError("Give due_at or when, not both.", "due_at")


class NewReminder(ReminderChange):
    text = Text(
        required=True,
        validate=validate.Length(1),
        metadata={"description": "What to remind you of; up to 500 characters."},
    )
    zone = Text(metadata={"description": "An IANA time zone, such as Asia/Shanghai. Left out: your own."})
    lead_minutes = Whole(
        validate=validate.Range(1, 43_200, error="It must be from {min} to {max}."),
        metadata={"description": "With the condition scheduled, instead of a time: how long before the post appears."},
    )

    @ma.validates_schema(pass_original=True, skip_on_field_errors=False)
    def has_a_time(self, data: dict[str, Any], original: Any, **_: Any) -> None:  # noqa: ARG002  # marshmallow's signature
        if isinstance(original, Mapping) and original.get("condition") == Condition.SCHEDULED:
            if original.keys() & {"due_at", "when"}:
                raise ma.ValidationError("Its time is the post's: give lead_minutes instead.", "due_at")
            if "lead_minutes" not in original:
                raise ma.ValidationError("Say how long before the post appears.", "lead_minutes")
        elif not isinstance(original, Mapping) or not original.keys() & {"due_at", "when"}:
            raise ma.ValidationError("Give due_at or when.", "due_at")


class RecipientSchema(Schema):
    id = fields.Integer(dump_only=True, metadata={"description": "Its number, which never changes."})
    url = Address("api.reminders.recipient", "recipient_id")
    created_at = Instant(metadata={"description": "When it was first asked."})
    address = fields.String(metadata={"description": "Their address, in lower case."})
    state = fields.Function(
        _state_of, metadata={"type": "string", "enum": ["asked", "accepted", "withdrawn"], "description": STATES}
    )
    asked_at = Instant(metadata={"description": "When you last asked for it."})
    accepted_at = Instant(allow_none=True, metadata={"description": "When they said yes."})


class RecipientPage(Page):
    items = fields.List(fields.Nested(RecipientSchema))


class NewRecipient(Schema):
    address = Text(required=True, validate=validate.Length(3, 320), metadata={"format": "email"})


class AskedRecipient(Schema):
    """What was asked, and nothing about what is known of the address."""

    address = fields.String()


class JobSchema(Schema):
    id = fields.Integer(dump_only=True, metadata={"description": "Its number, which never changes."})
    url = Address("api.jobs.job", "job_id")
    created_at = Instant(metadata={"description": "When it was asked for."})
    updated_at = Instant(metadata={"description": "When it last came further."})
    direction = fields.Enum(Direction, by_value=True, metadata={"description": "import or export."})
    system = fields.String(metadata={"description": "Whose file it is: wordpress, ghost, markdown, feed, almanac."})
    state = fields.Enum(TransferState, by_value=True, metadata={"description": "done and failed are its ends."})
    dry_run = fields.Boolean(
        attribute="is_dry_run", metadata={"description": "Whether it only says what would happen."}
    )
    done = fields.Integer(metadata={"description": "How many items have been dealt with."})
    total = fields.Integer(metadata={"description": "How many there are; 0 until that is known."})
    counts = fields.Dict(metadata={"description": 'What became of them, by kind: {"post": {"imported": 12}}.'})
    error = fields.String(metadata={"description": "Why it failed, in a sentence; else empty."})
    ended_at = Instant(allow_none=True, metadata={"description": "When it ended."})
