"""The conversation under a post, as its page shows it, and the addresses of single comments."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from flask import abort, redirect, request, url_for
from flask.typing import ResponseReturnValue

from webapp.accounts import identity
from webapp.accounts.models import Person
from webapp.caching import pages
from webapp.comments import operations, policy, queries, threads
from webapp.comments.forms import CommentForm, VisitorForm
from webapp.comments.models import Comment
from webapp.comments.policy import Welcome
from webapp.comments.threads import Node
from webapp.comments.views.blueprint import ONE, THREADS, blueprint, page_of, visitor_here
from webapp.core import clock
from webapp.posts.models import Post


@dataclass(frozen=True)
class Talk:
    """What the page of a post shows of its comments: one page of threads, and who may say something."""

    post: Post
    count: int
    nodes: Sequence[Node]
    comments: Mapping[int, Comment]
    page: int
    pages: int
    is_open: bool
    may_moderate: bool
    form: CommentForm | None
    reply_to: Comment | None
    person: Person | None
    visitor: str

    def is_mine(self, comment: Comment) -> bool:
        """Whether whoever is here said it: a member, or the visitor who confirmed an address in this browser."""
        if comment.person_id is not None:
            return self.person is not None and comment.person_id == self.person.id
        return bool(self.visitor) and comment.address == self.visitor and comment.address_confirmed_at is not None

    def can_be_edited(self, comment: Comment) -> bool:
        return self.is_mine(comment) and operations.can_be_edited(comment, now=clock.now())

    def reply_address(self, comment: Comment) -> str:
        """This page with the form under a comment, and the cursor in it."""
        return self.address(comments=self.page if self.page > 1 else None, reply=comment.id, _anchor="body")

    def address(self, **values: Any) -> str:
        """This post with another page of comments, or a form under one of them."""
        return url_for("posts.show", slug=self.post.slug, **values)


@blueprint.app_template_global("comment_counts")
def comment_counts(posts: Sequence[Post]) -> Mapping[int, int]:
    """How many published comments each of some posts has: one question for a whole list."""
    return queries.counts(post.id for post in posts)


@blueprint.app_template_global("talk_about")
def talk_about(post: Post) -> Talk:
    """The conversation about a post, for whoever reads it."""
    person = identity.person_here()
    visitor = visitor_here().address
    roots = threads.grow(queries.skeleton(post, person, visitor))
    pages = max(1, -(-len(roots) // THREADS))
    page = min(_number("comments") or 1, pages)
    nodes = roots[(page - 1) * THREADS : page * THREADS]
    comments = queries.by_ids(threads.ids(nodes))
    is_open = operations.is_open(post, policy.current(), now=clock.now())
    reply_to = comments.get(_number("reply") or 0)
    if reply_to is not None and not reply_to.is_public:
        reply_to = None
    return Talk(
        post=post,
        count=queries.counts([post.id]).get(post.id, 0),
        nodes=nodes,
        comments=comments,
        page=page,
        pages=pages,
        is_open=is_open,
        may_moderate=queries.may_moderate(person, post),
        form=new_form(person, reply_to) if is_open else None,
        reply_to=reply_to,
        person=person,
        visitor=visitor,
    )


def new_form(person: Person | None, reply_to: Comment | None) -> CommentForm | None:
    """An empty form for whoever is here; None for those who may say nothing."""
    begin = {"form_key": pages.one_off(), "parent_id": str(reply_to.id) if reply_to else ""}
    form: CommentForm
    if person is not None:
        if not person.is_confirmed:
            return None
        form = CommentForm(formdata=None, **begin)
    else:
        if policy.current().visitors is Welcome.NO:
            return None
        known = visitor_here()
        form = VisitorForm(formdata=None, name=known.name, email=known.address, **begin)
    form.call_it_a_reply(reply_to)
    return form


@blueprint.get(ONE)
def show(comment_id: int) -> ResponseReturnValue:
    """A comment's own address leads to where it is read today."""
    comment = queries.get_public(comment_id) or abort(404)
    return redirect(page_of(comment, comment.post), 302)


def _number(name: str) -> int | None:
    raw = request.args.get(name, "")
    return int(raw) if raw.isascii() and raw.isdigit() and 0 < len(raw) < 19 else None
