"""`/metrics`: who may read it, and that it says what the database says."""

from dataclasses import replace
from datetime import timedelta

import pytest
from prometheus_client.parser import text_string_to_metric_families

from tests import factories
from webapp.core import clock
from webapp.core.version import VERSION
from webapp.extensions import celery
from webapp.mail import operations as ledger
from webapp.mail.models import HoldKind, Kind, MailHold, State
from webapp.ops import broker, operations

REMOTE = {"REMOTE_ADDR": "203.0.113.9"}


def mail(key, *, kind=Kind.REMINDER, state=State.SENT, late=None):
    due_at = clock.now() - timedelta(hours=1)
    made = ledger.enqueue(
        kind=kind,
        address="a@example.org",
        content=ledger.compose(subject="Hello", text="A word.\n", html="<p>A word.</p>"),
        dedupe_key=f"test:{key}",
        now=due_at,
    )
    made.state = state
    if late is not None:
        made.sent_at = due_at + timedelta(seconds=late)
    return made


@pytest.fixture
def scrape(client, db):
    """The samples of one scrape: a function from name and labels to the value."""

    def ask():
        db.session.commit()
        answer = client.get("/metrics")
        assert answer.status_code == 200
        samples = [each for family in text_string_to_metric_families(answer.text) for each in family.samples]

        def value(name, **labels):
            return {tuple(sorted(each.labels.items())): each.value for each in samples if each.name == name}.get(
                tuple(sorted(labels.items()))
            )

        return value

    return ask


def test_it_counts_mails_by_kind_and_state(scrape, jobs):
    mail(1, late=0.02)
    mail(2, late=0.3)
    mail(3, kind=Kind.DIGEST, state=State.FAILED)
    mail(4, kind=Kind.DIGEST, state=State.UNCERTAIN)
    value = scrape()
    assert value("almanac_deliveries_total", kind="reminder", state="sent") == 2
    assert value("almanac_deliveries_total", kind="digest", state="failed") == 1
    assert value("almanac_deliveries_open", kind="digest", state="uncertain") == 1


def test_lateness_is_a_histogram_of_reminders(scrape, jobs):
    mail("letter", kind=Kind.DIGEST, late=40)
    for number, late in enumerate((0.004, 0.02, 0.02, 400)):
        mail(number, late=late)
    value = scrape()
    assert value("almanac_lateness_seconds_bucket", le="0.01") == 1
    assert value("almanac_lateness_seconds_bucket", le="0.025") == 3
    assert value("almanac_lateness_seconds_bucket", le="300.0") == 3
    assert value("almanac_lateness_seconds_bucket", le="+Inf") == 4
    assert value("almanac_lateness_seconds_count") == 4
    assert value("almanac_lateness_seconds_sum") == pytest.approx(400.044, abs=0.01)


def test_it_says_how_late_the_oldest_is_who_is_awake_and_that_mail_is_held(scrape, db, world, jobs):
    assert scrape()("almanac_oldest_overdue_seconds", what="reminders") == 0
    factories.reminder(world.bob, due_at=clock.now() - timedelta(minutes=10))
    operations.beat("dispatcher", now=clock.now() - timedelta(seconds=30))
    value = scrape()
    assert value("almanac_oldest_overdue_seconds", what="reminders") == pytest.approx(600, abs=5)
    assert value("almanac_heartbeat_age_seconds", part="dispatcher", version=VERSION) == pytest.approx(30, abs=5)
    assert value("almanac_mail_held") == 0
    db.session.add(MailHold(kind=HoldKind.COPY, reason="A copy.", placed_at=clock.now()))
    assert scrape()("almanac_mail_held") == 1


def test_the_embedded_broker_says_what_waits(scrape, app, monkeypatch, tmp_path):
    monkeypatch.setattr(broker, "folder", lambda: tmp_path)
    (tmp_path / "00000000000000000001_a.almanac.mail.msg").write_text("{}")
    value = scrape()
    assert value("almanac_broker_up", kind="embedded") == 1
    assert value("almanac_queue_messages", queue="almanac.mail") == 1
    assert value("almanac_queue_messages", queue="almanac.reminders") == 0


def test_a_broker_that_does_not_answer_is_0_and_no_failure(scrape, monkeypatch):
    def gone(_url):
        raise broker.Unreachable("no")

    monkeypatch.setattr(broker, "depths", gone)
    assert scrape()("almanac_broker_up", kind="embedded") == 0


def test_a_stranger_is_refused_and_so_is_whoever_a_proxy_here_speaks_for(client):
    assert client.get("/metrics", environ_base=REMOTE).status_code == 403
    for header in ("X-Forwarded-For", "Forwarded", "Via"):
        assert client.get("/metrics", headers={header: "127.0.0.1"}).status_code == 403


def test_the_token_lets_another_machine_in_and_no_other_token_does(client, app, monkeypatch):
    config = app.config["ALMANAC"]
    monkeypatch.setitem(app.config, "ALMANAC", replace(config, metrics_token="let me in"))

    def ask(token):
        return client.get("/metrics", headers={"Authorization": token}, environ_base=REMOTE).status_code

    assert ask("Bearer let me in") == 200
    assert ask("Bearer let me") == ask("Basic let me in") == ask("Bearer ") == ask("Bearer ü") == 403
    monkeypatch.setitem(app.config, "ALMANAC", config)
    assert ask("Bearer ") == 403, "an empty setting is no token"


def test_it_asks_the_database_as_often_however_much_there_is(client, db, jobs, statements):
    mail(1, late=0.01)
    db.session.commit()
    with statements() as few:
        client.get("/metrics")
    for number in range(2, 40):
        mail(number, kind=list(Kind)[number % 3], late=number)
    operations.worker_beat("celery@one", now=clock.now())
    db.session.commit()
    with statements() as many:
        client.get("/metrics")
    assert len(many) == len(few)


def test_beat_and_workers_show_life_in_their_own_name(db, app):
    from webapp.ops import queries

    celery.tasks["ops.beat_lives"]()
    operations.worker_beat("celery@old", now=clock.now() - timedelta(hours=2))
    operations.worker_beat("celery@here", now=clock.now())
    assert [each.name for each in queries.heartbeats()] == ["beat", "worker", "worker celery@here"]
    assert {each.detail for each in queries.heartbeats()} == {VERSION}
