"""What a mail server can do to us, phase by phase, and what the ledger says afterwards.

The oracle everywhere: what the server accepted is what stands in ``sent``; any difference is a row in ``uncertain``.
"""

import dataclasses
import os
import signal
import socket
import subprocess
import time
from datetime import timedelta

import dkim
import pytest
import time_machine
from sqlalchemy import func, select, text

from tests.house import House
from tests.smtp_server import CUT, HANG, LOSE, MisbehavingServer, slow
from webapp.core import clock
from webapp.mail import breaker, holds, operations, sending, transport
from webapp.mail.models import Delivery, DeliveryAttempt, HoldKind, Kind, State, Suppression
from webapp.mail.transport import Connection, Phase, Verdict
from webapp.ops import checks


@pytest.fixture
def server():
    made = MisbehavingServer()
    yield made
    made.stop()


@pytest.fixture
def settings(app, monkeypatch):
    """Changes settings for one test."""

    def change(**values):
        monkeypatch.setitem(app.config, "ALMANAC", dataclasses.replace(app.config["ALMANAC"], **values))

    return change


@pytest.fixture(autouse=True)
def _our_server(server, settings, monkeypatch):
    settings(smtp_port=server.port)
    for name in ("CONNECT_SECONDS", "BANNER_SECONDS", "COMMAND_SECONDS", "DATA_SECONDS", "BODY_SECONDS", "DOT_SECONDS"):
        monkeypatch.setattr(transport, name, 0.4)


@pytest.fixture
def write(db, jobs):
    """Writes mails into the ledger; their messages to the broker are lost."""
    numbers = iter(range(10_000))

    def make(kind=Kind.DIGEST, *, body="A word.\n", address="", **values):
        number = next(numbers)
        content = operations.compose(subject=f"Mail {number}", text=body, html="<p>A word.</p>")
        delivery = operations.enqueue(
            kind=kind,
            address=address or f"reader-{number}@example.org",
            content=content,
            dedupe_key=f"test:{number}",
            now=clock.now(),
            **values,
        )
        db.session.commit()
        jobs.sent.clear()
        return delivery

    return make


@pytest.fixture
def row(db):
    def read(delivery):
        db.session.expire_all()
        return db.session.get(Delivery, delivery.id)

    return read


def attempts(db, delivery):
    found = db.session.scalars(
        select(DeliveryAttempt).where(DeliveryAttempt.delivery_id == delivery.id).order_by(DeliveryAttempt.id)
    )
    return [(each.phase, each.outcome) for each in found]


def agree(db, server):
    """The oracle, in its strictest form: nothing is uncertain."""
    sent = set(db.session.scalars(select(Delivery.message_id).where(Delivery.state == State.SENT)))
    accepted = [each["Message-ID"] for each in server.messages]
    assert len(accepted) == len(set(accepted)), "accepted twice"
    assert set(accepted) == sent


# Before the dot: it goes back, and later it goes.


@pytest.mark.parametrize(
    ("phase", "does", "attempt"),
    [
        ("banner", CUT, ("connect", "unreachable")),
        ("banner", HANG, ("connect", "unreachable")),
        ("banner", "421 4.3.2 closing", ("connect", "unreachable")),
        ("banner", "450 4.3.2 not now", ("connect", "unreachable")),
        ("banner", "554 5.3.2 not you", ("connect", "unreachable")),
        ("ehlo", CUT, ("connect", "unreachable")),
        ("ehlo", HANG, ("connect", "unreachable")),
        ("mail", "421 4.3.2 closing", ("mail", "unreachable")),
        ("mail", "451 4.3.0 later", ("mail", "later")),
        ("mail", CUT, ("mail", "later")),
        ("mail", HANG, ("mail", "later")),
        ("rcpt", "421 4.7.0 too many", ("rcpt", "unreachable")),
        ("rcpt", "450 4.2.1 busy", ("rcpt", "later")),
        ("rcpt", "451 4.7.1 greylisted", ("rcpt", "later")),
        ("rcpt", CUT, ("rcpt", "later")),
        ("rcpt", HANG, ("rcpt", "later")),
        ("data", "421 4.3.2 closing", ("data", "unreachable")),
        ("data", "451 4.3.0 later", ("data", "later")),
        ("data", CUT, ("data", "later")),
        ("data", HANG, ("data", "later")),
        ("body", CUT, ("body", "later")),
        ("dot", "421 4.3.2 closing", ("dot", "unreachable")),
        ("dot", "452 4.3.1 full", ("dot", "later")),
    ],
)
def test_what_fails_before_it_is_accepted_goes_again_and_arrives_once(
    db, server, write, row, monkeypatch, phase, does, attempt
):
    server.will(phase, does)
    delivery = write()
    if phase == "body":  # more than the network holds for a server that has stopped reading
        delivery.content.text = f"{'A long letter. ' * 4}\n" * 150_000
        db.session.commit()
        monkeypatch.setattr(transport, "BODY_SECONDS", 30)
        monkeypatch.setattr(transport, "DOT_SECONDS", 30)
    sending.deliver(delivery.id)
    assert row(delivery).state is State.QUEUED
    assert attempts(db, delivery) == [attempt]
    assert server.accepted == []

    server.behave()
    breaker.forget_all()
    with time_machine.travel(row(delivery).next_attempt_at + timedelta(seconds=1)):
        sending.deliver(delivery.id)
    assert row(delivery).state is State.SENT
    agree(db, server)


def test_a_server_that_refuses_connections_costs_no_place_in_the_schedule(db, server, write, row):
    server.stop()
    delivery = write()
    for _ in range(4):
        breaker.forget_all()
        with time_machine.travel(row(delivery).next_attempt_at + timedelta(seconds=1)):
            sending.deliver(delivery.id)
    assert attempts(db, delivery) == [("connect", "unreachable")] * 4
    assert row(delivery).attempts == 0
    assert operations.failed_attempts(delivery.id) == []


def test_each_refusal_by_the_server_itself_waits_longer_until_the_mail_has_expired(db, server, write, row):
    server.will("rcpt", "450 4.2.1 busy")
    delivery = write(Kind.REMINDER)
    waits, began = [], clock.now()
    for _ in range(20):
        at = row(delivery).next_attempt_at + timedelta(seconds=1)
        with time_machine.travel(at):
            sending.deliver(delivery.id)
        if row(delivery).state is not State.QUEUED:
            break
        waits.append((row(delivery).next_attempt_at - at).total_seconds() / 60)
    for waited, planned in zip(waits, (1, 5, 15, 60, 240, 480), strict=False):
        assert planned * 0.75 <= waited <= planned * 1.25
    assert row(delivery).state is State.EXPIRED
    assert at - began < timedelta(hours=24, minutes=1), "it lay about after its time"
    assert row(delivery).attempts == len(waits) == len(attempts(db, delivery))


# For good.


def test_an_address_that_does_not_exist_is_suppressed_and_the_others_get_theirs(db, server, write, row):
    server.will("rcpt", "550 5.1.1 no such user", times=1)
    first, *others = [write() for _ in range(4)]
    sending.drain()
    assert row(first).state is State.FAILED
    assert db.session.scalars(select(Suppression.address)).all() == [first.address]
    assert [row(each).state for each in others] == [State.SENT] * 3
    agree(db, server)


@pytest.mark.parametrize(("phase", "attempt"), [("mail", "mail"), ("rcpt", "rcpt"), ("data", "data"), ("dot", "dot")])
def test_a_refusal_for_good_ends_this_mail_only(db, server, write, row, phase, attempt):
    server.will(phase, "554 5.7.1 not this", times=1)
    first, second = write(), write()
    sending.drain()
    assert (row(first).state, row(second).state) == (State.FAILED, State.SENT)
    assert attempts(db, first) == [(attempt, "refused")]
    assert db.session.scalars(select(Suppression)).all() == []
    agree(db, server)


# After the dot.


@pytest.mark.parametrize("does", [CUT, HANG, LOSE])
def test_a_letter_whose_answer_never_came_is_uncertain_and_waits_for_a_person(db, server, write, row, does):
    server.will("dot", does)
    delivery = write(Kind.DIGEST)
    sending.deliver(delivery.id)
    server.behave()
    assert row(delivery).state is State.UNCERTAIN
    assert attempts(db, delivery) == [("dot", "uncertain")]
    with time_machine.travel(clock.now() + timedelta(hours=2)):
        operations.recover_leases(now=clock.now())
        db.session.commit()
        assert sending.deliver(delivery.id) is False
        assert sending.drain() == 0
    assert len(server.accepted) == (does != LOSE)


@pytest.mark.parametrize("kind", [Kind.REMINDER, Kind.WELCOME])
@pytest.mark.parametrize("does", [CUT, LOSE])
def test_an_uncertain_reminder_goes_once_more_with_the_same_message_id(db, server, write, row, kind, does):
    server.will("dot", does, times=1)
    delivery = write(kind)
    sending.deliver(delivery.id)
    assert row(delivery).state is State.QUEUED
    assert row(delivery).repeated_at is not None
    with time_machine.travel(row(delivery).next_attempt_at + timedelta(seconds=1)):
        sending.deliver(delivery.id)
    assert row(delivery).state is State.SENT
    assert {each["Message-ID"] for each in server.messages} == {delivery.message_id}
    assert attempts(db, delivery) == [("dot", "uncertain"), ("dot", "accepted")]


def test_a_reminder_that_is_uncertain_twice_stays_so(db, server, write, row):
    server.will("dot", CUT)
    delivery = write(Kind.REMINDER)
    sending.deliver(delivery.id)
    with time_machine.travel(row(delivery).next_attempt_at + timedelta(seconds=1)):
        sending.deliver(delivery.id)
    assert row(delivery).state is State.UNCERTAIN
    assert len(server.accepted) == 2


def test_repeating_uncertain_reminders_can_be_switched_off(server, write, row, settings):
    settings(repeat_uncertain_reminders=False)
    server.will("dot", CUT)
    delivery = write(Kind.REMINDER)
    sending.deliver(delivery.id)
    assert row(delivery).state is State.UNCERTAIN
    assert row(delivery).repeated_at is None


def test_a_slow_dot_is_waited_for_and_sent_once(db, server, write, row, monkeypatch):
    monkeypatch.setattr(transport, "DOT_SECONDS", 10)
    server.will("dot", slow(1.5))
    delivery = write()
    sending.deliver(delivery.id)
    assert row(delivery).state is State.SENT
    agree(db, server)


@pytest.mark.parametrize("does", [CUT, HANG, "421 4.3.2 closing", "500 5.5.1 what?"])
def test_what_happens_at_the_goodbye_changes_nothing(db, server, write, row, does, monkeypatch):
    monkeypatch.setattr(transport, "QUIT_SECONDS", 0.3)
    server.will("quit", does)
    delivery = write()
    sending.deliver(delivery.id)
    assert row(delivery).state is State.SENT
    agree(db, server)


# The waits are those of RFC 5321 4.5.3.2.


def test_we_wait_as_long_as_the_standard_asks(monkeypatch):
    monkeypatch.undo()
    assert transport.BANNER_SECONDS >= 300
    assert transport.COMMAND_SECONDS >= 300
    assert transport.DATA_SECONDS >= 120
    assert transport.BODY_SECONDS >= 180
    assert transport.DOT_SECONDS >= 600
    assert timedelta(seconds=transport.DOT_SECONDS) < operations.SENDING_LEASE


def test_the_dot_does_not_wait_until_the_message_is_acknowledged(db, server):
    with Connection(_config()) as connection:
        connection.open()
        assert connection._server.sock.getsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY)


# A worker that was too slow.


def test_a_worker_whose_claim_ran_out_before_data_sends_nothing(db, server, write, row):
    delivery = write()
    held = operations.claim(delivery.id, now=clock.now())
    db.session.commit()
    with time_machine.travel(clock.now() + timedelta(seconds=31)), Connection(_config()) as connection:
        sending.send(held, connection)
        assert server.count("DATA") == 0
        operations.recover_leases(now=clock.now())
        db.session.commit()
        sending.deliver(delivery.id)
    assert row(delivery).state is State.SENT
    agree(db, server)


def test_a_worker_that_lost_its_mail_before_the_dot_does_not_finish_it(db, server, write, row, monkeypatch):
    monkeypatch.setattr(sending, "SLOW_SECONDS", 0)
    delivery = write(Kind.DIGEST)
    held = operations.claim(delivery.id, now=clock.now())
    db.session.commit()
    start = operations.start_sending

    def start_and_sleep_too_long(*args, **kwargs):
        begun = start(*args, **kwargs)
        db.session.commit()
        operations.recover_leases(now=clock.now() + timedelta(minutes=12))
        return begun

    monkeypatch.setattr(operations, "start_sending", start_and_sleep_too_long)
    with Connection(_config()) as connection:
        sending.send(held, connection)
    assert server.accepted == []
    assert row(delivery).state is State.UNCERTAIN
    assert attempts(db, delivery)[-1] == ("body", "stale")


def test_a_stale_answer_after_the_dot_is_noted_and_changes_nothing(db, server, write, row):
    delivery = write(Kind.DIGEST)
    held, now = operations.claim(delivery.id, now=clock.now()), clock.now()
    operations.start_sending(held, now=now)
    operations.recover_leases(now=now + timedelta(minutes=12))
    outcome = transport.Outcome(Verdict.ACCEPTED, Phase.DOT, 250, "ok")
    operations.record(held, outcome, worker="w", started_at=now, now=now + timedelta(minutes=13))
    db.session.commit()
    assert row(delivery).state is State.UNCERTAIN
    assert attempts(db, delivery) == [("dot", "uncertain"), ("dot", "stale")]


# One connection for many.


def test_a_connection_is_kept_with_a_reset_between_mails_and_renewed_after_a_hundred(db, server, write):
    for _ in range(103):
        write()
    assert sending.drain() == 103
    assert server.connections == 2
    assert server.count("RSET") == 101
    assert server.count("QUIT") == 2
    agree(db, server)


@pytest.mark.parametrize("does", [CUT, "421 4.4.2 you were silent too long"])
def test_a_kept_connection_that_the_server_closed_is_replaced_without_a_failed_attempt(db, server, write, does):
    server.will("rset", does, times=1)
    deliveries = [write() for _ in range(3)]
    sending.drain()
    assert [attempts(db, each) for each in deliveries] == [[("dot", "accepted")]] * 3
    assert server.connections == 2
    agree(db, server)


# The breaker.


def test_a_server_that_is_down_is_asked_by_one_mail_and_left_alone_by_the_others(db, server, write, row):
    server.will("banner", "421 4.3.2 closing")
    deliveries = [write() for _ in range(30)]
    sending.drain()
    sending.deliver(deliveries[25].id)
    assert server.connections == 1
    assert [row(each).state for each in deliveries] == [State.QUEUED] * 30
    assert sum(bool(attempts(db, each)) for each in deliveries) == 1

    server.behave()
    breaker.forget_all()
    with time_machine.travel(clock.now() + timedelta(seconds=31)):
        sending.drain()
    assert db.session.scalar(select(func.count()).where(Delivery.state == State.SENT)) == 30
    agree(db, server)


def test_a_server_is_left_alone_for_longer_each_time_up_to_five_minutes_and_one_tries(monkeypatch):
    now = 1000.0
    monkeypatch.setattr(breaker.time, "monotonic", lambda: now)
    host = breaker.Breaker("mail.example.org:25")
    waits = []
    for _ in range(6):
        assert host.lets_through() is True
        waits.append(host.failed("down"))
        assert host.lets_through() is False
        now += waits[-1] + 0.1
    assert waits == [30, 60, 120, 240, 300, 300]
    assert [host.lets_through() for _ in range(3)] == [True, False, False]
    host.answered()
    assert [host.lets_through() for _ in range(3)] == [True, True, True]


# Signing in.


@pytest.mark.parametrize("reply", ["535 5.7.8 wrong", "530 5.7.0 must sign in", "534 5.7.9 too weak"])
def test_a_refused_sign_in_holds_all_mail_and_costs_nothing(db, server, write, row, settings, reply, runner):
    settings(smtp_user="almanac", smtp_password="wrong", smtp_security="none")
    server.will("auth", reply)
    deliveries = [write() for _ in range(25)]
    sending.drain()
    breaker.forget_all()
    with time_machine.travel(clock.now() + timedelta(minutes=5)):
        assert sending.drain() == 0
    assert server.count("AUTH") == 1, "a thousand wrong guesses lock an account"
    assert [each.kind for each in holds.active()] == [HoldKind.SIGN_IN]
    assert {row(each).state for each in deliveries} <= {State.QUEUED, State.CLAIMED}
    assert row(deliveries[0]).attempts == 0
    server.behave()
    holds.release(by="olive", now=clock.now())
    db.session.commit()
    with time_machine.travel(clock.now() + timedelta(minutes=6)):
        operations.recover_leases(now=clock.now())
        db.session.commit()
        sending.drain()
    assert len(server.accepted) == 25
    agree(db, server)


def test_a_server_that_wants_a_sign_in_we_do_not_have_holds_all_mail(server, write, row):
    server.will("mail", "530 5.7.0 authentication required")
    delivery = write()
    sending.deliver(delivery.id)
    assert [each.kind for each in holds.active()] == [HoldKind.SIGN_IN]
    assert row(delivery).state is State.QUEUED


def test_a_sign_in_that_is_put_off_holds_nothing(server, write, row, settings):
    settings(smtp_user="almanac", smtp_password="right")
    server.will("auth", "454 4.7.0 not now")
    delivery = write()
    sending.deliver(delivery.id)
    assert list(holds.active()) == []
    assert row(delivery).state is State.QUEUED


# TLS.


@pytest.fixture(scope="module")
def certificate(tmp_path_factory):
    folder = tmp_path_factory.mktemp("certificate")
    key, cert = folder / "key.pem", folder / "cert.pem"
    subprocess.run(
        ["openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "2", "-subj", "/CN=localhost",
         "-addext", "subjectAltName=DNS:localhost", "-keyout", str(key), "-out", str(cert)],
        check=True, capture_output=True,
    )  # fmt: skip
    return key, cert


@pytest.fixture
def over_tls(certificate, settings):
    context = transport.ssl.SSLContext(transport.ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificate[1], certificate[0])
    made = MisbehavingServer(context)
    settings(smtp_host="localhost", smtp_port=made.port, smtp_security="starttls")
    yield made
    made.stop()


def test_a_certificate_nobody_vouches_for_gets_no_mail(over_tls, write, row):
    delivery = write()
    sending.deliver(delivery.id)
    assert row(delivery).state is State.QUEUED
    assert "certificate" in row(delivery).smtp_reply
    assert over_tls.count("MAIL") == 0


def test_the_doctor_sees_that_nobody_vouches_for_the_certificate(over_tls, certificate, monkeypatch, db):
    def smtp():
        return next(each for each in checks.all_checks() if each.name == "smtp")

    assert not smtp().ok
    assert "certificate" in smtp().detail
    monkeypatch.setenv("SSL_CERT_FILE", str(certificate[1]))
    assert smtp().ok


def test_a_certificate_for_another_name_gets_no_mail(over_tls, write, row, settings, certificate, monkeypatch):
    monkeypatch.setenv("SSL_CERT_FILE", str(certificate[1]))
    settings(smtp_host="127.0.0.1")
    delivery = write()
    sending.deliver(delivery.id)
    assert row(delivery).state is State.QUEUED
    assert over_tls.count("MAIL") == 0


def test_mail_goes_over_tls_to_a_server_that_proves_its_name(over_tls, write, row, certificate, monkeypatch):
    monkeypatch.setenv("SSL_CERT_FILE", str(certificate[1]))
    delivery = write()
    sending.deliver(delivery.id)
    assert row(delivery).state is State.SENT
    assert over_tls.count("STARTTLS") == 1


def test_a_server_without_starttls_gets_nothing_in_the_clear(server, write, row, settings):
    settings(smtp_security="starttls")
    delivery = write()
    sending.deliver(delivery.id)
    assert row(delivery).state is State.QUEUED
    assert server.count("MAIL") == 0


# The signature.


def test_mail_is_signed_so_that_a_receiver_can_check_it(server, write, settings, certificate):
    key = subprocess.run(
        ["openssl", "rsa", "-in", str(certificate[0]), "-traditional"], check=True, capture_output=True, text=True
    ).stdout
    public = subprocess.run(
        ["openssl", "rsa", "-in", str(certificate[0]), "-pubout"], check=True, capture_output=True, text=True
    ).stdout
    settings(dkim_domain="example.org", dkim_selector="autumn", dkim_key=key)
    sending.deliver(write(body="Grüße.\n.\n..\nThe end.\n").id)
    (raw,) = server.accepted
    record = b"v=DKIM1; k=rsa; p=" + "".join(public.splitlines()[1:-1]).encode()
    asked = []

    def dns(name, timeout=5):
        asked.append(name)
        return record

    assert dkim.verify(raw, dnsfunc=dns) is True
    assert asked == [b"autumn._domainkey.example.org."]
    assert dkim.verify(raw.replace(b"Subject: Mail", b"Subject: Fail"), dnsfunc=dns) is False
    assert dkim.verify(b"List-Unsubscribe: <https://elsewhere.example/>\r\n" + raw, dnsfunc=dns) is False
    covered = {each.strip() for each in server.messages[0]["DKIM-Signature"].split("h=")[1].split(";")[0].split(":")}
    assert covered >= {
        "from", "to", "subject", "date", "message-id", "list-unsubscribe", "list-unsubscribe-post"
    }  # fmt: skip


# A process that is told to end while it waits for the dot.


@pytest.fixture
def house(server, tmp_path):
    made = House(
        folder=tmp_path,
        database_url=f"sqlite:///{tmp_path / 'almanac.db'}",
        broker_url=f"filesystem://{tmp_path / 'broker'}",
        mailbox=server,
    )
    made.manage("db", "upgrade")
    yield made
    made.stop()


def state_of_the_only_mail(house):
    with house.engine.connect() as connection:
        return connection.execute(text("SELECT state FROM deliveries")).scalar_one()


def how_many(house, table):
    with house.engine.connect() as connection:
        return connection.execute(text(f"SELECT count(*) FROM {table}")).scalar_one()


def until(condition, seconds=20):
    deadline = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < deadline
        time.sleep(0.05)


def test_a_worker_told_to_end_lets_a_slow_mail_finish(house, server):
    server.will("dot", slow(3))
    house.start("worker")
    house.manage("mail", "test", "reader@example.org")
    assert server.waiting_at_dot.wait(20)
    house.processes["worker"].terminate()
    assert house.processes["worker"].wait(10) == 0
    assert state_of_the_only_mail(house) == "sent"


def test_a_worker_told_to_hurry_writes_down_that_a_mail_is_uncertain(house, server):
    server.will("dot", HANG)
    house.start("worker")
    house.manage("mail", "test", "reader@example.org")
    assert server.waiting_at_dot.wait(20)
    worker = house.processes["worker"]
    worker.terminate()
    time.sleep(0.5)
    assert state_of_the_only_mail(house) == "sending"
    os.kill(worker.pid, signal.SIGQUIT)
    until(lambda: state_of_the_only_mail(house) == "uncertain", seconds=15)
    worker.wait(10)


def test_a_dispatcher_told_to_end_writes_down_that_a_mail_is_uncertain_before_the_deadline(house, server):
    server.will("dot", HANG)
    house.manage("mail", "test", "reader@example.org", "--in", "8")
    house.start("dispatcher")
    until(lambda: how_many(house, "heartbeats") > 0)
    (house.folder / "broker").rename(house.folder / "broker-that-was")
    (house.folder / "broker").touch()  # nobody but the dispatcher can send it
    assert server.waiting_at_dot.wait(20)
    began = time.monotonic()
    house.processes["dispatcher"].terminate()
    house.processes["dispatcher"].wait(10)
    assert time.monotonic() - began < 7.5, "it was killed, or ended by the last alarm"
    assert state_of_the_only_mail(house) == "uncertain"


def _config():
    from webapp.core import site

    return site.config()
