"""The shapes of subscriptions: who gets letters, what they follow, how often and when."""

from __future__ import annotations

from marshmallow import fields, validate

from webapp.api.fields import Address, Choice, Instant, Text, Whole
from webapp.api.following import Follow, Weekday
from webapp.api.schemas import Page, Schema
from webapp.subscriptions.models import Cadence, SubscriptionState
from webapp.subscriptions.naming import names_of

CADENCES = tuple(each.value for each in Cadence)


class SubscriptionSchema(Schema):
    id = fields.Integer(dump_only=True, metadata={"description": "Its number, which never changes."})
    url = Address("api.subscriptions.subscription", "subscription_id")
    created_at = Instant(metadata={"description": "When it was made."})
    updated_at = Instant(metadata={"description": "When it last changed."})
    email = fields.String(attribute="address", metadata={"description": "Where the letter goes, in lower case."})
    follow = fields.Function(
        lambda each: names_of(each.follows),
        metadata={
            "description": 'What is followed: "site", or a list of names; "=daily" after one is its own cadence.'
        },
    )
    cadence = fields.Enum(
        Cadence, by_value=True, metadata={"description": "How often, where no cadence of its own is chosen."}
    )
    weekday = fields.Integer(allow_none=True, metadata={"description": "The day, from Monday, 0; null: the site's."})
    hour = fields.Integer(allow_none=True, metadata={"description": "The hour; null: the site's time of day."})
    zone = fields.String(allow_none=True, metadata={"description": "Where that hour is meant; null: the site's zone."})
    paused_until = Instant(allow_none=True, metadata={"description": "No letter goes out before this."})
    state = fields.Enum(SubscriptionState, by_value=True, metadata={"description": "Only an active one gets letters."})
    asked_at = Instant(metadata={"description": "When the letter was last asked for."})
    confirmed_at = Instant(allow_none=True, metadata={"description": "When the owner of the address confirmed."})
    left_at = Instant(allow_none=True, metadata={"description": "When it left."})


class SubscriptionPage(Page):
    items = fields.List(fields.Nested(SubscriptionSchema))


class NewSubscription(Schema):
    email = Text(required=True, validate=validate.Length(3, 320), metadata={"format": "email"})
    follow = Follow(load_default="site")
    cadence = Choice(
        *CADENCES,
        load_default="weekly",
        metadata={"description": "How often; post: each post when it appears."},
    )
    weekday = Weekday(
        metadata={"description": "A day such as sat, or its number from Monday, 0. Left out: the site's."}
    )
    hour = Whole(
        validate=validate.Range(0, 23, error="It must be from {min} to {max}."),
        metadata={"description": "Left out: the site's time of day."},
    )
    zone = Text(metadata={"description": "An IANA time zone, such as Asia/Shanghai. Left out: the site's."})


class SubscriptionChange(Schema):
    follow = Follow()
    cadence = Choice(*CADENCES, metadata={"description": "How often, where no cadence of its own is chosen."})
    weekday = Weekday(
        allow_none=True, metadata={"description": "A day such as sat, or its number from Monday, 0; null: the site's."}
    )
    hour = Whole(
        allow_none=True,
        validate=validate.Range(0, 23, error="It must be from {min} to {max}."),
        metadata={"description": "The hour; null: the site's time of day."},
    )
    zone = Text(
        allow_none=True, metadata={"description": "An IANA time zone, such as Asia/Shanghai; null: the site's."}
    )
    paused_until = Text(
        allow_none=True,
        metadata={
            "format": "date-time",
            "description": "No letter before this, ISO 8601 with an offset, within a year; null ends the pause.",
        },
    )


class AskedSubscription(Schema):
    """What was asked for, and nothing about whether the address was known before."""

    email = fields.String()
    follow = fields.Raw()
    cadence = fields.String()
