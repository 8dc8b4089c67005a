"""The words of the mails about a review and to a new author, each with the one link that matters."""

from __future__ import annotations

from urllib.parse import urlsplit

from webapp.accounts.models import Person
from webapp.core import site, tokens, zones
from webapp.core.urls import absolute
from webapp.mail import operations as mail
from webapp.mail.models import MailContent
from webapp.mail.rendering import Rendered, render
from webapp.posts.models import Post, ReviewNote, ReviewStep

QUIET = "posts.review-mail"
TEMPLATES = {
    ReviewStep.SUBMITTED: "posts/mail/asked",
    ReviewStep.CHANGES: "posts/mail/changes",
    ReviewStep.APPROVED: "posts/mail/approved",
}


def of_review(note: ReviewNote, post: Post, by: Person, to: Person) -> MailContent:
    """Tells ``to`` what ``by`` did with a post, and where it goes on."""
    quiet_url = absolute("posts.quiet", token=quiet_token(to))
    rendered = render(
        TEMPLATES[note.step],
        language=to.language,
        post=post,
        by=by,
        words=note.note,
        post_url=_leads_to(note, post),
        zone=to.zone,
        city=zones.city(to.zone),
        quiet_url=quiet_url,
    )
    return _content(rendered, quiet_url)


def of_authorship(post: Post, by: Person, to: Person) -> MailContent:
    """Tells ``to`` that ``by`` lets them write a post, and how to leave it."""
    quiet_url = absolute("posts.quiet", token=quiet_token(to))
    rendered = render(
        "posts/mail/author",
        language=to.language,
        post=post,
        by=by,
        post_url=absolute("posts.edit", post_id=post.id),
        authors_url=absolute("posts.authors", post_id=post.id),
        quiet_url=quiet_url,
    )
    return _content(rendered, quiet_url)


def quiet_token(person: Person) -> str:
    """Never expires: whoever finds an old mail can still stop them."""
    return tokens.sign(QUIET, person.id)


def who_wants_quiet(token: str) -> int | None:
    """Whose mail about reviews a link stops; None when it is forged."""
    found = tokens.read(QUIET, token, max_age=None)
    return found if isinstance(found, int) else None


def _leads_to(note: ReviewNote, post: Post) -> str:
    """Where the one who is told goes next: an editor to read, an author to write or to see it."""
    if note.step is ReviewStep.APPROVED and post.is_public:
        return absolute("posts.show", slug=post.slug)
    return absolute("posts.review" if note.step is ReviewStep.SUBMITTED else "posts.edit", post_id=post.id)


def _content(rendered: Rendered, quiet_url: str) -> MailContent:
    headers = {
        "List-Id": f"<reviews.{urlsplit(site.config().site_url).hostname}>",
        "List-Unsubscribe": f"<{quiet_url}>",
        "List-Unsubscribe-Post": "List-Unsubscribe=One-Click",
    }
    return mail.compose(subject=rendered.subject, text=rendered.text, html=rendered.html, headers=headers)
