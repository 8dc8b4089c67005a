"""The database is away, or somebody else keeps it to themselves."""

import sqlite3
import time
from contextlib import contextmanager

import pytest
import requests
from sqlalchemy import create_engine, text
from sqlalchemy.engine import make_url
from sqlalchemy.exc import OperationalError

from tests import house as houses
from tests import main_job as do
from tests.faults import oracle
from tests.faults.acts import BOB
from tests.faults.conftest import a_crew
from tests.faults.crew import CLAIM_IS_OVER, REPEAT_IS_DUE, SENDING_IS_OVER

AWAY = 30


@contextmanager
def locked(house):
    """As a backup or a stuck program might: nobody else can write."""
    keeper = sqlite3.connect(house.folder / "almanac.db", isolation_level=None, check_same_thread=False)
    keeper.execute("BEGIN IMMEDIATE")
    try:
        yield
    finally:
        keeper.execute("ROLLBACK")
        keeper.close()


@pytest.fixture(scope="module")
def on_postgres(tmp_path_factory):
    with a_crew(tmp_path_factory.mktemp("postgresql"), "postgresql") as made:
        yield made


@pytest.fixture
def crew(on_postgres):
    on_postgres.act("empty")
    on_postgres.mailbox.clear()
    return on_postgres


@contextmanager
def down(house):
    """For this house its PostgreSQL is gone: every connection ends, and no new one is let in."""
    name = make_url(house.database_url).database
    house.engine.dispose()
    with create_engine(houses.POSTGRES, isolation_level="AUTOCOMMIT").connect() as outside:
        outside.execute(text(f"ALTER DATABASE {name} ALLOW_CONNECTIONS false"))
        outside.execute(
            text("SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = :name"), {"name": name}
        )
        try:
            yield
        finally:
            outside.execute(text(f"ALTER DATABASE {name} ALLOW_CONNECTIONS true"))
    outside.engine.dispose()


@pytest.mark.parametrize("phase", ["before", "EHLO", "RCPT"])
def test_with_the_database_down_at_the_claim_nothing_is_sent_and_nothing_lost(crew, phase):
    """Before the worker looks, between its look and its claim, and between its claim and DATA."""
    letter = crew.act("letter_to_bob")
    if phase != "before":
        hold = crew.mailbox.hold(phase)
        sender = crew.start("mail.deliver", letter)
        hold.wait()
    with down(crew.house):
        if phase == "before":
            sender = crew.start("mail.deliver", letter)
        else:
            hold.release()
        assert sender.wait() != 0
        with pytest.raises(OperationalError):
            do.scalar(crew.house, "SELECT 1")
    assert crew.mailbox.received == []
    if phase == "RCPT":
        crew.go_on(ahead=CLAIM_IS_OVER)
    else:
        crew.run("mail.deliver", letter)
    assert oracle.agrees(crew) == set()
    assert len(crew.mailbox.to(BOB)) == 1


def test_with_the_database_down_after_the_server_said_yes_the_mail_is_uncertain(crew):
    hold = crew.mailbox.hold("DOT")
    sender = crew.start("mail.deliver", crew.act("letter_to_bob"))
    hold.wait()
    with down(crew.house):
        hold.release()
        assert sender.wait() != 0
    crew.go_on(ahead=CLAIM_IS_OVER)
    crew.go_on(ahead=SENDING_IS_OVER)
    crew.go_on(ahead=REPEAT_IS_DUE)
    assert oracle.agrees(crew) == {BOB}
    assert len(crew.mailbox.to(BOB)) == 1


@pytest.mark.faults
@pytest.mark.timeout(240)
def test_while_sqlite_is_locked_a_page_says_when_to_come_back_and_afterwards_each_mail_goes_once(embedded_crew):
    crew, house = embedded_crew, embedded_crew.house
    house.start("web", "worker", "worker-2", "dispatcher")
    crew.act("letter_to_bob")
    crew.act("reminder", 5)
    began = time.monotonic()
    with locked(house):
        assert requests.get(f"{house.url}/", timeout=20).status_code == 200, "reading goes on"
        answer = do.send_form(requests.Session(), f"{house.url}/subscribe", email="carol@example.org", wait=30)
        assert answer.status_code == 503
        assert int(answer.headers["Retry-After"]) > 0
        time.sleep(max(0, AWAY - (time.monotonic() - began)))
        assert crew.mailbox.received == []
    crew.mailbox.wait_for(BOB, count=2, seconds=90)
    time.sleep(3)
    assert sorted(each.kind for each in crew.mailbox.received) == ["digest", "reminder"]
    assert do.scalar(house, "SELECT count(*) FROM deliveries WHERE state = 'sent'") == 2
    assert do.scalar(house, "SELECT count(*) FROM subscriptions WHERE address = 'carol@example.org'") == 0
