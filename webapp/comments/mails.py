"""The words of the mails about comments."""

from __future__ import annotations

from collections.abc import Sequence
from urllib.parse import urlsplit

from webapp.accounts.models import Person
from webapp.comments import links
from webapp.comments.links import Hearer
from webapp.comments.models import Comment, CommentState
from webapp.core import site
from webapp.core.urls import absolute
from webapp.extensions import db
from webapp.mail import operations as mail
from webapp.mail.models import MailContent
from webapp.mail.rendering import Rendered, render
from webapp.posts.models import Post

QUOTED = 1_000
"""Characters of a comment that a mail repeats."""


def confirmation(comment: Comment, post: Post) -> MailContent:
    """Asks the owner of an address whether they said something. It holds no word of what was typed."""
    return _content(
        render(
            "comments/mail/confirm",
            language=comment.language,
            confirm_url=links.confirm_url(comment),
            days=links.CONFIRM_WITHIN.days,
            title=post.title,
        )
    )


def reply(comment: Comment, parent: Comment, post: Post, hearer: Hearer) -> MailContent:
    """Tells someone that they were answered."""
    mute_url = links.mute_url(hearer)
    return _content(
        render(
            "comments/mail/reply",
            language=_language_of(parent),
            comment=comment,
            words=quoted(comment),
            own_words=quoted(parent),
            title=post.title,
            comment_url=absolute("comments.show", comment_id=comment.id),
            mute_url=mute_url,
        ),
        mute_url,
    )


def for_moderator(comments: Sequence[Comment], person: Person, hearer: Hearer, *, are_more: bool) -> MailContent:
    """What was said on someone's posts, each with the link that decides about it."""
    mute_url = links.mute_url(hearer)
    return _content(
        render(
            "comments/mail/said",
            language=person.language,
            said=[(comment, quoted(comment), links.decide_url(comment, person)) for comment in comments],
            waiting=sum(comment.state is CommentState.PENDING for comment in comments),
            are_more=are_more,
            queue_url=absolute("comments.moderation"),
            mute_url=mute_url,
        ),
        mute_url,
    )


def quoted(comment: Comment) -> str:
    """As much of a comment as fits into a mail."""
    return comment.body if len(comment.body) <= QUOTED else comment.body[:QUOTED].rstrip() + "…"


def _language_of(comment: Comment) -> str | None:
    """That of the member's settings, or the one in which a visitor wrote."""
    person = db.session.get(Person, comment.person_id) if comment.person_id else None
    return person.language if person else comment.language


def _content(rendered: Rendered, mute_url: str = "") -> MailContent:
    headers = {}
    if mute_url:
        headers = {
            "List-Id": f"<comments.{urlsplit(site.config().site_url).hostname}>",
            "List-Unsubscribe": f"<{mute_url}>",
            "List-Unsubscribe-Post": "List-Unsubscribe=One-Click",
        }
    return mail.compose(subject=rendered.subject, text=rendered.text, html=rendered.html, headers=headers)
