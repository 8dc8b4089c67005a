"""A reminder as a mail, written into the ledger."""

from __future__ import annotations

import re
from collections.abc import Sequence
from datetime import datetime, timedelta
from urllib.parse import urlsplit

from webapp.accounts import queries as people
from webapp.accounts.models import Person
from webapp.core import site, tokens
from webapp.core.urls import absolute
from webapp.core.zones import city
from webapp.extensions import db
from webapp.mail import operations as ledger
from webapp.mail.models import Delivery, Kind, MailContent
from webapp.mail.rendering import Rendered, render
from webapp.posts import queries as posts
from webapp.reminders import calendar, links, when
from webapp.reminders.claiming import LATE
from webapp.reminders.models import Recipient, Reminder, ReminderKind

ACT_PURPOSE = "reminder-act"
ACT_MAX_AGE = timedelta(days=30)
LOOKS_LIKE_A_LINK = re.compile(r"[^\W_][.\u3002\uff0e\uff61][^\W\d_]{2}|://|@")
"""What mail programs make links of: `t.co` and `t1.ly` too, so also `J.Smith`; any of the dots of RFC 3490 3.1."""
LISTED = 50
"""So many missed reminders are listed in the one mail about them; the others are counted."""


def act_token(reminder_id: int, version: int) -> str:
    """The signed link in the mail, for one version of one reminder."""
    return tokens.sign(ACT_PURPOSE, [reminder_id, version])


def write(
    reminder: Reminder, *, due_at: datetime, dedupe_key: str, version_after: int, now: datetime, claim_token: str
) -> Delivery | None:
    """The mail of one firing, born claimed by ``claim_token``; None when this firing has one.

    ``due_at`` is the occurrence that fires; ``version_after`` is the reminder's version once it has fired, which the
    mail's buttons must name. It says when somebody else should have been reminded and was not.
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
        other=reminder.recipient,
        site_url=site.config().site_url,
    )
    return ledger.enqueue(
        kind=Kind(reminder.kind.value),
        address=person.email,
        content=ledger.compose(
            subject=rendered.subject,
            text=rendered.text,
            html=rendered.html,
            calendar=None if reminder.kind is ReminderKind.WELCOME else calendar.of_one(reminder, due_at),
        ),
        dedupe_key=dedupe_key,
        now=now,
        due_at=due_at,
        person_id=person.id,
        claim_token=claim_token,
    )


def write_to_other(
    reminder: Reminder, recipient: Recipient, *, due_at: datetime, dedupe_key: str, now: datetime, claim_token: str
) -> Delivery | None:
    """The same for somebody else, who has said yes to it: whose reminder it is, and how to stop them; no buttons.

    A post is named only when everybody may read it.
    """
    owner = people.by_email(recipient.address)
    post = posts.get_visible(None, reminder.post_id) if reminder.post_id else None
    rendered = render(
        "reminders/mail/from_other",
        language=_language_of(reminder.person, owner),
        reminder=reminder,
        asker=reminder.person,
        name=called(reminder.person),
        address=recipient.address,
        when_local=when.local(due_at, reminder.zone),
        post_url=absolute("posts.show", slug=post.slug) if post is not None else None,
        post_title=post.title if post is not None else None,
        is_late=now - due_at > LATE,
        stop_url=links.stop_url(recipient),
    )
    return ledger.enqueue(
        kind=Kind.REMINDER,
        address=recipient.address,
        content=content(rendered, stop=recipient, calendar=calendar.of_one(reminder, due_at, is_own=False)),
        dedupe_key=dedupe_key,
        now=now,
        due_at=due_at,
        person_id=owner.id if owner is not None and owner.is_confirmed else None,
        claim_token=claim_token,
    )


def request(recipient: Recipient, asker: Person) -> Rendered:
    """Asks the owner of an address whether ``asker`` may remind them. It holds no word of a reminder."""
    return render(
        "reminders/mail/request",
        language=_language_of(asker, people.by_email(recipient.address)),
        name=called(asker),
        asker=asker,
        address=recipient.address,
        answer_url=links.answer_url(recipient),
        days=links.ANSWER_WITHIN.days,
    )


def content(rendered: Rendered, *, stop: Recipient, calendar: str | None = None) -> MailContent:
    """A mail to somebody who can stop such mail with one click."""
    return ledger.compose(
        subject=rendered.subject,
        text=rendered.text,
        html=rendered.html,
        headers={
            "List-Id": f"<reminders.{urlsplit(site.config().site_url).hostname}>",
            "List-Unsubscribe": f"<{links.stop_url(stop)}>",
            "List-Unsubscribe-Post": "List-Unsubscribe=One-Click",
        },
        calendar=calendar,
    )


def called(person: Person) -> str:
    """How a mail to a stranger names someone: by their name, unless that would be a link there."""
    return f"@{person.handle}" if LOOKS_LIKE_A_LINK.search(person.name) else person.name


def _language_of(asker: Person, owner: Person | None) -> str | None:
    """That of the account at this address, if there is one; else that of whoever asks."""
    return owner.language if owner is not None and owner.is_confirmed else asker.language


def write_missed(missed: Sequence[Reminder], *, now: datetime) -> Delivery | None:
    """One mail about all that could not be sent to one person in time; ``missed`` is not empty."""
    person = db.session.get_one(Person, missed[0].person_id)
    rows = [
        (reminder, when.local(reminder.missed_at or reminder.due_at, reminder.zone), city(reminder.zone))
        for reminder in missed[:LISTED]
    ]
    rendered = render(
        "reminders/mail/missed",
        language=person.language,
        person=person,
        rows=rows,
        more=len(missed) - len(rows),
        count=len(missed),
        list_url=absolute("reminders.index"),
        site_url=site.config().site_url,
    )
    newest = max(missed, key=lambda reminder: reminder.id)
    return ledger.enqueue(
        kind=Kind.REMINDER,
        address=person.email,
        content=ledger.compose(subject=rendered.subject, text=rendered.text, html=rendered.html),
        dedupe_key=f"missed:{person.id}:{newest.id}:{newest.version}:{now:%Y%m%d%H%M%S}",
        now=now,
        person_id=person.id,
    )
