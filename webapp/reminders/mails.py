"""A reminder as a mail, written into the ledger."""

from __future__ import annotations

from datetime import datetime, timedelta

from webapp.core import site, tokens
from webapp.core.urls import absolute
from webapp.mail import operations as ledger
from webapp.mail.models import Delivery, Kind
from webapp.mail.rendering import render
from webapp.posts import queries as posts
from webapp.reminders import when
from webapp.reminders.models import Reminder, ReminderKind

ACT_PURPOSE = "reminder-act"
ACT_MAX_AGE = timedelta(days=30)
LATE = timedelta(minutes=5)
"""From here on the mail says when it was due."""


def act_token(reminder_id: int, version: int) -> str:
    """The signed link in the mail, for one version of one reminder."""
    return tokens.sign(ACT_PURPOSE, [reminder_id, version])


def write(
    reminder: Reminder, *, due_at: datetime, dedupe_key: str, version_after: int, now: datetime, claim_token: str
) -> Delivery | None:
    """The mail of one firing, born claimed by ``claim_token``; None when this firing has one.

    ``due_at`` is the occurrence that fires; ``version_after`` is the reminder's version once it has fired, which the
    mail's buttons must name.
    """
    person = reminder.person
    post = posts.get_visible(person, reminder.post_id) if reminder.post_id else None
    template = "welcome" if reminder.kind is ReminderKind.WELCOME else "reminder"
    rendered = render(
        f"reminders/mail/{template}",
        language=person.language,
        reminder=reminder,
        person=person,
        when_local=when.local(due_at, reminder.zone),
        act_url=absolute("reminders.act", token=act_token(reminder.id, version_after)),
        edit_url=absolute("reminders.edit", reminder_id=reminder.id),
        post_url=absolute("posts.show", slug=post.slug) if post is not None else None,
        post_title=post.title if post is not None else None,
        is_late=now - due_at > LATE,
        site_url=site.config().site_url,
    )
    return ledger.enqueue(
        kind=Kind(reminder.kind.value),
        address=person.email,
        content=ledger.compose(subject=rendered.subject, text=rendered.text, html=rendered.html),
        dedupe_key=dedupe_key,
        now=now,
        due_at=due_at,
        person_id=person.id,
        claim_token=claim_token,
    )
