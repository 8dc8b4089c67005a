"""One mail, told to an operator and to the person it is for, and what an operator can do about it."""

from datetime import UTC, datetime, timedelta

import pytest
from bs4 import BeautifulSoup

from tests import factories
from tests.world import post_form, sign_in
from webapp.audit.models import AuditEntry
from webapp.core import clock
from webapp.digests.models import DigestRun, RunState
from webapp.mail import operations as ledger
from webapp.mail.models import Delivery, HoldKind, Kind, MailHold, State
from webapp.reminders import operations as reminders
from webapp.subscriptions.models import SubscriptionState


@pytest.fixture
def operator(client, world):
    return sign_in(client, world.olive)


@pytest.fixture
def mail(db, jobs):
    """Writes a mail into the ledger, in any state."""

    def write(key="1", address="a@example.org", kind=Kind.TEST, state=State.QUEUED, **values):
        made = ledger.enqueue(
            kind=kind,
            address=address,
            content=ledger.compose(subject=f"Subject {key}", text="A word.\n", html="<p>A word.</p>"),
            dedupe_key=f"test:{key}",
            now=clock.now(),
        )
        made.state = state
        for name, value in values.items():
            setattr(made, name, value)
        db.session.commit()
        return made

    return write


def words(answer):
    return " ".join(BeautifulSoup(answer.data, "html.parser").main.get_text(" ").split())


def remind(db, jobs, person):
    now = clock.now()
    reminders.schedule(person=person, text="Call the printer", zone="UTC", now=now, due_at=now)
    db.session.commit()
    jobs.run()
    return db.session.query(Delivery).one()


ADDRESSES = ["/ops", "/ops/mails", "/ops/mails/1", "/ops/runs/1", "/ops/explain"]


@pytest.mark.parametrize("address", ADDRESSES)
def test_no_page_of_the_house_is_open_to_a_reader(app, client, world, address):
    assert client.get(address).status_code in {302, 303}
    assert sign_in(client, world.bob).get(address).status_code == 403


@pytest.mark.parametrize("address", ["/ops/mails/1/resolution", "/ops/mails/1/resend", "/ops/release"])
def test_no_reader_does_anything_to_the_house(client, world, mail, address):
    made = mail(state=State.UNCERTAIN)
    sign_in(client, world.bob)
    assert post_form(client, address, page="/settings", outcome="sent").status_code == 403
    assert client.get(address).status_code == 405
    assert made.state is State.UNCERTAIN


def test_a_sent_mail_says_why_it_was_due_and_what_the_server_said_to_the_millisecond(db, jobs, world, smtp, operator):
    sent = remind(db, jobs, world.bob)
    said = words(operator.get(f"/ops/mails/{sent.id}"))
    assert "It was accepted." in said
    assert "Reminder Call the printer" in said
    assert "The mail server accepted it. 250 OK" in said
    assert f".{sent.due_at.microsecond // 1000:03d}" in said


def test_a_mail_that_was_put_off_names_the_phase_the_answer_and_the_next_try(db, jobs, world, smtp, operator):
    smtp.replies["RCPT"] = "450 4.2.1 mailbox busy"
    said = words(operator.get(f"/ops/mails/{remind(db, jobs, world.bob).id}"))
    assert "It waits in the queue." in said
    assert "The mail server put it off. at the recipient: 450 4.2.1 mailbox busy" in said
    assert "The next try." in said


def test_an_uncertain_mail_counts_as_sent_when_an_operator_says_so(db, operator, world, mail):
    made = mail(state=State.UNCERTAIN)
    page = f"/ops/mails/{made.id}"
    answer = post_form(operator, f"{page}/resolution", page=page, outcome="sent")
    assert (answer.status_code, answer.location) == (303, page)
    assert made.state is State.SENT
    said = words(operator.get(page))
    assert "It counts as sent." in said
    assert f"{world.olive.email} said that it arrived." in said
    assert db.session.query(AuditEntry).filter_by(action="mail.resolved").one().actor == world.olive.email


def test_an_uncertain_mail_goes_once_more_with_the_same_message_id(db, jobs, smtp, operator, mail):
    made = mail(state=State.UNCERTAIN)
    page = f"/ops/mails/{made.id}"
    post_form(operator, f"{page}/resolution", page=page, outcome="resend")
    jobs.run()
    assert smtp.only("a@example.org").message["Message-ID"] == made.message_id
    assert made.state is State.SENT


def test_a_mail_that_was_refused_is_sent_again(db, jobs, smtp, operator, world, mail):
    made = mail(state=State.FAILED, smtp_code=554, expires_at=clock.now() - timedelta(days=1))
    page = f"/ops/mails/{made.id}"
    assert post_form(operator, f"{page}/resend", page=page).status_code == 303
    jobs.run()
    smtp.only("a@example.org")
    assert f"{world.olive.email} had it sent again." in words(operator.get(page))


def test_what_has_been_decided_already_is_said_beside_the_mail(db, smtp, operator, mail):
    made = mail(state=State.SENT)
    for action in ("resolution", "resend"):
        answer = post_form(operator, f"/ops/mails/{made.id}/{action}", page="/settings", outcome="resend")
        assert answer.status_code == 422
        assert f"Mail {made.id} is sent." in words(answer)
    assert made.state is State.SENT


def test_an_address_that_is_not_written_to_any_more_gets_nothing_by_trying_again(db, jobs, smtp, operator, mail):
    made = mail(state=State.FAILED)
    ledger.suppress("a@example.org", reason="550 no such user", now=clock.now())
    page = f"/ops/mails/{made.id}"
    answer = post_form(operator, f"{page}/resend", page=page)
    assert answer.status_code == 422
    assert "not written to any more: 550 no such user" in words(answer)
    assert smtp.received == []


def test_an_outcome_that_does_not_exist_is_a_400_and_a_mail_that_does_not_exist_a_404(operator, mail):
    made = mail(state=State.UNCERTAIN)
    page = f"/ops/mails/{made.id}"
    assert post_form(operator, f"{page}/resolution", page=page, outcome="lost").status_code == 400
    for unknown in (0, 2**63 - 1, 2**63, 10**40):
        assert operator.get(f"/ops/mails/{unknown}").status_code == 404
        assert operator.get(f"/ops/runs/{unknown}").status_code == 404


def test_what_failed_stands_on_the_first_page_and_is_sent_again_from_there(db, smtp, jobs, operator, mail):
    failed = mail("refused", state=State.FAILED, smtp_code=554, smtp_reply="5.7.1 no thanks")
    mail("on its way")
    said = words(operator.get("/ops"))
    assert "Subject refused a@example.org, failed: 554 5.7.1 no thanks" in said
    assert "Subject on its way" not in said
    assert post_form(operator, f"/ops/mails/{failed.id}/resend", page="/ops").status_code == 303
    db.session.expire_all()
    assert failed.state is State.QUEUED
    assert "What could not be delivered" not in words(operator.get("/ops"))


def test_held_mail_is_named_and_goes_out_when_an_operator_says_so(db, jobs, smtp, operator, world, mail):
    mail()
    db.session.add(MailHold(kind=HoldKind.COPY, reason="This database is a copy.", placed_at=clock.now()))
    db.session.commit()
    said = words(operator.get("/ops"))
    assert said.startswith("Mail is held.")
    assert "This database is a copy." in said
    assert post_form(operator, "/ops/release", page="/ops").status_code == 303
    assert "Mail is released" in words(operator.get("/ops"))
    assert db.session.query(MailHold).one().released_by == world.olive.email


def test_the_list_is_filtered_by_state_kind_and_address(operator, mail):
    mail("1", state=State.FAILED)
    mail("2", kind=Kind.DIGEST)
    mail("3", address="b@example.org")

    def shown(query):
        answer = operator.get(f"/ops/mails?{query}")
        assert answer.status_code == 200
        return [number for number in "123" if f"Subject {number}" in words(answer)]

    assert shown("") == ["1", "2", "3"]
    assert shown("state=failed") == ["1"]
    assert shown("kind=digest") == ["2"]
    assert shown("address=B@Example.org") == ["3"]
    assert shown("address=b@example.org&state=failed") == []


@pytest.mark.parametrize(
    "query", ["state=lost", "kind=spam", "address=nobody", "address=%00", "before=x", "before=-1", "before=%FF"]
)
def test_a_filter_that_makes_no_sense_is_a_422(operator, query):
    assert operator.get(f"/ops/mails?{query}").status_code == 422


def test_older_mail_is_a_page_away_and_none_is_shown_twice(operator, mail):
    for number in range(60):
        mail(str(number))
    seen, address = [], "/ops/mails?kind=test"
    while address:
        page = BeautifulSoup(operator.get(address).data, "html.parser")
        seen += [row.td.a.text for row in page.select("tbody tr")]
        older = page.select_one('a[rel="next"]')
        address = older and f"/ops/mails{older['href']}"
    assert len(seen) == len(set(seen)) == 60


def test_a_run_says_whom_it_missed_and_why(db, operator, mail):
    now = clock.now()
    run = DigestRun(
        schedule_key="weekly",
        slot_at=now,
        window_start=now - timedelta(days=7),
        window_end=now,
        state=RunState.DONE,
        expected=2,
        excluded=1,
    )
    db.session.add(run)
    got, bounced = factories.subscription("got@example.org"), factories.subscription("bounced@example.org")
    factories.subscription("pending@example.org", state=SubscriptionState.PENDING)
    factories.subscription("left@example.org", state=SubscriptionState.LEFT)
    factories.subscription("nothing@example.org")
    db.session.flush()
    mail("1", "got@example.org", Kind.DIGEST, State.SENT, run_id=run.id, reader_id=got.id, sent_at=now)
    failed = mail(
        "2", "bounced@example.org", Kind.DIGEST, State.FAILED, run_id=run.id, reader_id=bounced.id, smtp_reply="no room"
    )
    said = words(operator.get(f"/ops/runs/{run.id}"))
    assert "got@example.org" not in said
    assert "bounced@example.org It was refused for good. no room" in said
    assert "pending@example.org Asked for the letter and never confirmed." in said
    assert "left@example.org Left before that." in said
    assert "nothing@example.org Nothing new since the one before." in said
    assert "left@example.org Left before that." in words(operator.get(f"/ops/mails/{failed.id}"))
    assert f'href="/ops/runs/{run.id}"' in operator.get("/ops").text


def test_one_screen_answers_whether_it_went_out(db, jobs, world, smtp, operator):
    remind(db, jobs, world.bob)
    said = words(operator.get(f"/ops/explain?address={world.bob.email}"))
    assert "account of Bob, confirmed" in said
    assert "It was accepted." in said
    assert "Call the printer" in said
    assert "It was accepted." not in words(operator.get(f"/ops/explain?address={world.bob.email}&kind=digest"))


@pytest.mark.parametrize("page", ["/ops/explain", "/ops/mails", "/settings/mail"])
def test_a_page_tells_only_what_was_due_on_the_days_that_are_asked_for(client, db, world, mail, page):
    mail("in November", world.olive.email, due_at=datetime(2026, 11, 21, 23, 59, tzinfo=UTC))
    mail("in December", world.olive.email, due_at=datetime(2026, 12, 1, tzinfo=UTC))
    operator = sign_in(client, world.olive)
    asked = f"{page}?address={world.olive.email}&since=2026-11-21&until=2026-11-21"
    said = words(operator.get(asked))
    assert "Subject in November" in said
    assert "Subject in December" not in said
    refused = operator.get(f"{page}?address={world.olive.email}&since=2026-11-22&until=2026-11-21")
    assert refused.status_code == 422
    assert "The last day is before the first." in words(refused)


def test_days_on_a_page_are_those_of_whoever_looks(client, db, world, mail):
    mail("of the 22nd in Shanghai", world.bob.email, due_at=datetime(2026, 11, 21, 16, 0, tzinfo=UTC))
    bob = sign_in(client, world.bob)
    assert "Subject of the 22nd" in words(bob.get("/settings/mail?since=2026-11-22"))
    assert "Nothing was written to you on these days." in words(bob.get("/settings/mail?until=2026-11-21"))


NO_SENSE = [
    "address=nobody",
    "address=a@example.org&kind=spam",
    "address=%00",
    "address=a@example.org&since=yesterday",
    "address=a@example.org&until=9999-12-31",
]


@pytest.mark.parametrize("query", NO_SENSE)
def test_a_question_that_makes_no_sense_is_a_422(operator, query):
    assert operator.get(f"/ops/explain?{query}").status_code == 422


def test_a_person_reads_what_was_sent_to_them_and_to_nobody_else(app, client, db, jobs, world, smtp, mail):
    assert client.get("/settings/mail").status_code in {302, 303}
    remind(db, jobs, world.bob)
    mail("9", world.bob.email, state=State.UNCERTAIN)
    said = words(sign_in(client, world.bob).get("/settings/mail"))
    assert "Call the printer We sent it." in said
    assert "Subject 9 You probably have it." in said
    assert "250" not in said
    other = words(sign_in(app.test_client(), world.carol).get("/settings/mail"))
    assert "Call the printer" not in other
    assert "We have not written to you yet." in other


def test_a_person_reads_why_there_was_no_letter(client, db, world):
    now = clock.now()
    week = timedelta(days=7)
    db.session.add(
        DigestRun(schedule_key="weekly", slot_at=now, window_start=now - week, window_end=now, state=RunState.DONE)
    )
    factories.subscription(world.bob.email, person_id=world.bob.id)
    said = words(sign_in(client, world.bob).get("/settings/mail"))
    assert "No letter of" in said
    assert "nothing new since the one before" in said
    assert 'href="/settings/mail"' in client.get("/settings").text


@pytest.mark.parametrize("address", ["/ops", "/ops/mails", "/ops/explain?address=a@example.org", "/settings/mail"])
def test_a_page_asks_the_database_as_often_however_much_there_is(operator, db, world, mail, statements, address):
    to = world.olive.email if "settings" in address else "a@example.org"
    now = clock.now()

    def more(numbers):
        for number in numbers:
            mail(str(number), to, state=State.SENT, sent_at=now)
            db.session.add(
                DigestRun(
                    schedule_key="weekly",
                    slot_at=now - timedelta(weeks=number),
                    window_start=now,
                    window_end=now,
                    state=RunState.DONE,
                )
            )
        db.session.commit()

    more(range(1))
    operator.get(address)
    with statements() as few:
        assert operator.get(address).status_code == 200
    more(range(1, 15))
    with statements() as many:
        operator.get(address)
    assert len(many) == len(few)
