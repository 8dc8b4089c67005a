"""The ledger: written once, claimed once, sent once."""

from datetime import timedelta

import pytest
from sqlalchemy import select

from webapp.core import clock
from webapp.mail import operations, sending
from webapp.mail.models import Delivery, DeliveryAttempt, Kind, State, Suppression
from webapp.mail.transport import Outcome, Phase, Verdict


def write(db, key="test:1", address="reader@example.org", **values):
    content = operations.compose(subject="Hello", text="A word.\n", html="<p>A word.</p>")
    delivery = operations.enqueue(
        kind=Kind.TEST, address=address, content=content, dedupe_key=key, now=clock.now(), **values
    )
    db.session.commit()
    return delivery


def state(db, delivery):
    db.session.expire_all()
    return db.session.get(Delivery, delivery.id).state


def test_the_same_key_is_written_once(db, jobs):
    assert write(db) is not None
    assert write(db) is None
    assert len(db.session.scalars(select(Delivery)).all()) == 1


def test_a_written_mail_is_offered_to_a_worker_after_the_commit_and_arrives(db, jobs, smtp):
    delivery = write(db)
    assert [job.args for job in jobs.named("mail.deliver")] == [(delivery.id,)]
    jobs.run()
    (mail,) = [each.message for each in smtp.received]
    assert mail["Message-ID"] == delivery.message_id
    assert mail["X-Almanac-Kind"] == "test"
    assert mail["Auto-Submitted"] == "auto-generated"
    assert mail.get_body(("plain",)).get_content().strip() == "A word."
    assert mail.get_body(("html",)).get_content().strip() == "<p>A word.</p>"
    assert state(db, delivery) is State.SENT


def test_a_task_delivered_ten_times_sends_one_mail(db, jobs, smtp):
    delivery = write(db)
    for _ in range(10):
        sending.deliver(delivery.id)
    assert len(smtp.received) == 1


def test_a_mail_for_later_is_not_sent_before(db, jobs, smtp):
    delivery = write(db, due_at=clock.now() + timedelta(hours=1))
    assert jobs.sent == []
    assert sending.deliver(delivery.id) is False
    assert smtp.received == []


def test_only_one_of_two_claims_holds(db, jobs):
    delivery = write(db)
    assert operations.claim(delivery.id, now=clock.now()) is not None
    assert operations.claim(delivery.id, now=clock.now()) is None


def test_an_expired_claim_goes_back_and_the_old_holder_may_not_send(db, jobs):
    delivery, now = write(db), clock.now()
    old = operations.claim(delivery.id, now=now)
    later = now + operations.CLAIM_LEASE + timedelta(seconds=1)
    assert operations.start_sending(old, now=later) is False
    assert operations.recover_leases(now=later) == 1
    new = operations.claim(delivery.id, now=later)
    assert operations.start_sending(old, now=later) is False
    assert operations.start_sending(new, now=later) is True


def test_a_process_that_ended_while_sending_leaves_the_mail_uncertain(db, jobs, smtp):
    delivery, now = write(db), clock.now()
    operations.start_sending(operations.claim(delivery.id, now=now), now=now)
    operations.recover_leases(now=now + operations.SENDING_LEASE + timedelta(seconds=1))
    db.session.commit()
    assert state(db, delivery) is State.UNCERTAIN
    assert sending.deliver(delivery.id) is False
    assert smtp.received == []


def test_the_stale_record_of_an_old_holder_changes_nothing(db, jobs):
    delivery, now = write(db), clock.now()
    old = operations.claim(delivery.id, now=now)
    later = now + operations.CLAIM_LEASE + timedelta(seconds=1)
    operations.recover_leases(now=later)
    new = operations.claim(delivery.id, now=later)
    operations.record(old, Outcome(Verdict.REFUSED, Phase.MAIL, 550, "no"), worker="old", started_at=now, now=later)
    assert state(db, delivery) is State.CLAIMED
    assert operations.start_sending(new, now=later) is True


@pytest.mark.parametrize(
    ("outcome", "expected"),
    [
        (Outcome(Verdict.LATER, Phase.RCPT, 450, "busy"), State.QUEUED),
        (Outcome(Verdict.UNREACHABLE, Phase.CONNECT, None, "refused"), State.QUEUED),
        (Outcome(Verdict.REFUSED, Phase.DATA, 554, "no"), State.FAILED),
        (Outcome(Verdict.NO_SUCH_ADDRESS, Phase.RCPT, 550, "5.1.1 unknown"), State.FAILED),
        (Outcome(Verdict.UNCERTAIN, Phase.DOT, None, "cut"), State.UNCERTAIN),
        (Outcome(Verdict.ACCEPTED, Phase.DOT, 250, "ok"), State.SENT),
    ],
)
def test_each_answer_of_the_server_has_its_state_and_is_written_down(db, jobs, outcome, expected):
    delivery, now = write(db), clock.now()
    held = operations.claim(delivery.id, now=now)
    operations.record(held, outcome, worker="w", started_at=now, now=now)
    db.session.commit()
    assert state(db, delivery) is expected
    assert db.session.scalars(select(DeliveryAttempt)).one().phase == outcome.phase


def test_a_delay_grows_with_each_refusal_of_the_server(db, jobs):
    delivery, now, waits = write(db), clock.now(), []
    for _ in range(3):
        held = operations.claim(delivery.id, now=now)
        operations.record(held, Outcome(Verdict.LATER, Phase.RCPT, 450, "busy"), worker="w", started_at=now, now=now)
        db.session.commit()
        db.session.expire_all()
        waits.append(delivery.next_attempt_at - now)
        now = delivery.next_attempt_at
    assert [
        round(wait.total_seconds() / 60) in range(low, high + 1)
        for wait, (low, high) in zip(waits, [(1, 1), (4, 6), (12, 18)], strict=True)
    ] == [True] * 3


def test_an_address_that_does_not_exist_is_not_written_to_again(db, jobs, smtp):
    first, now = write(db), clock.now()
    held = operations.claim(first.id, now=now)
    operations.record(
        held, Outcome(Verdict.NO_SUCH_ADDRESS, Phase.RCPT, 550, "5.1.1 unknown"), worker="w", started_at=now, now=now
    )
    db.session.commit()
    assert db.session.scalars(select(Suppression.address)).all() == ["reader@example.org"]
    second = write(db, key="test:2")
    sending.deliver(second.id)
    assert state(db, second) is State.SUPPRESSED
    assert smtp.received == []


def test_a_mail_past_its_time_is_not_sent(db, jobs, smtp):
    delivery = write(db, expires_at=clock.now() - timedelta(seconds=1))
    sending.deliver(delivery.id)
    assert state(db, delivery) is State.EXPIRED
    assert smtp.received == []


def test_a_waiting_mail_can_be_cancelled_and_a_claimed_one_stops_before_data(db, jobs, smtp):
    delivery, now = write(db), clock.now()
    held = operations.claim(delivery.id, now=now)
    assert operations.cancel_waiting(dedupe_key="test:1", reason="changed", now=now) == 1
    assert operations.start_sending(held, now=now) is False
    assert state(db, delivery) is State.CANCELLED


def test_a_reader_gets_their_own_values_and_nobody_else_can_fill_the_places(db, jobs, smtp):
    content = operations.compose(
        subject="Letter",
        text="Leave: @@m1:leave@@\nSomeone wrote @@leave@@ and @@m2:leave@@\n",
        html='<a href="@@m1:leave@@">Leave</a>',
        headers={"List-Unsubscribe": "<@@m1:leave@@>"},
        marker="m1",
    )
    for name in ("a", "b"):
        operations.enqueue(
            kind=Kind.DIGEST,
            address=f"{name}@example.org",
            content=content,
            dedupe_key=name,
            now=clock.now(),
            values={"leave": f"http://localhost/leave?{name}&x=1"},
        )
    db.session.commit()
    jobs.run()
    mail = next(each for each in (received.message for received in smtp.received) if each["To"] == "b@example.org")
    assert mail["List-Unsubscribe"] == "<http://localhost/leave?b&x=1>"
    text = mail.get_body(("plain",)).get_content()
    assert "Leave: http://localhost/leave?b&x=1" in text
    assert "@@leave@@ and @@m2:leave@@" in text
    assert 'href="http://localhost/leave?b&amp;x=1"' in mail.get_body(("html",)).get_content()


@pytest.mark.parametrize(
    "subject", ["One\r\nBcc: x@example.org", "A\nb", "Nul\0l", "=?utf-8?q?=0D=0ABcc:_x?=", "\u2028\u0085\u000b"]
)
def test_no_subject_adds_a_header(db, jobs, smtp, subject):
    content = operations.compose(subject=subject, text="x\n", html="<p>x</p>")
    operations.enqueue(kind=Kind.TEST, address="r@example.org", content=content, dedupe_key="s", now=clock.now())
    db.session.commit()
    jobs.run()
    (mail,) = [each.message for each in smtp.received]
    assert mail["Bcc"] is None
    assert len(mail.get_all("Subject")) == 1


@pytest.mark.parametrize(
    "body", [".\n", "a\n.\r\nb\n", "\r\n.\r\n\r\nMAIL FROM:<x>\r\n", "a" * 3000 + "\n", "bare\rreturn\n"]
)
def test_no_body_ends_the_message_early(db, jobs, smtp, body):
    content = operations.compose(subject="s", text=body + "the end\n", html="<p>x</p>")
    operations.enqueue(kind=Kind.TEST, address="r@example.org", content=content, dedupe_key="s", now=clock.now())
    db.session.commit()
    jobs.run()
    (mail,) = [each.message for each in smtp.received]
    assert mail.get_body(("plain",)).get_content().rstrip().endswith("the end")
