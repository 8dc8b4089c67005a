"""What the pages about comments stand on, and what they have in common."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta

from flask import Blueprint, session, url_for
from flask_babel import gettext

from webapp.accounts import identity
from webapp.comments import queries, threads
from webapp.comments.models import Comment, CommentState, Reason
from webapp.core import clock
from webapp.core.pagination import LARGEST_ID
from webapp.posts.models import Post

ONE = f"/comments/<int(max={LARGEST_ID}):comment_id>"
ON_A_POST = f"/posts/<int(max={LARGEST_ID}):post_id>/comments"
THREADS = 50
"""On a page of a post."""
VISITOR = "commenter"
REMEMBERED = timedelta(days=30)

blueprint = Blueprint("comments", "webapp.comments", template_folder="templates")


@dataclass(frozen=True)
class Visitor:
    """Who has confirmed an address in this browser."""

    name: str = ""
    address: str = ""


def visitor_here() -> Visitor:
    """The visitor whom this browser remembers; nobody is an empty one."""
    match session.get(VISITOR):
        case [str(name), str(address), str(since)] if clock.now() - datetime.fromisoformat(since) < REMEMBERED:
            return Visitor(name, address)
    return Visitor()


def remember(comment: Comment) -> None:
    """This browser need not confirm that address again for a while."""
    session[VISITOR] = [comment.name, comment.address, clock.now().isoformat()]


def page_of(comment: Comment, post: Post) -> str:
    """The address at which a comment is read, on the page that whoever is here sees."""
    roots = threads.grow(queries.skeleton(post, identity.person_here(), visitor_here().address))
    place = next((number for number, root in enumerate(roots) if comment.id in threads.ids([root])), 0)
    number = place // THREADS + 1
    return url_for(
        "posts.show", slug=post.slug, comments=number if number > 1 else None, _anchor=f"comment-{comment.id}"
    )


def all_of(post: Post) -> str:
    """The address of a post's comments."""
    return url_for("posts.show", slug=post.slug, _anchor="comments")


@blueprint.app_template_global("why_held")
def why_held(comment: Comment) -> list[str]:
    """The reasons for which a comment waits, in words."""
    words = {
        Reason.SITE: gettext("everything is read first"),
        Reason.LINKS: gettext("many links"),
        Reason.REPEATED: gettext("the same words were sent before"),
        Reason.NO_PROOF: gettext("no proof of work, perhaps a browser without JavaScript"),
        Reason.TRAP: gettext("a field was filled in that nobody sees"),
    }
    return [str(words[Reason(reason)]) for reason in comment.held if reason in words]


@blueprint.app_template_global("comment_state")
def state_in_words(state: CommentState) -> str:
    """What became of a comment, as a sentence."""
    words = {
        CommentState.UNCONFIRMED: gettext("Its address is not confirmed yet."),
        CommentState.PENDING: gettext("It waits to be read."),
        CommentState.PUBLISHED: gettext("It is published."),
        CommentState.SPAM: gettext("It is with the spam."),
        CommentState.TRASHED: gettext("It is in the trash."),
        CommentState.REMOVED: gettext("Its writer has removed it."),
    }
    return str(words[state])
