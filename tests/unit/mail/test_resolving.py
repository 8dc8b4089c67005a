"""What an operator says about uncertain mail, and what comes back by itself."""

import dataclasses
from datetime import timedelta

import pytest
from sqlalchemy import select

from webapp.audit.models import AuditEntry
from webapp.core import clock
from webapp.mail import bounces, operations, sending
from webapp.mail.models import Delivery, DeliveryAttempt, Kind, State, Suppression


@pytest.fixture
def mail(db, jobs):
    """One letter in the ledger."""
    made = operations.enqueue(
        kind=Kind.DIGEST,
        address="reader@example.org",
        content=operations.compose(subject="s", text="t\n", html="<p>t</p>"),
        dedupe_key="letter",
        now=clock.now(),
    )
    db.session.commit()
    jobs.sent.clear()
    return made


@pytest.fixture
def uncertain(db, mail):
    now = clock.now()
    operations.start_sending(operations.claim(mail.id, now=now), now=now)
    operations.recover_leases(now=now + timedelta(minutes=12))
    db.session.commit()
    assert mail.state is State.UNCERTAIN
    return mail


def test_an_uncertain_mail_can_be_called_sent(db, uncertain, runner, smtp, jobs):
    done = runner("mail", "resolve", str(uncertain.id), "--sent")
    assert done.exit_code == 0, done.output
    db.session.expire_all()
    assert uncertain.state is State.SENT
    assert uncertain.sent_at is not None
    jobs.run()
    assert smtp.received == []
    entry = db.session.scalars(select(AuditEntry)).one()
    assert (entry.action, entry.subject, entry.detail) == (
        "mail.resolved",
        f"mail {uncertain.id}",
        {"outcome": "sent"},
    )


def test_an_uncertain_mail_can_be_sent_again_with_the_same_message_id(db, uncertain, runner, smtp, jobs):
    assert runner("mail", "resolve", str(uncertain.id), "--resend").exit_code == 0
    jobs.run()
    db.session.expire_all()
    assert uncertain.state is State.SENT
    assert [each.message["Message-ID"] for each in smtp.received] == [uncertain.message_id]


def test_a_letter_resent_long_after_its_time_goes_all_the_same(db, uncertain, runner, smtp, jobs):
    uncertain.expires_at = clock.now() - timedelta(days=3)
    db.session.commit()
    runner("mail", "resolve", str(uncertain.id), "--resend")
    jobs.run()
    assert len(smtp.received) == 1


@pytest.mark.parametrize("words", [["1", "--sent"], ["1", "--resend"], ["999", "--sent"]])
def test_what_is_not_uncertain_cannot_be_resolved(db, mail, runner, words):
    done = runner("mail", "resolve", *words)
    assert done.exit_code == 1
    assert done.stderr.count("\n") == 1
    db.session.expire_all()
    assert mail.state is State.QUEUED
    assert db.session.scalars(select(AuditEntry)).all() == []


@pytest.mark.parametrize("words", [["1"], ["one", "--sent"], ["0", "--sent"], ["--sent"]])
def test_a_wrong_use_is_told_apart(db, runner, words):
    assert runner("mail", "resolve", *words).exit_code == 2


# Bounces.


@pytest.fixture
def sent(app, db, mail, smtp, monkeypatch):
    settings = dataclasses.replace(app.config["ALMANAC"], bounce_domain="bounces.example.org")
    monkeypatch.setitem(app.config, "ALMANAC", settings)
    sending.deliver(mail.id)
    db.session.expire_all()
    assert mail.state is State.SENT
    return mail


def bounce_to(address: str, *, action="failed", status="5.1.1", diagnostic="smtp; 550 5.1.1 no such user") -> str:
    """A delivery status notification, as RFC 3464 has it."""
    return "\r\n".join(
        [
            "From: MAILER-DAEMON@relay.example",
            f"To: {address}",
            "Subject: Undelivered Mail Returned to Sender",
            "MIME-Version: 1.0",
            'Content-Type: multipart/report; report-type=delivery-status; boundary="b"',
            "",
            "--b",
            "Content-Type: text/plain",
            "",
            "I could not deliver it.",
            "--b",
            "Content-Type: message/delivery-status",
            "",
            "Reporting-MTA: dns; relay.example",
            "",
            "Final-Recipient: rfc822; reader@example.org",
            f"Action: {action}",
            f"Status: {status}",
            f"Diagnostic-Code: {diagnostic}",
            "",
            "--b--",
            "",
        ]
    )


def test_each_mail_leaves_from_an_address_of_its_own(sent, smtp):
    (received,) = smtp.received
    assert received.sender.startswith(f"bounce+{sent.id}-")
    assert received.sender.endswith("@bounces.example.org")


def test_a_permanent_bounce_ends_mail_to_that_address_and_the_mail_says_so(db, sent, smtp, runner):
    done = runner("mail", "bounce", input=bounce_to(smtp.received[0].sender))
    assert done.exit_code == 0, done.output
    db.session.expire_all()
    suppression = db.session.scalars(select(Suppression)).one()
    assert suppression.address == "reader@example.org"
    assert "550 5.1.1 no such user" in suppression.reason
    assert sent.state is State.SENT
    assert "bounced" in sent.skip_reason
    assert db.session.scalars(select(DeliveryAttempt.outcome)).all() == ["accepted", "bounced"]


def test_a_temporary_bounce_changes_nothing(db, sent, smtp, runner):
    delayed = bounce_to(smtp.received[0].sender, action="delayed", status="4.4.1", diagnostic="smtp; 451 later")
    done = runner("mail", "bounce", input=delayed)
    assert done.exit_code == 0, done.output
    assert db.session.scalars(select(Suppression)).all() == []


def test_capitals_on_the_way_do_not_matter(db, sent, smtp, runner):
    assert runner("mail", "bounce", input=bounce_to(smtp.received[0].sender.upper())).exit_code == 0
    assert db.session.scalars(select(Suppression.address)).all() == ["reader@example.org"]


@pytest.mark.parametrize(
    "message",
    [
        lambda sender: "",
        lambda sender: "\x00\xff junk",
        lambda sender: bounce_to("almanac@example.org"),
        lambda sender: bounce_to(sender.replace("bounce+1-", "bounce+2-")),
        lambda sender: bounce_to("bounce+1-00000000000000000000@bounces.example.org"),
        lambda sender: bounce_to("bounce+999999999999999999-00000000000000000000@bounces.example.org"),
        lambda sender: bounce_to(sender.replace("bounces.example.org", "bounces.example.org.elsewhere.example")),
        lambda sender: f"To: {sender}\r\nSubject: Out of office\r\n\r\nI am away.\r\n",
    ],
)
def test_what_is_no_bounce_of_ours_is_one_line_and_silences_nobody(db, sent, smtp, runner, message):
    done = runner("mail", "bounce", input=message(smtp.received[0].sender))
    assert done.exit_code == 1
    assert done.stderr.count("\n") == 1
    assert db.session.scalars(select(Suppression)).all() == []


def test_an_address_signed_with_the_key_before_this_one_still_counts(app, db, sent, smtp, runner, monkeypatch):
    old = app.config["ALMANAC"]
    changed = dataclasses.replace(old, secret_key="k" * 40, secret_key_fallbacks=(old.secret_key,))
    monkeypatch.setitem(app.config, "ALMANAC", changed)
    assert runner("mail", "bounce", input=bounce_to(smtp.received[0].sender)).exit_code == 0


def test_without_a_bounce_domain_mail_leaves_from_its_sender(app, db, mail, smtp, runner):
    sending.deliver(mail.id)
    assert smtp.received[0].sender == "almanac@example.org"
    assert bounces.sender(mail.id, app.config["ALMANAC"]) == "almanac@example.org"
    assert runner("mail", "bounce", input=bounce_to("bounce+1-00@x.example")).exit_code == 1
    assert db.session.get(Delivery, mail.id).state is State.SENT


def complaint_to(address: str, kind: str = "abuse") -> str:
    """What a mailbox provider sends when its reader calls a mail spam (RFC 5965)."""
    return (
        f"To: {address}\nFrom: feedback@example.net\nMIME-Version: 1.0\n"
        'Content-Type: multipart/report; report-type=feedback-report; boundary="b"\n\n'
        "--b\nContent-Type: text/plain\n\nThis is a complaint.\n"
        f"--b\nContent-Type: message/feedback-report\n\nFeedback-Type: {kind}\nUser-Agent: Hub/1\nVersion: 1\n\n"
        "--b\nContent-Type: message/rfc822\n\nSubject: The letter\n\nSalt\n--b--\n"
    )


def test_a_complaint_ends_mail_to_that_address(db, sent, smtp, runner):
    sender = smtp.received[0].sender

    answer = runner("mail", "bounce", input=complaint_to(sender))

    assert answer.exit_code == 0, answer.output
    assert db.session.query(Suppression).one().reason == "complained: abuse"


def test_a_report_that_a_mail_is_no_spam_silences_nobody(db, sent, smtp, runner):
    runner("mail", "bounce", input=complaint_to(smtp.received[0].sender, kind="not-spam"))

    assert db.session.query(Suppression).count() == 0
