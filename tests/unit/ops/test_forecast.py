"""The forecast says what will be sent, to the minute and to the address, and sends and writes nothing."""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
import time_machine
from bs4 import BeautifulSoup
from flask import current_app
from hypothesis import HealthCheck, Phase, example, given, settings
from hypothesis import strategies as st
from sqlalchemy import event, func, select

from tests import factories
from tests.world import sign_in
from webapp.accounts.models import Role
from webapp.core import clock
from webapp.digests import news
from webapp.digests.models import DigestRun, RunState
from webapp.extensions import db as database
from webapp.mail import operations as mail
from webapp.mail import queries as ledger
from webapp.mail.models import HoldKind, Kind, MailHold
from webapp.ops import forecast
from webapp.ops.dispatcher import Dispatcher
from webapp.posts.models import Post, PostState
from webapp.reminders import queries as due
from webapp.reminders.models import Condition, ReminderKind, ReminderState
from webapp.subscriptions import queries as subscriptions
from webapp.subscriptions import schedules, tasks
from webapp.subscriptions.models import Cadence, Subscription, SubscriptionState

NOW = datetime(2026, 10, 21, 7, tzinfo=UTC)
"""A Wednesday. Berlin's clocks change on the 25th, New York's on the first of November; letters go on Saturdays."""

HOUR, DAY, WEEK = timedelta(hours=1), timedelta(days=1), timedelta(days=7)
SLOT = datetime(2026, 10, 24, 8, tzinfo=UTC)
DAYS = 14


@pytest.fixture
def house(db, app, smtp, monkeypatch):
    """A site in Berlin, on a Wednesday morning, whose last letter went out on Saturday."""
    monkeypatch.setitem(app.config, "ALMANAC", replace(app.config["ALMANAC"], site_timezone="Europe/Berlin"))
    with time_machine.travel(NOW, tick=False) as travelling:
        yield travelling


@pytest.fixture
def author(house):
    return furnish()


def furnish():
    """What is there in every one of these worlds: an author, and a letter that has gone out."""
    author = factories.person("Ines", role=Role.AUTHOR, zone="America/New_York")
    last = SLOT - WEEK
    run = DigestRun(
        schedule_key="weekly",
        slot_at=last,
        window_start=last - WEEK,
        window_end=last,
        state=RunState.DONE,
        ended_at=last,
    )
    posts = DigestRun(
        schedule_key="post",
        slot_at=SLOT - WEEK + HOUR,
        window_start=last,
        window_end=SLOT - WEEK + HOUR,
        state=RunState.DONE,
        ended_at=SLOT - WEEK + HOUR,
    )
    database.session.add_all([run, posts])
    database.session.commit()
    return author


def waiting(address, *, at, kind=Kind.CONFIRM, expires_at=None, subject="Confirm"):
    """A mail that was put off and waits for its next attempt."""
    row = mail.enqueue(
        kind=kind,
        address=address,
        content=mail.compose(subject=subject, text="Text", html="<p>Text</p>"),
        dedupe_key=f"test:{address}:{at.isoformat()}",
        now=NOW - HOUR,
        expires_at=expires_at,
        dispatch=False,
    )
    row.next_attempt_at = at
    row.attempts = 1
    database.session.commit()
    return row


def planned(days=DAYS):
    """(minute, kind, address) of every mail of the forecast."""
    found = sorted((minute(at), str(kind), address) for at, kind, address in forecast.each_mail(clock.now(), days))
    database.session.rollback()
    return found


def minute(at):
    return at.replace(second=0, microsecond=0)


def run_the_clock(house, jobs, smtp, days=DAYS):
    """Lets the time pass, from one due instant to the next; returns what the mail server got, as `planned` says it.

    It stops before the end, as the forecast does: what is due at the very end belongs to what follows.
    """
    smtp.clear()
    jobs.sent.clear()
    end = NOW + timedelta(days=days)
    instant = NOW
    while instant < end:
        house.move_to(instant + timedelta(seconds=2), tick=False)
        tasks.ask_again.apply(throw=True)
        sent = -1
        while len(smtp.received) > sent:  # what waits for another mail to be sent goes in the next round, seconds later
            sent = len(smtp.received)
            Dispatcher().round(clock.now())
            jobs.run(clock.now())
        instant = next_instant(instant)
    return sorted(
        (minute(datetime.fromtimestamp(each.at, UTC)), each.kind, address)
        for each in smtp.received
        for address in each.recipients
    )


def next_instant(after):
    """When something is next due by the database, at least once in twelve hours; never by the forecast."""
    database.session.rollback()
    publish_at = database.session.scalar(
        select(func.min(Post.publish_at)).where(Post.state == PostState.SCHEDULED, Post.publish_at > after)
    )
    keys = set(database.session.scalars(select(Subscription.schedule_key))) - {"post"} | {"weekly"}
    slots = [schedules.named(key).after(after) for key in keys]
    days = timedelta(days=current_app.config["ALMANAC"].digest_ask_again_days)
    silent = [each.last_sign_at + days for each in database.session.query(Subscription) if each.last_sign_at]
    pauses = database.session.scalars(select(Subscription.paused_until))
    candidates = [due.next_due_at(after), ledger.next_attempt_at(), publish_at, *slots, *silent, *pauses]
    database.session.rollback()
    return min([after + 12 * HOUR, *(each for each in candidates if each is not None and each > after)])


# What would go out


def test_reminder_is_foreseen_in_its_own_zone_with_its_words(house, author):
    bob = factories.person("Bob", zone="Asia/Shanghai")
    factories.reminder(bob, "Water the plants", due_at=NOW + DAY)
    database.session.commit()

    found = forecast.forecast(NOW, DAYS)

    (only,) = found.mails
    assert (only.at, only.kind, only.zone, only.what, only.address) == (
        NOW + DAY,
        Kind.REMINDER,
        "Asia/Shanghai",
        "Water the plants",
        "bob@example.org",
    )


def test_recurring_reminder_keeps_its_wall_time_when_the_clocks_change(house, author):
    bob = factories.person("Bob", zone="Europe/Berlin")
    first = datetime(2026, 10, 23, 18, tzinfo=ZoneInfo("Europe/Berlin"))
    factories.reminder(bob, due_at=first.astimezone(UTC), recurrence="FREQ=DAILY", series_start="2026-10-23T18:00:00")
    database.session.commit()

    found = forecast.forecast(NOW, 6)

    assert [each.at.hour for each in found.mails] == [16, 16, 17, 17]  # 23, 24 | 25, 26 October, in UTC


def test_letter_is_foreseen_with_its_readers_and_what_is_new_to_them(house, author):
    factories.post(author, "Old", published_at=SLOT - 2 * WEEK)
    factories.post(author, "Salt", published_at=SLOT - 4 * DAY)
    news.take_as_dated()
    factories.post(author, "Bread", state=PostState.SCHEDULED, publish_at=SLOT - HOUR)
    for _ in range(3):
        factories.subscription(covered_until=SLOT - WEEK)
    factories.subscription("behind@example.org", covered_until=SLOT - 3 * WEEK)
    database.session.commit()

    found = forecast.forecast(NOW, 7)

    assert [(each.at, each.count, each.what) for each in found.mails] == [
        (SLOT, 1, "“Old”, “Salt”, “Bread”"),
        (SLOT, 3, "“Salt”, “Bread”"),
    ]
    assert found.total == 4


def test_second_letter_has_only_what_appears_after_the_first(house, author):
    factories.post(author, "Salt", published_at=NOW - DAY)
    factories.post(author, "Bread", state=PostState.SCHEDULED, publish_at=SLOT + DAY)
    factories.subscription(covered_until=SLOT - WEEK)
    database.session.commit()

    found = forecast.forecast(NOW, DAYS)

    letters = [each for each in found.mails if each.kind is Kind.DIGEST]
    assert [each.what for each in letters] == ["“Salt”", "“Bread”"]
    assert letters[1].at - letters[0].at == WEEK + HOUR  # the clocks go back in between


def test_who_gets_nothing_is_counted_with_the_reason(house, author):
    factories.post(author, "Salt", published_at=NOW - DAY)
    bob = factories.person("Bob")
    factories.reminder(bob, due_at=NOW - 25 * HOUR)
    factories.reminder(bob, due_at=NOW + HOUR)
    factories.reminder(bob, due_at=NOW + HOUR, state=ReminderState.CANCELLED)
    factories.subscription(state=SubscriptionState.PENDING)
    factories.subscription(state=SubscriptionState.LEFT)
    factories.subscription("bob@example.org")
    factories.subscription(covered_until=NOW - HOUR)
    waiting("late@example.org", at=NOW + 2 * HOUR, expires_at=NOW + HOUR)
    mail.suppress("bob@example.org", reason="550 5.1.1", now=NOW)
    database.session.commit()

    found = forecast.forecast(NOW, 7)

    assert found.total == 0
    assert {(each.at, str(each.kind), each.reason, each.count) for each in found.skipped} == {
        (None, "reminder", "its time has passed", 1),
        (None, "reminder", "this address is not written to any more", 1),
        (None, "confirm", "its time has passed", 1),
        (SLOT, "digest", "has not confirmed", 1),
        (SLOT, "digest", "has left", 1),
        (SLOT, "digest", "this address is not written to any more", 1),
        (SLOT, "digest", "nothing new for the reader", 1),
    }


def test_held_mail_is_said_first(runner, house, author):
    database.session.add(MailHold(kind=HoldKind.COPY, reason="This database may be a copy.", placed_at=NOW))
    database.session.commit()

    result = runner("forecast")

    assert result.output.startswith("All mail is held: This database may be a copy. Until `manage.py mail release`")


def test_far_more_than_is_listed_is_counted_right(house, author):
    bob = factories.person("Bob")
    first = NOW + HOUR
    for number in range(2):
        factories.reminder(
            bob,
            f"Look out {number}",
            due_at=first,
            recurrence="FREQ=HOURLY",
            series_start=first.replace(tzinfo=None).isoformat(),
        )
    database.session.commit()

    found = forecast.forecast(NOW, 60)

    assert found.total == 2 * (60 * 24 - 1)
    assert len(found.mails) == forecast.LISTED
    assert found.unlisted == found.total - forecast.LISTED
    assert max(each.at for each in found.mails) == NOW + timedelta(hours=forecast.LISTED // 2)


def test_readers_are_counted_and_not_loaded(house, author, session):
    factories.post(author, "Salt", published_at=NOW - DAY)
    for _ in range(50):
        factories.subscription(covered_until=SLOT - WEEK)
    session.commit()
    session.expunge_all()
    loaded = []

    def note(*_):
        loaded.append(1)

    event.listen(Subscription, "load", note)
    try:
        assert forecast.forecast(NOW, DAYS).total == 50
    finally:
        event.remove(Subscription, "load", note)
    assert loaded == []


# It only reads


@pytest.mark.parametrize("words", [(), ("--json",), ("--each",), ("--days", "60")])
def test_forecast_writes_no_row_and_speaks_to_no_mail_server(words, runner, house, author, jobs, smtp, monkeypatch):
    busy_world(author)
    before = everything()
    statements = []

    def note(_connection, _cursor, statement, *_):
        statements.append(statement.split()[0])

    monkeypatch.setattr("smtplib.SMTP.connect", lambda *_: pytest.fail("a forecast spoke to the mail server"))
    event.listen(database.engine, "before_cursor_execute", note)
    try:
        result = runner("forecast", *words)
    finally:
        event.remove(database.engine, "before_cursor_execute", note)

    assert result.exit_code == 0
    assert result.output.strip()
    assert everything() == before
    assert set(statements) <= {"BEGIN", "SELECT", "WITH"}
    assert jobs.sent == []
    assert smtp.received == []


def everything():
    """Every row of every table."""
    database.session.rollback()
    rows = {
        table.name: sorted(map(repr, database.session.execute(select(table))))
        for table in database.metadata.sorted_tables
    }
    database.session.rollback()
    return rows


def busy_world(author):
    bob = factories.person("Bob", zone="Asia/Shanghai")
    factories.post(author, "Salt", published_at=NOW - DAY)
    factories.post(author, "Bread", state=PostState.SCHEDULED, publish_at=NOW - timedelta(minutes=1))
    factories.reminder(bob, due_at=NOW - HOUR)
    factories.reminder(
        bob, due_at=NOW + HOUR, recurrence="FREQ=WEEKLY", series_start=(NOW + 9 * HOUR).replace(tzinfo=None).isoformat()
    )
    factories.subscription()
    factories.subscription(state=SubscriptionState.PENDING)
    waiting("carol@example.org", at=NOW + timedelta(minutes=5))


def test_readers_who_chose_at_different_times_long_ago_are_counted_together(house, author, monkeypatch):
    factories.post(author, "Salt", published_at=NOW - DAY)
    for minute in range(40):
        long_ago = NOW - 30 * DAY + timedelta(minutes=minute)
        at_once = {"follows": f"site @{author.id}=post", "each_post_from": long_ago}
        values = {"schedule_key": "weekly sat 9 UTC", "scheduled_from": long_ago, "covered_until": SLOT - WEEK}
        factories.subscription(f"reader{minute}@example.org", **values, **(at_once if minute % 2 else {}))
    database.session.commit()
    counted = []
    standings = subscriptions.standings
    monkeypatch.setattr(subscriptions, "standings", lambda *words: counted.append(standings(*words)) or counted[-1])

    forecast.forecast(NOW, DAYS)

    assert sorted(count for _place, count in counted[0]) == [20, 20]


# What a machine reads


def test_json_says_the_same(runner, house, author):
    busy_world(author)

    found = json.loads(runner("forecast", "--json", "--days", "7").output)

    assert found["total"] == 4
    assert found["by_kind"] == {"confirm": 1, "reminder": 2, "digest": 1}
    assert sum(day["total"] for day in found["days"]) == 4
    letter = next(each for each in found["mails"] if each["kind"] == "digest")
    assert letter["local"] == "2026-10-24T10:00:00+02:00"
    assert letter["count"] == 1
    assert {"at": SLOT.isoformat(), "kind": "digest", "reason": "has not confirmed", "count": 1} in found["skipped"]


@pytest.mark.parametrize("days", ["0", "61", "soon"])
def test_days_are_one_to_sixty(days, runner, house, author):
    assert runner("forecast", "--days", days).exit_code == 2


# It comes true

ZONES = ("America/New_York", "Europe/Berlin", "Asia/Shanghai", "Australia/Lord_Howe")
RULES = (
    None,
    "FREQ=DAILY",
    "FREQ=DAILY;COUNT=3",
    "FREQ=WEEKLY;BYDAY=MO,SU",
    "FREQ=MONTHLY",
    "FREQ=HOURLY;INTERVAL=35",
    "FREQ=DAILY;UNTIL=20261028T120000Z",
)
POSTS = ("draft", "appears", "public", "changed", "gone")
minutes = st.integers(1, DAYS * 24 * 60 - 1)
minutes_near = st.one_of(minutes, st.sampled_from([60 * 3 + 24 * 60 * each for each in range(13)]))


SCHEDULES = ("weekly", "daily", "post", "monthly", "daily - 23 America/New_York", "weekly wed 9 Europe/Berlin")
FOLLOWS = ("site", "author", "nobody", "site, the author at once", "site, the author every day", "author, site monthly")


@st.composite
def worlds(draw):
    """Plain data: a world has to be made twice, and an example has to be readable."""
    return {
        "reminders": draw(
            st.lists(
                st.tuples(
                    st.sampled_from(ZONES),
                    st.one_of(minutes_near, st.integers(-3000, -1)),
                    st.sampled_from(RULES),
                    st.sampled_from([ReminderState.PENDING] * 4 + [ReminderState.CANCELLED]),
                    st.booleans(),
                ),
                max_size=6,
            )
        ),
        "readers": draw(
            st.lists(
                st.tuples(
                    st.sampled_from(
                        [SubscriptionState.ACTIVE] * 4 + [SubscriptionState.PENDING, SubscriptionState.LEFT]
                    ),
                    st.sampled_from([None, SLOT - WEEK, SLOT - 3 * WEEK, NOW - HOUR, SLOT + DAY]),
                    st.booleans(),
                ),
                max_size=8,
            )
        ),
        "published": draw(st.lists(st.integers(0, 30 * 24 * 60), max_size=4)),
        "scheduled": draw(st.lists(st.tuples(minutes, st.booleans()), max_size=4)),
        "waiting": draw(st.lists(st.tuples(st.integers(-30, 600), st.integers(1, 700)), max_size=3)),
        "welcomes": draw(st.integers(0, 1)),
        "bonds": draw(
            st.lists(
                st.tuples(minutes, st.sampled_from(Condition), st.sampled_from(POSTS), st.sampled_from(RULES[:2])),
                max_size=4,
            )
        ),
        "open_slot": draw(st.sampled_from(["none", "overdue", "half planned"])),
        "suppressed": draw(st.sets(st.integers(0, 7), max_size=2)),
        "chosen": draw(st.lists(st.tuples(st.sampled_from(SCHEDULES), st.sampled_from(FOLLOWS)), max_size=6)),
    }


A_QUIET_WORLD = {
    "reminders": [],
    "readers": [(SubscriptionState.ACTIVE, NOW - HOUR, False)],
    "published": [60],
    "scheduled": [(3 * 24 * 60 + 60, False)],
    "waiting": [],
    "welcomes": 0,
    "bonds": [],
    "open_slot": "none",
    "suppressed": set(),
    "chosen": [],
}
"""All that is new appears at the very moment of the slot, which is a moment too late for its letter."""

A_FULL_WORLD = {
    "reminders": [
        ("America/New_York", 12 * 24 * 60, None, ReminderState.PENDING, True),
        ("Europe/Berlin", 60, "FREQ=DAILY", ReminderState.PENDING, False),
        ("America/New_York", -30 * 60, "FREQ=DAILY", ReminderState.PENDING, False),
        ("Australia/Lord_Howe", -10, "FREQ=DAILY;COUNT=3", ReminderState.PENDING, True),
        ("Asia/Shanghai", 500, None, ReminderState.CANCELLED, False),
    ],
    "readers": [
        (SubscriptionState.ACTIVE, None, True),
        (SubscriptionState.ACTIVE, SLOT - WEEK, False),
        (SubscriptionState.ACTIVE, SLOT - 3 * WEEK, False),
        (SubscriptionState.ACTIVE, NOW - HOUR, False),
        (SubscriptionState.ACTIVE, SLOT - WEEK, False),
        (SubscriptionState.PENDING, None, False),
        (SubscriptionState.LEFT, SLOT - WEEK, False),
    ],
    "published": [10, 6 * 24 * 60, 20 * 24 * 60],
    "scheduled": [(3 * 24 * 60, False), (6 * 24 * 60 + 120, False), (8 * 24 * 60, True), (9 * 24 * 60, False)],
    "waiting": [(-5, 600), (50, 600), (300, 200)],
    "welcomes": 1,
    "bonds": [
        (600, Condition.DRAFT, "draft", None),
        (700, Condition.DRAFT, "appears", "FREQ=DAILY"),
        (800, Condition.UNEDITED, "public", "FREQ=DAILY"),
        (900, Condition.UNEDITED, "changed", None),
        (1000, Condition.SCHEDULED, "appears", None),
        (5 * 24 * 60, Condition.SCHEDULED, "appears", None),
        (1100, Condition.DRAFT, "gone", None),
        (1200, Condition.NONE, "gone", None),
    ],
    "open_slot": "half planned",
    "suppressed": {4},
    "chosen": [
        ("daily", "site"),
        ("post", "site"),
        ("monthly sun 6 America/New_York", "site"),
        ("weekly mon 23 Asia/Shanghai", "author"),
        ("post", "nobody"),
        ("weekly", "site, the author at once"),
        ("daily", "site, the author every day"),
        ("daily - 23 America/New_York", "site, the author at once"),
        ("weekly wed 9 Europe/Berlin", "author, site monthly"),
    ],
}
"""Everything at once, a letter that a dead worker left half planned among it."""


@pytest.mark.timeout(300)
@settings(
    max_examples=3,
    phases=[Phase.explicit, Phase.generate],
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)
@given(described=worlds())
@example(described=A_FULL_WORLD)
@example(described=A_QUIET_WORLD)
def test_what_is_foreseen_is_what_is_sent(described, app, house, jobs, smtp):
    weekday = "sat" if described["open_slot"] == "none" else "tue"
    app.config["ALMANAC"] = replace(app.config["ALMANAC"], digest_weekday=weekday)
    house.move_to(NOW, tick=False)
    make(described)
    try:
        expected = planned()
        counted = forecast.forecast(NOW, DAYS)
        database.session.rollback()

        sent = run_the_clock(house, jobs, smtp)

        assert sent == expected
        assert counted.total == len(sent)
        assert counted.unlisted + sum(each.count for each in counted.mails) == len(sent)
    finally:
        empty()


def test_who_is_asked_for_a_sign_and_falls_silent_is_foreseen(house, author, app, jobs, smtp, monkeypatch):
    monkeypatch.setitem(app.config, "ALMANAC", replace(app.config["ALMANAC"], digest_ask_again_days=100))
    for week in range(8):
        factories.post(author, state=PostState.SCHEDULED, publish_at=SLOT + week * WEEK - DAY)
    signs = {"long ago": 300, "soon": 97, "later": 80, "not yet": 20}
    for name, days in signs.items():
        factories.subscription(f"{name.replace(' ', '-')}@example.org", last_sign_at=NOW - days * DAY)
    heard = {"last_sign_at": NOW - 200 * DAY}
    factories.subscription("asked@example.org", asked_again_at=NOW - 12 * DAY, **heard)
    factories.subscription("just-silent@example.org", asked_again_at=SLOT - 30 * DAY, **heard)
    factories.subscription("paused@example.org", paused_until=NOW + 9 * DAY, **heard)
    factories.subscription("gone@example.org", **heard)
    mail.suppress("gone@example.org", reason="550 5.1.1", now=NOW)
    database.session.commit()
    expected = planned(58)
    skipped = {(each.at, each.reason): each.count for each in forecast.forecast(NOW, 58).skipped}
    database.session.rollback()

    sent = run_the_clock(house, jobs, smtp, 58)

    assert sent == expected
    assert {address for _at, kind, address in sent if kind == "confirm"} == {
        *("long-ago@example.org", "soon@example.org", "later@example.org", "paused@example.org")
    }
    assert skipped[SLOT, "was asked whether they still want letters, and has not answered"] == 1
    assert skipped[SLOT + 5 * WEEK + HOUR, "was asked whether they still want letters, and has not answered"] == 5


def followed(key, what, author, since):
    """What a reader follows and how often, so that its schedule has this key."""
    usual = Cadence(key.split()[0])
    words = {
        "site": "site",
        "author": f"@{author.id}",
        "nobody": "@999999",
        "site, the author at once": f"site @{author.id}=post",
        "site, the author every day": f"site=weekly @{author.id}",
        "author, site monthly": f"site=monthly @{author.id}",
    }[what]
    if usual is Cadence.POST or (usual is not Cadence.DAILY and what == "site, the author every day"):
        words = words.split("=")[0]
    at_once = usual is Cadence.POST or "=post" in words
    return {"cadence": usual, "follows": words, "each_post_from": since if at_once else None}


def make(described):
    author = furnish()
    people = {}
    for number, (zone, offset, rule, state, is_bob) in enumerate(described["reminders"]):
        who = "Bob" if is_bob else f"Person {number}"
        person = people.setdefault(who, None) or factories.person(who)
        people[who] = person
        due_at = NOW + timedelta(minutes=offset)
        wall_time = due_at.astimezone(ZoneInfo(zone)).replace(tzinfo=None).isoformat()
        factories.reminder(
            person,
            f"Number {number}",
            due_at=due_at,
            zone=zone,
            state=state,
            recurrence=rule,
            series_start=wall_time if rule else None,
        )
    for number, (state, covered_until, is_own) in enumerate(described["readers"]):
        factories.subscription(
            "bob@example.org" if is_own and number == 0 else f"reader{number}@example.org",
            state=state,
            covered_until=covered_until,
        )
    for number, (key, what) in enumerate(described["chosen"]):
        factories.subscription(
            f"chooser{number}@example.org",
            covered_until=NOW - 2 * DAY if number % 4 else None,
            schedule_key=key,
            scheduled_from=NOW - 3 * number * DAY,
            **followed(key, what, author, NOW - (number + 1) * DAY),
        )
    if described["open_slot"] == "half planned":
        plan_the_first_half()
    for ago in described["published"]:
        factories.post(author, published_at=NOW - timedelta(minutes=ago))
    news.take_as_dated()
    for offset, was_public in described["scheduled"]:
        factories.post(
            author,
            state=PostState.SCHEDULED,
            publish_at=NOW + timedelta(minutes=offset),
            published_at=SLOT - 5 * DAY if was_public else None,
        )
    for number, (offset, lasts) in enumerate(described["waiting"]):
        at = NOW + timedelta(minutes=offset)
        waiting(f"waiting{number}@example.org", at=at, expires_at=NOW + timedelta(minutes=lasts))
    for number in range(described["welcomes"]):
        new = factories.person(f"New {number}")
        factories.reminder(new, "Welcome", due_at=NOW, kind=ReminderKind.WELCOME)
    bind(author, described["bonds"])
    for number in described["suppressed"]:
        mail.suppress(f"reader{number}@example.org" if number else "bob@example.org", reason="550 5.1.1", now=NOW)
    database.session.commit()


def bind(author, bonds):
    """Reminders that depend on how a post stands when their time comes."""
    posts = {
        "draft": factories.post(author, "A draft"),
        "appears": factories.post(author, "Later", state=PostState.SCHEDULED, publish_at=NOW + 4 * DAY),
        "public": factories.post(author, "Public", published_at=SLOT - 9 * WEEK),
        "changed": factories.post(author, "Changed", published_at=SLOT - 9 * WEEK, version=2),
        "gone": None,
    }
    for number, (offset, condition, name, rule) in enumerate(bonds):
        due_at = NOW + timedelta(minutes=offset)
        factories.reminder(
            factories.person(f"Bound {number}"),
            f"Bond {number}",
            due_at=due_at,
            condition=condition,
            post_id=posts[name].id if posts[name] else None,
            post_version=1,
            recurrence=rule,
            series_start=due_at.replace(tzinfo=None).isoformat() if rule else None,
        )


def plan_the_first_half():
    """A worker died over the letter of yesterday: some readers have been looked at, the others have not.

    The first one confirmed just after that: with an earlier number, and not in this letter.
    """
    slot = SLOT - 4 * DAY
    readers = database.session.scalars(select(Subscription).order_by(Subscription.id)).all()
    done = readers[: len(readers) // 2]
    for reader in done[1:]:
        reader.covered_until = slot
    run = DigestRun(
        schedule_key="weekly",
        slot_at=slot,
        window_start=slot - WEEK,
        window_end=slot,
        state=RunState.PLANNING,
        cursor=done[-1].id if done else 0,
    )
    database.session.add(run)


def empty():
    database.session.rollback()
    for table in reversed(database.metadata.sorted_tables):
        if table.name != "site_settings":
            database.session.execute(table.delete())
    database.session.commit()
    database.session.expunge_all()


# The page


@pytest.fixture
def operator(client, house):
    return sign_in(client, factories.person("Olive", role=Role.OPERATOR, zone="Asia/Shanghai"))


def test_page_says_when_to_whom_and_why_not(operator, author):
    busy_world(author)

    page = operator.get("/ops/forecast?days=7")

    text = " ".join(BeautifulSoup(page.data, "html.parser").select_one("main").get_text(" ").split())
    assert page.status_code == 200
    assert "4 mails in the next 7 days." in text
    assert "Sat 24 Oct, 10:00 “Salt”, “Bread” digest · 1 reader Berlin · in 3 days new since Sat 17 Oct, 10:00" in text
    assert "Water the plants reminder · bob@example.org Shanghai" in text
    assert "Sat 24 Oct, 16:00 digest 1 has not confirmed" in text


def test_page_draws_a_hatched_bar_for_each_day_with_mail_and_says_it_in_a_table(operator, author):
    busy_world(author)

    page = BeautifulSoup(operator.get("/ops/forecast?days=7").data, "html.parser")

    assert [bar["fill"] for bar in page.select("figure svg rect")] == ["url(#expected)"] * 2
    assert len(page.select("figure table tbody tr")) == 8  # seven days from a morning to a morning


@pytest.mark.parametrize("days", ["0", "-3", "soon", "", "1", "1000000000000"])
def test_page_of_an_odd_number_of_days_is_still_a_page(days, operator, author):
    assert operator.get("/ops/forecast", query_string={"days": days}).status_code == 200


def test_page_is_for_operators_only(client, author):
    bob = factories.person("Bob")
    assert sign_in(client, bob).get("/ops/forecast").status_code == 403


def test_page_says_that_mail_is_held(operator, author):
    database.session.add(MailHold(kind=HoldKind.COPY, reason="this database may be a copy", placed_at=NOW))

    page = operator.get("/ops/forecast")

    assert "This database may be a copy. What stands here goes out once it is released." in page.text
