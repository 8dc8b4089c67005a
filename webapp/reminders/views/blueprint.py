"""What the pages about reminders stand on, and what they have in common."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, time, timedelta
from typing import cast

from dateutil.relativedelta import relativedelta
from flask import Blueprint, abort, render_template
from flask_babel import gettext

from webapp.accounts import identity
from webapp.accounts.models import Person
from webapp.core import clock, zones
from webapp.core.pagination import LARGEST_ID
from webapp.core.rendering import moment_parts
from webapp.extensions import db
from webapp.posts import queries as posts
from webapp.posts.models import Post
from webapp.reminders import history, queries, recurrence, when, wording
from webapp.reminders.forms import EditForm, ReminderForm
from webapp.reminders.models import Recipient, Reminder
from webapp.reminders.snoozing import Snooze

ONE = f"/reminders/<int(max={LARGEST_ID}):reminder_id>"
LONGEST_IN_A_FLASH = 80
"""A flash travels in a cookie, which has room for little."""

blueprint = Blueprint("reminders", "webapp.reminders", template_folder="templates")


def me() -> Person:
    """Whoever is signed in, on a page that asks for it."""
    return cast(Person, identity.person_here())


def mine(reminder_id: int, *, to_change: bool = False) -> Reminder:
    """A reminder of whoever is here; for anyone else it does not exist."""
    return queries.get_owned(me(), reminder_id, to_change=to_change) or abort(404)


def chosen(form: ReminderForm, *, kept: Recipient | None = None) -> tuple[Recipient | None, bool]:
    """Whom else a form names, and whether its person is reminded too. Who stands there already is ``kept``."""
    number, with_me = form.whom()
    if number is None or (kept is not None and kept.id == number):
        return (kept if number else None), with_me
    return queries.get_recipient(me(), number) or abort(404), with_me


def posts_of(reminders: Sequence[Reminder]) -> dict[int, Post]:
    """The posts that these reminders are about and that whoever is here may read, by id."""
    ids = {reminder.post_id for reminder in reminders if reminder.post_id is not None}
    if not ids:
        return {}
    found = posts.without_text(posts.visible_to(me())).where(Post.id.in_(ids))
    return {post.id: post for post in db.session.scalars(found)}


def edit_page(reminder: Reminder, form: EditForm, *, is_stale: bool = False) -> str:
    """The page on which one reminder is changed."""
    return render_template(
        "reminders/edit.html",
        reminder=reminder,
        form=form,
        is_stale=is_stale,
        zones=zones.choices(),
        posts=posts_of([reminder]),
        events=(events := history.of(reminder)),
        mails=history.deliveries(events),
        coming=[
            (instant, wording.is_moved(wall_time, reminder.zone))
            for wall_time, instant in (recurrence.coming(reminder) if reminder.recurrence else ())
        ],
    )


def moment(at: datetime, zone: str) -> str:
    """``Sat 28 Nov, 10:00 · Shanghai · in 3 days``."""
    return " · ".join(filter(None, moment_parts(at, zone)))


def quoted(reminder: Reminder) -> str:
    """The reminder's words in quotation marks, shortened to fit a flash."""
    text = reminder.text
    return f"“{text if len(text) <= LONGEST_IN_A_FLASH else text[: LONGEST_IN_A_FLASH - 1].rstrip() + '…'}”"


@blueprint.app_template_global("reminder_offers")
def offers() -> list[tuple[str, str]]:
    """Two good times to be reminded of a post, each as its label and as a form's ``when``, where the person is."""
    zone = me().zone
    here = when.local(clock.now(), zone)
    is_evening = here.time() >= time(20)
    evening = datetime.combine(here.date() + timedelta(days=is_evening), time(20))
    saturday = datetime.combine(here.date() + timedelta(days=(5 - here.weekday()) % 7), time(10))
    if saturday <= here.replace(tzinfo=None):
        saturday += timedelta(days=7)
    return [
        (gettext("Tomorrow, 20:00") if is_evening else gettext("Tonight, 20:00"), f"{evening:%Y-%m-%d %H:%M}"),
        (moment_parts(when.instant(saturday, zone), zone)[0], f"{saturday:%Y-%m-%d %H:%M}"),
    ]


@blueprint.app_template_global("review_offers")
def review_offers() -> list[tuple[str, str]]:
    """When to look at a post of one's own again, each as its label and as a form's ``when``."""
    here = when.local(clock.now(), me().zone).replace(tzinfo=None)
    nine = here.replace(hour=9, minute=0, second=0, microsecond=0)
    return [
        (gettext("In six months"), f"{nine + relativedelta(months=6):%Y-%m-%d %H:%M}"),
        (gettext("In a year"), f"{nine + relativedelta(years=1):%Y-%m-%d %H:%M}"),
    ]


@blueprint.app_template_global("draft_offers")
def draft_offers() -> list[tuple[str, str]]:
    """When to be asked about a draft: on Friday, or in a week."""
    here = when.local(clock.now(), me().zone).replace(tzinfo=None)
    nine = here.replace(hour=9, minute=0, second=0, microsecond=0)
    friday = nine + timedelta(days=(4 - here.weekday()) % 7)
    friday += timedelta(days=7 * (friday <= here))
    return [
        (moment_parts(when.instant(each, me().zone), me().zone)[0], f"{each:%Y-%m-%d %H:%M}")
        for each in (friday, nine + timedelta(days=7))
    ]


@blueprint.app_template_global("lead_offers")
def lead_offers(post: Post) -> list[tuple[str, int]]:
    """How long before a scheduled post appears one can still be reminded, each as its label and in minutes."""
    left = post.publish_at - clock.now() if post.publish_at else timedelta(0)
    return [(wording.lead(minutes), minutes) for minutes in (60, 24 * 60) if timedelta(minutes=minutes) < left]


@blueprint.app_template_global("snoozes")
def snoozes(*, has_come: bool) -> list[tuple[str, str]]:
    """The ways to put a reminder off: from now when it has come, else from when it is due."""
    if has_come:
        labels = (gettext("In 10 minutes"), gettext("In 1 hour"), gettext("Tomorrow, same time"))
    else:
        labels = (gettext("10 minutes later"), gettext("1 hour later"), gettext("1 day later"))
    return [(snooze.value, label) for snooze, label in zip(Snooze, labels, strict=True)]


blueprint.add_app_template_filter(wording.repetition, "repetition")
blueprint.add_app_template_filter(wording.oddity, "oddity")
blueprint.add_app_template_filter(wording.reminds, "reminds")
blueprint.add_app_template_filter(wording.condition, "reminder_condition")
blueprint.add_app_template_filter(wording.happened, "happened")
blueprint.add_app_template_filter(wording.came_from, "came_from")
