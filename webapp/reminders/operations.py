"""The rules of a reminder's life. Every edit raises its version, and so silences whatever is under way for it.

Each says in the reminder's history what it did, and from where (``origin``) it was asked to.
"""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any, cast

from webapp.accounts.models import Person
from webapp.core.errors import Conflict, Refused
from webapp.core.text import many_lines
from webapp.core.words import _, kept, mark
from webapp.extensions import db
from webapp.mail import operations as ledger
from webapp.posts.models import Post, PostState
from webapp.reminders import bonds, history, quotas, when
from webapp.reminders import recurrence as rules
from webapp.reminders.models import COMING, Condition, Origin, Recipient, Reminder, ReminderKind, ReminderState, What

HORIZON = timedelta(seconds=60)
"""How near a reminder is when the broker gets its message. Further ones wait in the database, where nothing blocks."""

LONGEST_TEXT = 500
KEEP: Any = object()
"""For :func:`edit`: leave this as it is, where None would mean "none"."""

OVER = mark("This one is over. Give it a new time.")


def schedule(
    *,
    person: Person,
    text: str,
    zone: str,
    now: datetime,
    wall_time: datetime | None = None,
    due_at: datetime | None = None,
    recurrence: str | None = None,
    post_id: int | None = None,
    condition: Condition = Condition.NONE,
    lead: timedelta | None = None,
    recipient: Recipient | None = None,
    with_me: bool = True,
    origin: Origin = Origin.PAGE,
) -> Reminder:
    """Sets a reminder, for a naive ``wall_time`` in ``zone`` or for the instant ``due_at``; one of the two.

    With the condition ``SCHEDULED`` it takes a ``lead`` instead, and comes that long before the post appears.
    A ``recipient`` who has said yes is reminded too, or with ``with_me`` off instead.
    Raises :class:`Refused` naming ``text``, ``when``, ``due_at``, ``zone``, ``recurrence``, ``condition``, ``""`` when
    the person has as many as may be, or ``email`` when their address is not confirmed: mail goes only where its owner
    said it may.
    """
    if not person.is_confirmed:
        raise Refused("email", _("Confirm your mail address first. Then we can remind you."))
    quotas.check(person, now=now)
    reminder = Reminder(
        person_id=person.id,
        text=_clean(text),
        zone=zone,
        version=1,
        post_id=post_id,
        condition=Condition.NONE,
        recipient_id=recipient.id if recipient else None,
        with_me=with_me or recipient is None,
    )
    if condition is Condition.SCHEDULED:
        wall_time, due_at = None, _before_it_appears(post_id, lead, now)
        reminder.lead_minutes = round((lead or timedelta(0)).total_seconds() / 60)
    _set_time(reminder, wall_time, due_at, now)
    _set_recurrence(reminder, recurrence)
    _bind(reminder, condition)
    db.session.add(reminder)
    db.session.flush()
    history.note(reminder, What.SET, now=now, origin=origin)
    return reminder


def welcome(*, person: Person, now: datetime) -> Reminder:
    """A new member's welcome: a reminder due at once."""
    reminder = Reminder(
        person_id=person.id, kind=ReminderKind.WELCOME, text="Welcome", zone=person.zone, version=1, post_id=None
    )
    _set_time(reminder, None, now, now)
    db.session.add(reminder)
    return reminder


def edit(
    reminder: Reminder,
    *,
    now: datetime,
    version: int | None = None,
    text: str | None = None,
    wall_time: datetime | None = None,
    due_at: datetime | None = None,
    zone: str | None = None,
    recurrence: Any = KEEP,
    post_id: Any = KEEP,
    condition: Condition | None = None,
    recipient: Any = KEEP,
    with_me: bool | None = None,
    origin: Origin = Origin.PAGE,
) -> None:
    """Changes what is given and makes it pending again. ``version`` is the one the editor saw.

    A change of zone alone keeps the wall time. A reminder that comes before a post appears and is given a time of its
    own keeps to that from now on. Raises :class:`Conflict` when the version is another one by now, or
    :class:`Refused` as :func:`schedule` does.
    """
    if version is not None and version != reminder.version:
        raise Conflict(_("This reminder has changed since you opened it."))
    before = history.occurrence(reminder)
    is_moved = wall_time is not None or due_at is not None or (zone is not None and zone != reminder.zone)
    if text is not None:
        reminder.text = _clean(text)
    if zone is not None:
        reminder.zone = zone
    if is_moved:
        kept = None if due_at is not None else datetime.fromisoformat(reminder.wall_time)
        _set_time(reminder, wall_time or kept, due_at, now)
        reminder.lead_minutes = None
    elif reminder.state not in COMING:
        raise Refused("when", _(OVER))
    if recurrence is not KEEP or is_moved:
        _set_recurrence(reminder, reminder.recurrence if recurrence is KEEP else recurrence)
    _rebind(reminder, post_id, condition)
    _hand_on(reminder, recipient, with_me=with_me)
    if is_moved:
        reminder.paused_until = None
    stays_paused = reminder.state is ReminderState.PAUSED and not is_moved
    state = ReminderState.PAUSED if stays_paused else ReminderState.PENDING
    _renew(reminder, state, now, what=What.EDITED, origin=origin, before=before)


def snooze(reminder: Reminder, *, until: datetime, now: datetime, origin: Origin = Origin.PAGE) -> None:
    """Moves this occurrence to a later instant. What repeats goes on from where it was."""
    when.check_due(until, now, field="until")
    before = history.occurrence(reminder)
    _place(reminder, until)
    _renew(reminder, ReminderState.PENDING, now, what=What.SNOOZED, origin=origin, before=before)


def pause(reminder: Reminder, *, now: datetime, until: datetime | None = None, origin: Origin = Origin.PAGE) -> None:
    """Lets nothing come until an instant, or until it is resumed. Raises :class:`Refused` naming ``until``.

    Until an instant means: the first of its times from then on; one that comes once comes at that instant, if it would
    have come before. So nobody has to be there when the pause ends.
    """
    if reminder.state not in COMING:
        raise Refused("until", _(OVER))
    before = history.occurrence(reminder)
    if until is None:
        _renew(reminder, ReminderState.PAUSED, now, what=What.PAUSED, origin=origin, before=before)
        reminder.paused_until = None
        return
    if until <= now:
        raise Refused("until", _("That time is already past."))
    when.check_due(until, now, field="until")
    if reminder.due_at < until:
        following = rules.next_after(reminder, until - timedelta(microseconds=1))
        if following is not None:
            _place(reminder, following[1], following[0])
        elif reminder.recurrence:
            raise Refused("until", _("It has no time left after that. Cancel it instead."))
        else:
            _place(reminder, until)
    _renew(reminder, ReminderState.PENDING, now, what=What.PAUSED, origin=origin, before=before)
    reminder.paused_until = until


def resume(reminder: Reminder, *, now: datetime, origin: Origin = Origin.PAGE) -> None:
    """Ends a pause. A series goes on with its next time; one that should have come meanwhile comes now."""
    if reminder.state is not ReminderState.PAUSED and reminder.paused_until is None:
        return
    before = history.occurrence(reminder)
    asked = history.before_pause(reminder)
    if asked is not None and reminder.condition is not Condition.SCHEDULED:
        reminder.due_at, reminder.wall_time = asked.due_at, asked.wall_time
    if reminder.due_at <= now:
        following = rules.next_after(reminder, now)
        if following is not None:
            _place(reminder, following[1], following[0])
        elif reminder.recurrence is None:
            _place(reminder, now.replace(microsecond=0))
    reminder.paused_until = None
    _renew(reminder, ReminderState.PENDING, now, what=What.RESUMED, origin=origin, before=before)


def cancel(reminder: Reminder, *, now: datetime, origin: Origin = Origin.PAGE) -> None:
    """Nothing more is sent for it. Does nothing when it is cancelled already."""
    if reminder.state is not ReminderState.CANCELLED:
        _renew(reminder, ReminderState.CANCELLED, now, what=What.CANCELLED, origin=origin)


def finish(reminder: Reminder, *, now: datetime, origin: Origin = Origin.PAGE) -> None:
    """Marks it done. A repeating one is done for this time and moves on to its next."""
    before = history.occurrence(reminder)
    following = rules.next_after(reminder, now) if reminder.state is ReminderState.PENDING else None
    if following is None:
        _renew(reminder, ReminderState.DONE, now, what=What.DONE, origin=origin, before=before)
    else:
        wall_time, due_at = following
        _place(reminder, due_at, wall_time)
        _renew(reminder, ReminderState.PENDING, now, what=What.DONE, origin=origin, before=before)


def restore(reminder: Reminder, *, now: datetime, origin: Origin = Origin.PAGE) -> None:
    """Undoes a cancellation or a completion; that of a repeating one brings the time back that was done.

    Raises :class:`Refused` when that time has passed meanwhile. What had been sent before it was done counts as sent
    again, and no second mail comes of it.
    """
    before = history.occurrence(reminder)
    last = history.latest(reminder)
    was_done = last is not None and last.what is What.DONE
    if reminder.state is ReminderState.PENDING:
        if last is None or not was_done:
            return
        when.check_due(last.due_at, now, field="when")
        reminder.due_at, reminder.wall_time = last.due_at, last.wall_time
    elif was_done and reminder.fired_at is not None and reminder.due_at <= now:
        _renew(reminder, ReminderState.FIRED, now, what=What.RESTORED, origin=origin, before=before)
        return
    when.check_due(reminder.due_at, now, field="when")
    _renew(reminder, ReminderState.PENDING, now, what=What.RESTORED, origin=origin, before=before)


def satisfy(reminder: Reminder, why: str, *, now: datetime) -> None:
    """What it was to wait for has happened: it cancels itself, and its history says why."""
    _renew(reminder, ReminderState.CANCELLED, now, what=What.SATISFIED, origin=Origin.HOUSE, note=why)


def move(reminder: Reminder, *, due_at: datetime, now: datetime, why: str) -> None:
    """Comes at another instant because its post does; one that waited for its post's time goes on."""
    before = history.occurrence(reminder)
    _place(reminder, due_at)
    _renew(reminder, ReminderState.PENDING, now, what=What.MOVED, origin=Origin.HOUSE, before=before, note=why)


def wait(reminder: Reminder, *, now: datetime, why: str) -> None:
    """Comes at no time until its post has one again."""
    _renew(reminder, ReminderState.PAUSED, now, what=What.PAUSED, origin=Origin.HOUSE, note=why)


def rezone(reminder: Reminder, zone: str, *, now: datetime, why: str) -> None:
    """Follows its person to another zone: the time on the wall stays, unless it has passed there already."""
    before = history.occurrence(reminder)
    reminder.zone = zone
    _follow_the_wall(reminder, now, if_past=before.due_at)
    _renew(reminder, reminder.state, now, what=What.ZONE_CHANGED, origin=Origin.HOUSE, before=before, note=why)


def follow_clock_rules(reminder: Reminder, *, now: datetime, why: str) -> bool:
    """Works its instant out anew from the time on the wall. True when that is another one now.

    An instant that shows its wall time stays: of two that do, a program may have meant the second.
    """
    wall_time = datetime.fromisoformat(reminder.wall_time)
    shown = when.local(reminder.due_at, reminder.zone).replace(tzinfo=None)
    if wall_time in {shown, shown.replace(microsecond=0)} or when.instant(wall_time, reminder.zone) == reminder.due_at:
        return False
    before = history.occurrence(reminder)
    _follow_the_wall(reminder, now, if_past=now.replace(microsecond=0))
    _renew(reminder, reminder.state, now, what=What.CLOCKS_CHANGED, origin=Origin.HOUSE, before=before, note=why)
    return True


def _clean(text: str) -> str:
    clean = " ".join(many_lines(text, field="text", longest=LONGEST_TEXT).split())
    if not clean:
        raise Refused("text", _("Say what we should remind you of."))
    return clean


def _set_time(reminder: Reminder, wall_time: datetime | None, due_at: datetime | None, now: datetime) -> None:
    when.zone(reminder.zone)
    if (wall_time is None) == (due_at is None):
        raise Refused("when", _("Give one time."))
    field = "when" if due_at is None else "due_at"
    if due_at is None:
        wall_time = cast(datetime, wall_time).replace(tzinfo=None)
        due_at = when.instant(wall_time, reminder.zone)
    when.check_due(due_at, now, field=field)
    _place(reminder, due_at, wall_time)
    reminder.handed_over_at = now if due_at <= now + HORIZON else None


def _place(reminder: Reminder, due_at: datetime, wall_time: datetime | None = None) -> None:
    reminder.due_at = due_at
    reminder.wall_time = (wall_time or when.local(due_at, reminder.zone).replace(tzinfo=None)).isoformat()


def _set_recurrence(reminder: Reminder, rule: str | None) -> None:
    first = datetime.fromisoformat(reminder.wall_time)
    reminder.recurrence = rules.check(rule, first) if rule else None
    reminder.series_start = reminder.wall_time if rule else None


def _bind(reminder: Reminder, condition: Condition) -> None:
    """Ties it to how its post stands now. Raises :class:`Refused` for a condition that is not met from the start."""
    reminder.condition, reminder.post_version = condition, None
    if condition is Condition.NONE:
        return
    post = db.session.get(Post, reminder.post_id) if reminder.post_id else None
    if post is None:
        raise Refused("condition", _("Say which post this depends on."))
    if condition is Condition.SCHEDULED and (reminder.recurrence or reminder.lead_minutes is None):
        raise Refused("condition", _("What comes before a post appears comes once, and at no time of its own."))
    reminder.post_version = post.version
    why_not = bonds.Bond.of(post).why_over(reminder, reminder.due_at)
    if condition is Condition.DRAFT and post.state is not PostState.DRAFT:
        why_not = bonds.SATISFIED_BY[post.state]
    if why_not and condition is not Condition.UNEDITED:
        raise Refused("condition", _("That is not so any more: %(why)s.", why=kept(why_not)))


def _rebind(reminder: Reminder, post_id: Any, condition: Condition | None) -> None:
    """Another post, another condition, or a time that no longer is the post's."""
    if post_id is not KEEP and post_id != reminder.post_id:
        reminder.post_id = post_id
        condition = condition or reminder.condition
    has_time_of_its_own = reminder.condition is Condition.SCHEDULED and reminder.lead_minutes is None
    if reminder.post_id is None or (has_time_of_its_own and condition in {None, Condition.SCHEDULED}):
        condition = Condition.NONE
    if condition is not None and (condition is not reminder.condition or post_id is not KEEP):
        _bind(reminder, condition)


def _hand_on(reminder: Reminder, recipient: Any, *, with_me: bool | None) -> None:
    if recipient is not KEEP:
        reminder.recipient = recipient
    if with_me is not None:
        reminder.with_me = with_me
    reminder.with_me = reminder.with_me or reminder.recipient is None


def _before_it_appears(post_id: int | None, lead: timedelta | None, now: datetime) -> datetime:
    post = db.session.get(Post, post_id) if post_id else None
    if post is None or post.publish_at is None or post.state is not PostState.SCHEDULED:
        raise Refused("condition", _("That post is not going to appear by itself."))
    if lead is None or not timedelta(0) < lead <= bonds.LONGEST_LEAD:
        raise Refused("lead_minutes", _("Say how long before, up to thirty days."))
    if post.publish_at - lead <= now:
        raise Refused("lead_minutes", _("It appears sooner than that."))
    return post.publish_at - lead


def _follow_the_wall(reminder: Reminder, now: datetime, *, if_past: datetime) -> None:
    """The instant of its wall time, under the zone and the rules of now; of a series, the first that is to come.

    What comes once and would have come already comes at ``if_past``. What is due goes out as it is.
    """
    if reminder.due_at <= now:
        return
    reminder.due_at = when.instant(datetime.fromisoformat(reminder.wall_time), reminder.zone)
    if reminder.due_at <= now:
        following = rules.next_after(reminder, now)
        _place(reminder, if_past if following is None else following[1], following and following[0])


def _renew(
    reminder: Reminder,
    state: ReminderState,
    now: datetime,
    *,
    what: What,
    origin: Origin,
    before: history.Occurrence | None = None,
    note: str = "",
) -> None:
    """A new version: what is queued for the old one is cancelled, and a near due time is handed over anew."""
    history.note(reminder, what, now=now, origin=origin, before=before, note=note)
    for to_other in (False, True):
        key = history.dedupe_key(reminder.id, reminder.version, to_other=to_other)
        ledger.cancel_waiting(dedupe_key=key, reason=what.value, now=now)
    reminder.version += 1
    reminder.state = state
    reminder.handed_over_at = now if state is ReminderState.PENDING and reminder.due_at <= now + HORIZON else None
