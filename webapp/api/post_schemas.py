"""The shapes of posts and of what belongs to them."""

from __future__ import annotations

from typing import Any

import marshmallow as ma
from marshmallow import fields, validate

from webapp.api.fields import Address, Choice, Instant, Text, Whole
from webapp.api.parsing import LARGEST_NUMBER
from webapp.api.schemas import Page, PageQuery, Schema
from webapp.images import addresses
from webapp.posts.models import PostState, ReviewState, ReviewStep, RevisionReason
from webapp.search import words


class AuthorSchema(Schema):
    name = fields.String()
    handle = fields.String()


class PostSchema(Schema):
    id = fields.Integer(dump_only=True, metadata={"description": "Its number, which never changes."})
    url = Address("api.posts.post", "post_id")
    created_at = Instant(metadata={"description": "When it was made."})
    updated_at = Instant(metadata={"description": "When it last changed."})
    title = fields.String(metadata={"description": "One line."})
    slug = fields.String(metadata={"description": "The last part of its page's address, /posts/<slug>."})
    body = fields.String(metadata={"description": "Markdown, as written."})
    html = fields.String(metadata={"description": "The body, rendered and sanitised."})
    excerpt = fields.String(metadata={"description": "Its own, or else the beginning as plain text."})
    canonical_url = fields.String(metadata={"description": "Where it was published first, if elsewhere; else empty."})
    tags = fields.Pluck("TagSchema", "name", many=True, metadata={"description": "What it is about."})
    author = fields.Nested(AuthorSchema, metadata={"description": "Who wrote it: name and handle."})
    authors = fields.List(
        fields.Nested(AuthorSchema), metadata={"description": "Everyone in the byline, author first."}
    )
    state = fields.Enum(PostState, by_value=True, metadata={"description": "Only a published one is on the site."})
    review = fields.Enum(
        ReviewState,
        by_value=True,
        allow_none=True,
        attribute="review_state",
        metadata={"description": "Where it stands with the editors; null if nobody was asked."},
    )
    cover = fields.Nested("ImageSchema", allow_none=True, metadata={"description": "The picture at its head, or null."})
    publish_at = Instant(allow_none=True, metadata={"description": "When a scheduled post will appear."})
    published_at = Instant(allow_none=True, metadata={"description": "When it first appeared."})


class TagSchema(Schema):
    name = fields.String()


class ImageSchema(Schema):
    id = fields.Integer(dump_only=True, metadata={"description": "Its number, which never changes."})
    url = Address("api.images.image", "image_id")
    created_at = Instant(metadata={"description": "When it was sent."})
    updated_at = Instant(metadata={"description": "When it last changed."})
    src = fields.Function(
        addresses.full,
        metadata={"type": "string", "format": "uri", "description": "Where everyone sees it."},
    )
    alt = fields.String(metadata={"description": "What it shows, for those who cannot see it."})
    width = fields.Integer(metadata={"description": "Pixels."})
    height = fields.Integer(metadata={"description": "Pixels."})
    markdown = fields.Function(
        addresses.as_markdown,
        metadata={"type": "string", "description": "What shows it in a text."},
    )


class ImagePage(Page):
    items = fields.List(fields.Nested(ImageSchema))


class ImageChange(Schema):
    alt = Text(required=True, validate=validate.Length(max=500), metadata={"description": "What it shows."})


class NewImageQuery(Schema):
    name = Text(
        load_default="",
        validate=validate.Length(max=200),
        metadata={"description": "What the file is called; it becomes a part of the picture's address."},
    )
    alt = Text(load_default="", validate=validate.Length(max=500), metadata={"description": "What it shows."})


class RevisionSchema(Schema):
    number = fields.Integer(metadata={"description": "From 1 for the oldest."})
    url = fields.String(metadata={"description": "Where this is in the API."})
    at = Instant(metadata={"description": "The last moment at which the post said this and was being changed."})
    title = fields.String(metadata={"description": "One line."})
    reason = fields.Enum(RevisionReason, by_value=True, metadata={"description": "Why it was kept."})
    by = fields.Nested(AuthorSchema, allow_none=True, metadata={"description": "Who saved it, if they are still here."})


class WholeRevision(RevisionSchema):
    body = fields.String(metadata={"description": "Markdown, as written."})
    tags = fields.List(fields.String(), metadata={"description": "What it was about."})


class RevisionList(Schema):
    items = fields.List(fields.Nested(RevisionSchema))
    total = fields.Integer(metadata={"description": "How many there are here: the newest 500 at most."})


class PreviewSchema(Schema):
    id = fields.Integer(metadata={"description": "Its number, which never changes."})
    created_at = Instant(metadata={"description": "When it was made."})
    expires_at = Instant(metadata={"description": "Until when it works."})


class FreshPreview(PreviewSchema):
    address = fields.String(metadata={"description": "The link. It is told once, here; nobody can look it up later."})


class PreviewList(Schema):
    items = fields.List(fields.Nested(PreviewSchema))
    total = fields.Integer(metadata={"description": "How many there are that work."})


class NewPreview(Schema):
    days = Whole(load_default=7, metadata={"description": "For how long it works: 1, 7 or 30 days."})


class ReviewNoteSchema(Schema):
    at = Instant(attribute="created_at", metadata={"description": "When it was said."})
    step = fields.Enum(ReviewStep, by_value=True, metadata={"description": "What happened."})
    note = fields.String(metadata={"description": "What was said with it; may be empty."})
    by = fields.Nested(
        AuthorSchema, attribute="person", allow_none=True, metadata={"description": "Who, if they are still here."}
    )


class Review(Schema):
    items = fields.List(fields.Nested(ReviewNoteSchema))
    total = fields.Integer(metadata={"description": "How many steps there were."})


class Asking(Schema):
    note = Text(
        load_default="", validate=validate.Length(max=2000), metadata={"description": "What the editors should know."}
    )


class Answer(Schema):
    verdict = Choice("changes", "approved", required=True, metadata={"description": "approved lets it appear."})
    note = Text(
        load_default="",
        validate=validate.Length(max=2000),
        metadata={"description": "What the authors should know; needed to ask for changes."},
    )
    publish_at = Text(
        metadata={"format": "date-time", "description": "When it appears, with an offset from UTC. Left out: now."}
    )


class PostPage(Page):
    items = fields.List(fields.Nested(PostSchema))


class PostQuery(PageQuery):
    state = Choice(*PostState, metadata={"description": "Only posts in this state; trashed ones only when asked for."})
    q = Text(
        validate=validate.Length(max=words.LONGEST),
        metadata={
            "description": "Only published posts that hold all of these words, the best first, at most 200 of them;"
            " words in quotes stand side by side."
        },
    )

    @ma.validates_schema
    def is_of_what_can_be_found(self, data: dict[str, Any], **_: Any) -> None:
        if "q" in data and data.get("state", PostState.PUBLISHED) != PostState.PUBLISHED:
            raise ma.ValidationError("Only published posts can be searched: leave this out.", "state")


class PostChange(Schema):
    title = Text(validate=validate.Length(1, 200), metadata={"description": "One line."})
    body = Text(metadata={"description": "Markdown. Raw HTML in it is shown as text."})
    tags = fields.List(
        Text(), validate=validate.Length(max=50), metadata={"description": "Names; a new one is made on first use."}
    )
    slug = Text(metadata={"description": "Made from the title if left out."})
    excerpt = Text(
        validate=validate.Length(max=500), metadata={"description": "In place of the beginning; empty to take it away."}
    )
    canonical_url = Text(
        validate=validate.Length(max=2000),
        metadata={"description": "A full http or https address, if it was published elsewhere first."},
    )

    cover_id = Whole(
        allow_none=True,
        validate=validate.Range(1, LARGEST_NUMBER, error="It must be the number of a picture."),
        metadata={"description": "The number of a picture of yours, to stand at the head; null for none."},
    )


class NewPost(PostChange):
    title = Text(required=True, validate=validate.Length(1, 200), metadata={"description": "One line."})
    body = Text(required=True, metadata={"description": "Markdown. Raw HTML in it is shown as text."})
    state = Choice(
        PostState.DRAFT,
        PostState.PUBLISHED,
        message="It must be draft or published. To schedule a post, put its publication.",
        load_default=PostState.DRAFT.value,
        metadata={"description": "published puts it on the site at once."},
    )


class Publication(Schema):
    publish_at = Text(
        metadata={"format": "date-time", "description": "When, with an offset from UTC. Left out: now."},
    )
