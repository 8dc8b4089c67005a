"""What belongs to a post besides its words: its revisions, its authors, links to read a draft, its review."""

from __future__ import annotations

from typing import Any

from flask import Response
from flask.views import MethodView
from werkzeug.exceptions import Forbidden, NotFound

from webapp.accounts.models import Person, Role, Scope
from webapp.api import answers
from webapp.api.auth import needs
from webapp.api.blueprint import ID, Blueprint
from webapp.api.post_schemas import (
    Answer,
    Asking,
    FreshPreview,
    NewPreview,
    PostSchema,
    PreviewList,
    Review,
    RevisionList,
    WholeRevision,
)
from webapp.api.posts import editable, writer
from webapp.core import clock
from webapp.core.urls import absolute
from webapp.extensions import db
from webapp.posts import operations, queries
from webapp.posts.models import Post, Revision
from webapp.posts.operations import coauthors, previews, reviewing
from webapp.reminders import when

blueprint = Blueprint("writing", __name__, url_prefix=f"/posts/<{ID}:post_id>")
SCHEMA = PostSchema()
REVISION = WholeRevision()
PREVIEW = FreshPreview()


@blueprint.route("/revisions", endpoint="revisions", tags=["Posts"])
class Revisions(MethodView):
    @needs(Scope.POSTS_READ)
    @blueprint.answers(200, RevisionList, says="The newest first.")
    def get(self, post_id: int) -> Any:
        """List what a post said earlier"""
        post = editable(writer(), post_id)
        found = [_revision(post, number, revision) for number, revision in queries.revisions_of(post)]
        return {"items": found, "total": len(found)}


@blueprint.route(f"/revisions/<{ID}:number>", endpoint="revision", tags=["Posts"])
class OneRevision(MethodView):
    @needs(Scope.POSTS_READ)
    @blueprint.answers(200, WholeRevision, says="The revision, with its text.")
    def get(self, post_id: int, number: int) -> Response:
        """Read what a post said earlier"""
        post = editable(writer(), post_id)
        found = _numbered(post, number)
        return answers.shown(REVISION, _revision(post, number, found) | {"body": found.body, "tags": found.tags})


@blueprint.route(f"/revisions/<{ID}:number>/restoration", endpoint="going_back", tags=["Posts"])
class GoingBack(MethodView):
    @needs(Scope.POSTS_WRITE)
    @blueprint.answers(200, PostSchema, says="The post, which says that again.")
    def post(self, post_id: int, number: int) -> Response:
        """Go back to what a post said earlier

        What it says now stays among its revisions.
        """
        author = writer()
        post = editable(author, post_id)
        answers.must_match(SCHEMA, post)
        operations.go_back_to(_numbered(post, number), post, by=author, now=clock.now())
        db.session.commit()
        return answers.shown(SCHEMA, editable(author, post_id))


@blueprint.route("/authors/<string:handle>", endpoint="author", tags=["Posts"])
class OneAuthor(MethodView):
    @needs(Scope.POSTS_WRITE)
    @blueprint.answers(200, PostSchema, says="The post with its authors.")
    def put(self, post_id: int, handle: str) -> Response:
        """Write a post together with another author

        They may edit, schedule and publish it, and stand in the byline. Only its own author asks somebody.
        """
        author = writer()
        post = _own(author, post_id)
        answers.must_match(SCHEMA, post)
        if handle not in {each.handle for each in post.authors}:
            coauthors.add(post, f"@{handle}", by=author, now=clock.now())
            db.session.commit()
        return answers.shown(SCHEMA, editable(author, post_id))

    @needs(Scope.POSTS_WRITE)
    @blueprint.answers(204, says="They are no author of it any more.")
    def delete(self, post_id: int, handle: str) -> Response:
        """Take an author out of the byline

        Its own author takes out anybody else; a co-author themselves.
        """
        author = writer()
        post = editable(author, post_id) if handle == author.handle else _own(author, post_id)
        leaving = next((each for each in post.co_authors if each.handle == handle), None)
        if leaving is None:
            raise NotFound
        answers.must_match(SCHEMA, post)
        coauthors.remove(post, leaving, by=author, now=clock.now())
        db.session.commit()
        return answers.nothing()


@blueprint.route("/previews", endpoint="previews", tags=["Posts"])
class Previews(MethodView):
    @needs(Scope.POSTS_READ)
    @blueprint.answers(200, PreviewList, says="The links that work. Their addresses are not among what is known.")
    def get(self, post_id: int) -> Any:
        """List the links by which a draft can be read"""
        found = queries.preview_links_of(editable(writer(), post_id), clock.now())
        return {"items": found, "total": len(found)}

    @needs(Scope.POSTS_WRITE)
    @blueprint.body(NewPreview, example={"days": 7}, is_needed=False)
    @blueprint.answers(201, FreshPreview, says="The link.")
    def post(self, values: dict[str, Any], post_id: int) -> Response:
        """Let anyone who has a link read a draft"""
        author = writer()
        post = editable(author, post_id)
        link, secret = previews.share(post, days=values.get("days", 7), by=author, now=clock.now())
        address = absolute("posts.shared", token=secret)
        db.session.commit()
        fresh = {"id": link.id, "created_at": link.created_at, "expires_at": link.expires_at, "address": address}
        response = answers.shown(PREVIEW, fresh, 201)
        response.headers["Location"] = address
        return response


@blueprint.route(f"/previews/<{ID}:link_id>", endpoint="preview", tags=["Posts"])
class OnePreview(MethodView):
    @needs(Scope.POSTS_WRITE)
    @blueprint.answers(204, says="Whoever follows it finds nothing now.")
    def delete(self, post_id: int, link_id: int) -> Response:
        """Revoke a link"""
        link = queries.get_preview_link(editable(writer(), post_id), link_id)
        if link is None:
            raise NotFound
        previews.revoke(link)
        db.session.commit()
        return answers.nothing()


@blueprint.route("/review", endpoint="review", tags=["Posts"])
class OneReview(MethodView):
    @needs(Scope.POSTS_READ)
    @blueprint.answers(200, Review, says="The newest step first.")
    def get(self, post_id: int) -> Any:
        """Read the review of a post, step by step"""
        notes = queries.review_notes_of(editable(writer(), post_id))
        return {"items": notes, "total": len(notes)}

    @needs(Scope.POSTS_WRITE)
    @blueprint.body(Asking, example={"note": "Is the end too long?"}, is_needed=False)
    @blueprint.answers(200, PostSchema, says="The post, which waits for an editor.")
    def put(self, values: dict[str, Any], post_id: int) -> Response:
        """Ask the editors to read a draft"""
        author = writer()
        post = editable(author, post_id)
        answers.must_match(SCHEMA, post)
        reviewing.submit(post, by=author, now=clock.now(), words=values.get("note", ""))
        db.session.commit()
        return answers.shown(SCHEMA, editable(author, post_id))

    @needs(Scope.POSTS_WRITE)
    @blueprint.body(Answer, example={"verdict": "changes", "note": "End with the sea."})
    @blueprint.answers(200, PostSchema, says="The post, sent back or let through.")
    def post(self, values: dict[str, Any], post_id: int) -> Response:
        """Answer as an editor"""
        editor, now = writer(), clock.now()
        post = editable(editor, post_id)
        if not editor.is_allowed(Role.EDITOR):
            raise Forbidden("Only editors answer here.")
        answers.must_match(SCHEMA, post)
        if values["verdict"] == "changes":
            reviewing.ask_for_changes(post, by=editor, now=now, words=values["note"])
        else:
            at = when.from_offset(values["publish_at"], field="publish_at") if "publish_at" in values else None
            reviewing.approve(post, by=editor, now=now, version=post.version, at=at, words=values["note"])
        db.session.commit()
        return answers.shown(SCHEMA, editable(editor, post_id))

    @needs(Scope.POSTS_WRITE)
    @blueprint.answers(204, says="It waits no more.")
    def delete(self, post_id: int) -> Response:
        """Ask no more"""
        author = writer()
        post = editable(author, post_id)
        answers.must_match(SCHEMA, post)
        reviewing.take_back(post, by=author, now=clock.now())
        db.session.commit()
        return answers.nothing()


def _own(author: Person, post_id: int) -> Post:
    """A post whose authors the caller may choose."""
    post = queries.get_own(author, post_id)
    if post is None:
        raise NotFound
    queries.load_cover(post)
    return post


def _numbered(post: Post, number: int) -> Revision:
    found = queries.revision_number(post, number)
    if found is None:
        raise NotFound
    return found


def _revision(post: Post, number: int, revision: Revision) -> dict[str, Any]:
    return {
        "number": number,
        "url": absolute("api.writing.revision", post_id=post.id, number=number),
        "at": revision.at,
        "title": revision.title,
        "reason": revision.reason,
        "by": revision.person,
    }
