"""The pages for operators: who gets in, and what the first one says."""

import tomllib
from datetime import UTC, datetime, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest
from bs4 import BeautifulSoup

from tests import factories
from tests.world import sign_in
from webapp.accounts.models import Role
from webapp.core import clock
from webapp.core.broker import DEAD_QUEUE
from webapp.core.version import VERSION
from webapp.extensions import db as database
from webapp.mail import operations as ledger
from webapp.mail.models import DeliveryAttempt, Kind, State
from webapp.ops import broker, migrations, operations
from webapp.ops.charts import charts
from webapp.ops.checks import Check
from webapp.ops.figures import figures, headline
from webapp.ops.models import Heartbeat
from webapp.subscriptions.models import Cadence

ROOT = Path(__file__).resolve().parents[3]


@pytest.fixture
def well(db, smtp, monkeypatch):
    """A house in which everything is as it should be."""
    monkeypatch.setattr(migrations, "present", migrations.wanted)
    for name in ("worker", "beat", "dispatcher"):
        operations.beat(name, now=clock.now())
    db.session.commit()


@pytest.fixture
def operator(client, world):
    return sign_in(client, world.olive)


def test_nobody_is_asked_to_sign_in_and_a_reader_is_refused(client, world):
    assert client.get("/ops").status_code in {302, 303}
    assert sign_in(client, world.bob).get("/ops").status_code == 403


def test_an_administrator_operates_too(client, db, world):
    world.carol.role = Role.ADMIN
    assert sign_in(client, world.carol).get("/ops").status_code == 200


def test_only_who_operates_sees_the_link(app, client, world):
    assert 'href="/ops"' in sign_in(client, world.olive).get("/").text
    assert 'href="/ops"' not in sign_in(app.test_client(), world.alice).get("/").text


def test_a_house_in_order_says_so(well, operator):
    assert "<h1>All is well.</h1>" in operator.get("/ops").text


def test_it_says_what_waits_in_each_queue_and_who_listens(well, operator, monkeypatch):
    depths = {"almanac.mail": (1204, 2), "almanac.digests": (3, 0), DEAD_QUEUE: (1, 0)}
    monkeypatch.setattr(broker, "depths", lambda _url: depths)
    table = BeautifulSoup(operator.get("/ops").text, "html.parser").find(id="queues").parent.tbody
    rows = [[cell.text for cell in row.find_all(["th", "td"])] for row in table.find_all("tr")]
    assert rows == [["almanac.mail", "1,204", "2"], ["almanac.digests", "3", "nobody"], [DEAD_QUEUE, "1", "0"]]


def test_a_broker_that_does_not_answer_has_no_queues_and_the_page_stands(well, operator, monkeypatch):
    def silent(_url):
        raise broker.Unreachable("no route")

    monkeypatch.setattr(broker, "depths", silent)
    answer = operator.get("/ops")
    assert answer.status_code == 200
    assert 'id="queues"' not in answer.text


def sent(key, at, late=0.01, kind=Kind.REMINDER):
    made = ledger.enqueue(
        kind=kind,
        address="a@example.org",
        content=ledger.compose(subject="Hello", text="A word.\n", html="<p>A word.</p>"),
        dedupe_key=f"test:{key}",
        now=at,
        dispatch=False,
    )
    made.state, made.sent_at = State.SENT, at + timedelta(seconds=late)
    return made


def put_off(mail, at):
    database.session.flush()
    database.session.add(
        DeliveryAttempt(
            delivery_id=mail.id, phase="rcpt", outcome="later", code=450, worker="w", started_at=at, ended_at=at
        )
    )


NOW = datetime(2026, 11, 25, 9, 40, tzinfo=UTC)


def test_the_figures_count_the_last_day_and_the_next_hour(db, world):
    hour = timedelta(hours=1)
    sent("old", NOW - 25 * hour)
    put_off(sent("late", NOW - 2 * hour, late=61), NOW - 2 * hour)
    sent("on time", NOW - hour)
    sent("lost", NOW - hour).state = State.UNCERTAIN
    waiting = sent("waiting", NOW - hour)
    waiting.state, waiting.sent_at = State.QUEUED, None
    factories.reminder(world.bob, due_at=NOW + hour / 2)
    factories.reminder(world.bob, due_at=NOW + 2 * hour)
    letter_at = datetime(2026, 11, 28, 10, tzinfo=UTC)
    factories.subscription("a@example.org")
    factories.subscription("b@example.org", cadence=Cadence.DAILY, schedule_key="daily")
    factories.subscription("c@example.org", cadence=Cadence.DAILY, schedule_key="daily - 9 UTC")
    factories.subscription("d@example.org", cadence=Cadence.MONTHLY, schedule_key="monthly")
    factories.subscription("e@example.org", cadence=Cadence.POST, schedule_key="post", each_post_from=NOW)
    factories.subscription("f@example.org", paused_until=letter_at + hour)
    db.session.flush()
    found = figures(NOW)
    assert (found.sent, found.tried_again, found.uncertain) == (3, 1, 1)
    assert (found.late, found.due_soon, found.letter_readers) == (2, 2, 2)
    assert found.letter_at == letter_at


@pytest.mark.parametrize("zone", ["UTC", "Asia/Kolkata", "America/New_York"])
def test_a_chart_counts_by_the_hours_of_whoever_looks(db, zone):
    at = NOW.astimezone(ZoneInfo(zone)).replace(minute=0, second=0)
    sent("last of the hour before", at - timedelta(seconds=0.02), late=0.01)
    put_off(sent("first of this hour", at), at)
    db.session.flush()
    found = charts(NOW, ZoneInfo(zone))
    assert [hour.sent for hour in found.hours[-2:]] == [1, 1]
    assert [hour.put_off for hour in found.hours[-2:]] == [0, 1]
    assert found.hours[-1].at == at
    assert len(found.hours) == len(found.bars) == 24
    assert (found.bars[-1].sent_y, found.bars[-1].put_off_y) == (50, 0)


def test_lateness_is_the_nearest_rank_of_each_hour_and_of_all(db):
    for number in range(1, 101):
        sent(number, NOW - timedelta(hours=2), late=number / 1000)
    sent("another hour", NOW - timedelta(minutes=5), late=7)
    sent("no reminder", NOW - timedelta(minutes=5), late=700, kind=Kind.DIGEST)
    db.session.flush()
    found = charts(NOW, ZoneInfo("UTC"))
    hour = found.hours[-3]
    assert (hour.half, hour.most) == (pytest.approx(0.05, abs=0.0011), pytest.approx(0.099, abs=0.0011))
    assert found.hours[-2].half is None
    assert found.hours[-1].half == pytest.approx(7, abs=0.001)
    assert (found.half, found.most) == (pytest.approx(0.051, abs=0.0011), pytest.approx(0.1, abs=0.0011))
    assert found.slowest == 10


def test_an_empty_house_draws_nothing_and_still_has_a_page(well, operator):
    said = operator.get("/ops").text
    assert "No reminder was sent in the last 24 hours." in said
    assert "No letter has gone out yet." in said
    assert "style=" not in said


@pytest.mark.parametrize(
    ("wrong", "uncertain", "is_held", "words"),
    [
        ((), 0, False, "All is well."),
        ((), 1, False, "All is well. One mail needs a decision."),
        (("worker",), 0, False, "The worker is silent."),
        (("worker", "disk"), 0, False, "The worker is silent. One more thing is not well."),
        (("worker", "smtp", "disk"), 0, False, "The worker is silent. Two more things are not well."),
        ((), 13, False, "All is well. 13 mails need a decision."),
        (("holds",), 0, True, "Mail is held."),
        (("anything",), 0, False, "The check of anything does not pass."),
    ],
)
def test_the_headline_says_the_worst_first(wrong, uncertain, is_held, words):
    found = [Check("database", ok=True, detail="sqlite"), *(Check(name, ok=False, detail="") for name in wrong)]
    assert headline(found, uncertain=uncertain, is_held=is_held) == words


def test_who_is_silent_and_who_runs_another_version_is_named(well, db, operator):
    operations.beat("worker", now=clock.now() - timedelta(hours=1))
    db.session.add(Heartbeat(name="worker celery@old", seen_at=clock.now(), detail="0.0.9"))
    db.session.commit()
    said = operator.get("/ops").text
    assert "The worker is silent." in said
    assert '<td class="now">0.0.9</td>' in said


def test_the_version_is_that_of_the_project():
    assert tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]["version"] == VERSION
