"""Reminding someone else: nothing but one question goes to an address before its owner has said yes."""

from datetime import UTC, datetime, timedelta
from email import policy

import pytest
from bs4 import BeautifulSoup
from sqlalchemy import select

from tests import factories
from tests.unit.reminders.pages import ask as set_reminder
from tests.unit.reminders.pages import shown, the_reminder, words
from tests.world import csrf, post_form, sign_in
from webapp.core import tokens
from webapp.extensions import db as database
from webapp.mail import operations as ledger
from webapp.mail.models import Delivery, State
from webapp.ops import explain, story
from webapp.ops.forecast import each_mail, forecast
from webapp.reminders import firing, history, links, recipients
from webapp.reminders.models import Leave, Recipient, What

NOW = datetime(2026, 11, 25, 1, 40, tzinfo=UTC)
DAY = timedelta(days=1)
FRIEND = "friend@example.net"


@pytest.fixture
def stranger(app, db):
    """A browser that keeps no cookies, as a mail program's."""
    return app.test_client(use_cookies=False)


@pytest.fixture
def ask(browser, jobs):
    """Bob asks by the page, and a worker sends what there is to send."""

    def press(address=FRIEND, client=browser):
        page = "/reminders/others"
        answer = client.post(page, data={"csrf_token": csrf(client, page), "address": address})
        jobs.run()
        database.session.expire_all()
        return answer

    return press


@pytest.fixture
def link(ask, smtp):
    """The link in the mail that asks."""
    ask()
    return path(smtp.only(FRIEND).link("/reminders/request/"))


@pytest.fixture
def allowed(db, bob):
    """Someone who has said yes to Bob."""

    def make(address=FRIEND, by=bob, leave=Leave.ACCEPTED, **values):
        row = Recipient(
            **{
                "person_id": by.id,
                "address": address,
                "leave": leave,
                "requests": 1,
                "asked_at": NOW - DAY,
                "answered_at": NOW - DAY,
                "accepted_at": NOW - DAY,
            }
            | values
        )
        db.session.add(row)
        db.session.commit()
        return row

    return make


@pytest.fixture
def fire(db):
    def now(reminder):
        db.session.commit()
        done = firing.fire(reminder.id, reminder.version)
        db.session.expire_all()
        return done

    return now


def path(url):
    return url.removeprefix("http://localhost")


def row(address=FRIEND):
    database.session.expire_all()
    return database.session.scalar(select(Recipient).where(Recipient.address == address))


def buttons(answer):
    return [each.get("value") for each in BeautifulSoup(answer.data, "html.parser").select("main form button")]


class TestAsking:
    def test_the_owner_of_the_address_gets_one_mail_that_says_who_asks(self, ask, smtp, bob):
        answer = ask()
        assert answer.status_code == 303
        mail = smtp.only(FRIEND, "confirm")
        assert mail.subject == "Bob would like to remind you of things"
        for part in (mail.text, mail.html):
            assert "Bob" in part
            assert "bob@example.org" in part
            assert FRIEND in part
        assert "/reminders/request/" in mail.links()[0]
        assert mail.message["List-Unsubscribe-Post"] == "List-Unsubscribe=One-Click"
        assert "/reminders/stop/" in mail.message["List-Unsubscribe"]

    def test_asking_again_sends_no_second_mail(self, ask, smtp, frozen):
        for hours in range(3):
            frozen.move_to(NOW + timedelta(hours=hours), tick=False)
            assert ask().status_code == 303
        assert len(smtp.to(FRIEND)) == 1

    def test_a_mail_that_could_not_be_delivered_is_written_once_more(self, ask, smtp, db):
        smtp.replies["DATA"] = "554 5.7.1 not today"
        ask()
        assert smtp.to(FRIEND) == []
        smtp.replies.clear()
        ask()
        ask()
        assert len(smtp.to(FRIEND)) == 1

    @pytest.mark.parametrize("known", ["nobody", "account", "suppressed", "closed", "refused", "asked often"])
    def test_whoever_asks_is_told_the_same_of_every_address(self, ask, browser, smtp, db, world, known, allowed):
        address = "somebody@example.net"
        if known == "account":
            address = world.carol.email
        elif known == "suppressed":
            ledger.suppress(address, reason="bounced", now=NOW)
        elif known == "closed":
            recipients.close(address, now=NOW)
        elif known == "refused":
            allowed(address, leave=Leave.REFUSED, accepted_at=None)
        elif known == "asked often":
            for each in (world.alice, world.carol, world.olive):
                recipients.ask(each, address, now=NOW - timedelta(hours=1))
            db.session.commit()
        before = len(smtp.to(address))
        answer = ask(address)
        assert answer.status_code == 303
        page = shown(browser, "/reminders/others").replace(address, "X")
        assert "If we may, we ask X once. Until its owner says yes, nothing else goes there." in page
        assert "X Has not said yes asked Wed 25 Nov, 09:40" in page
        is_asked = known in {"nobody", "account"}
        assert (len([m for m in smtp.to(address)[before:] if "Bob" in m.subject]) == 1) == is_asked

    def test_ones_own_address_and_what_is_none_are_refused_beside_the_field(self, ask, bob):
        for address, why in [
            (bob.email.upper(), "That is your own address"),
            ("x, y@example.org", "not a mail address"),
            ("", "Give a mail address"),
        ]:
            answer = ask(address)
            assert answer.status_code == 422
            assert why in BeautifulSoup(answer.data, "html.parser").select_one("#address-error").get_text()
        assert database.session.scalars(select(Recipient)).all() == []

    def test_a_person_asks_so_many_in_a_day(self, browser, bob, ask, smtp, frozen):
        for number in range(10):
            assert ask(f"friend-{number}@example.net").status_code == 303
        answer = ask("one-more@example.net")
        assert answer.status_code == 422
        assert "You have asked 10 people within a day." in words(answer)
        assert smtp.to("one-more@example.net") == []
        frozen.move_to(NOW + DAY + timedelta(minutes=1), tick=False)
        sign_in(browser, bob)
        assert ask("one-more@example.net").status_code == 303

    @pytest.mark.parametrize("leave", [Leave.ASKED, Leave.REFUSED, Leave.WITHDRAWN])
    def test_how_often_one_may_ask_does_not_tell_what_was_answered(self, ask, allowed, smtp, frozen, leave):
        accepted_at = NOW - 3 * DAY if leave is Leave.WITHDRAWN else None
        allowed("known@example.net", leave=leave, asked_at=NOW - 2 * DAY, accepted_at=accepted_at)
        for number in range(10):
            ask(f"friend-{number}@example.net")
        answer = ask("known@example.net")
        assert answer.status_code == 422
        assert "You have asked 10 people within a day." in words(answer)

    def test_who_has_said_yes_is_not_asked_and_does_not_count(self, ask, allowed, frozen):
        allowed("known@example.net")
        for number in range(10):
            ask(f"friend-{number}@example.net")
        assert ask("known@example.net").status_code == 303

    def test_many_who_ask_do_not_fill_one_mailbox(self, db, jobs, smtp, world, frozen):
        everyone = [*(world.alice, world.bob, world.carol, world.olive), factories.person("Dora")]
        for each in everyone:
            recipients.ask(each, FRIEND, now=NOW)
        db.session.commit()
        jobs.run()
        assert len(smtp.to(FRIEND)) == 3

    def test_nobody_asks_who_has_not_confirmed_their_own_address(self, app, ask, smtp, frozen):
        unconfirmed = factories.person("Unconfirmed", confirmed=False)
        with pytest.raises(recipients.Refused):
            recipients.ask(unconfirmed, FRIEND, now=NOW)

    def test_a_name_that_would_be_a_link_in_the_mail_is_the_handle_there(self, db, jobs, smtp, frozen):
        seller = factories.person("Win at pills.example", handle="seller", email="seller@example.org")
        recipients.ask(seller, FRIEND, now=NOW)
        db.session.commit()
        jobs.run()
        mail = smtp.only(FRIEND)
        assert mail.subject == "@seller would like to remind you of things"
        assert "pills" not in mail.text + mail.html

    @pytest.mark.parametrize(
        "name",
        ["Win at t.co", "x.com/win", "t1.ly", "WWW.PILLS.EXAMPLE", "pills.xn--p1ai", "a\u3002com", "a@b", "ftp://x"],
    )
    def test_no_name_is_a_link_however_short(self, db, jobs, smtp, frozen, name):
        recipients.ask(factories.person(name, handle="seller", email="seller@example.org"), FRIEND, now=NOW)
        db.session.commit()
        jobs.run()
        assert smtp.only(FRIEND).subject == "@seller would like to remind you of things"

    @pytest.mark.parametrize("name", ["J. R. R. Tolkien", "Li Hua", "St. John", "No. 5", "Ver 2.0", "Mr. X"])
    def test_a_name_with_a_dot_in_it_stays_a_name(self, db, jobs, smtp, frozen, name):
        recipients.ask(factories.person(name, handle="writer", email="writer@example.org"), FRIEND, now=NOW)
        db.session.commit()
        jobs.run()
        assert smtp.only(FRIEND).subject == f"{name} would like to remind you of things"

    @pytest.mark.parametrize(("theirs", "subject"), [("zh-Hans", "Bob 想"), ("en", "Bob would like")])
    def test_the_mail_speaks_the_language_of_the_account_or_else_of_whoever_asks(
        self, ask, smtp, bob, db, theirs, subject
    ):
        bob.language = theirs
        other = factories.person("Other", language="en" if theirs == "zh-Hans" else "zh-Hans")
        db.session.commit()
        ask()
        ask(other.email)
        assert smtp.only(FRIEND).subject.startswith(subject)
        assert not smtp.only(other.email).subject.startswith(subject)

    def test_what_is_taken_back_before_it_left_is_not_sent(self, browser, smtp, jobs):
        page = "/reminders/others"
        browser.post(page, data={"csrf_token": csrf(browser, page), "address": FRIEND})
        post_form(browser, f"/reminders/others/{row().id}/withdrawal", page="/reminders/others")
        jobs.run()
        assert smtp.to(FRIEND) == []
        assert FRIEND not in shown(browser, "/reminders/others").partition("any more.")[2]

    def test_somebody_elses_row_does_not_exist(self, app, ask, world):
        ask()
        carol = sign_in(app.test_client(), world.carol)
        for what in ("withdrawal", "answer"):
            address = f"/reminders/others/{row().id}/{what}"
            assert post_form(carol, address, page="/reminders/others", do="yes").status_code == 404
        assert row().leave is Leave.ASKED


class TestAnswering:
    def test_opening_the_link_changes_nothing(self, stranger, link):
        answer = stranger.get(link)
        assert answer.status_code == 200
        assert buttons(answer) == ["yes", "no", "never"]
        assert "Bob (bob@example.org)" in words(answer)
        assert answer.headers["X-Robots-Tag"] == "noindex"
        assert row().leave is Leave.ASKED

    def test_yes_needs_no_cookie_and_twice_is_once(self, stranger, link, frozen):
        for minutes in range(2):
            frozen.move_to(NOW + timedelta(minutes=minutes), tick=False)
            answer = stranger.post(link, data={"do": "yes"})
            assert answer.status_code == 200
            assert "Bob may remind you." in words(answer)
        assert (row().leave, row().accepted_at) == (Leave.ACCEPTED, NOW)

    def test_a_no_can_become_a_yes_while_the_link_works(self, stranger, link):
        assert "Nothing of Bob goes to you." in words(stranger.post(link, data={"do": "no"}))
        assert row().leave is Leave.REFUSED
        stranger.post(link, data={"do": "yes"})
        assert row().leave is Leave.ACCEPTED

    def test_no_for_good_keeps_everybody_from_asking_until_it_is_taken_back(
        self, stranger, link, smtp, jobs, db, world
    ):
        answer = stranger.post(link, data={"do": "never"})
        assert "nobody here asks you again" in words(answer)
        recipients.ask(world.alice, FRIEND, now=NOW)
        db.session.commit()
        jobs.run()
        assert len(smtp.to(FRIEND)) == 1
        stranger.post(link, data={"do": "again"})
        recipients.ask(world.alice, FRIEND, now=NOW)
        db.session.commit()
        jobs.run()
        assert len(smtp.to(FRIEND)) == 2
        assert row().leave is Leave.REFUSED

    def test_no_for_good_stops_the_questions_that_are_on_their_way(self, stranger, link, smtp, jobs, db, world):
        recipients.ask(world.alice, FRIEND, now=NOW)
        db.session.commit()
        stranger.post(link, data={"do": "never"})
        jobs.run()
        assert len(smtp.to(FRIEND)) == 1

    def test_the_link_ends_after_thirty_days(self, stranger, link, frozen):
        frozen.move_to(NOW + timedelta(days=31), tick=False)
        assert stranger.get(link).status_code == 404
        assert stranger.post(link, data={"do": "yes"}).status_code == 404

    def test_a_link_made_for_something_else_is_not_found(self, stranger, link):
        for token in (tokens.sign(links.STOP, [row().id]), tokens.sign("x", [row().id]), "x", "%00"):
            assert stranger.get(f"/reminders/request/{token}").status_code == 404
            assert stranger.post(f"/reminders/request/{token}", data={"do": "yes"}).status_code == 404

    def test_what_was_taken_back_cannot_be_said_yes_to(self, stranger, link, browser):
        post_form(browser, f"/reminders/others/{row().id}/withdrawal", page="/reminders/others")
        assert "has taken that back" in words(stranger.get(link))
        assert stranger.post(link, data={"do": "yes"}).status_code == 409
        assert row().leave is Leave.ASKED

    @pytest.mark.parametrize("is_closed", [False, True])
    def test_what_was_taken_back_has_no_buttons(self, stranger, link, browser, is_closed):
        if is_closed:
            stranger.post(link, data={"do": "never"})
        post_form(browser, f"/reminders/others/{row().id}/withdrawal", page="/reminders/others")
        assert stranger.post(link, data={"do": "again"}).status_code == 409
        for answer in (stranger.get(link), stranger.post(link, data={"do": "again"})):
            assert buttons(answer) == []
            assert "has taken that back" in words(answer)

    @pytest.mark.parametrize("do", ["", "maybe"])
    def test_a_button_we_do_not_have_does_nothing(self, stranger, link, do):
        assert stranger.post(link, data={"do": do}).status_code == 400
        assert row().leave is Leave.ASKED

    def test_who_has_an_account_answers_on_the_page_too(self, app, ask, world, smtp):
        ask(world.carol.email)
        carol = sign_in(app.test_client(), world.carol)
        assert "Bob bob@example.org waits for your answer" in shown(carol, "/reminders/others")
        address = f"/reminders/others/{row(world.carol.email).id}/answer"
        post_form(carol, address, page="/reminders/others", do="yes")
        assert row(world.carol.email).leave is Leave.ACCEPTED

    def test_an_address_that_is_not_confirmed_sees_no_questions(self, db, allowed, bob):
        from webapp.reminders import queries

        allowed("new@example.net", leave=Leave.ASKED)
        new = factories.person("New", email="new@example.net", confirmed=False)
        assert db.session.scalars(queries.asked_of(new)).all() == []


class TestReminding:
    def test_only_who_has_said_yes_can_be_chosen(self, browser, allowed, bob):
        yes, no = allowed("yes@example.net"), allowed("no@example.net", leave=Leave.ASKED, accepted_at=None)
        choices = [each["value"] for each in soup(browser, "/reminders").select("#recipient option")]
        assert choices == ["", str(yes.id), f"only-{yes.id}"]
        set_reminder(browser, recipient=str(no.id))
        assert the_reminder().recipient_id is None

    def test_nobody_elses_yes_counts(self, browser, allowed, world):
        theirs = allowed("yes@example.net", by=world.alice)
        set_reminder(browser, recipient=str(theirs.id))
        assert the_reminder().recipient_id is None

    @pytest.mark.parametrize(("choice", "to_bob", "said"), [("{}", 1, "To you and to"), ("only-{}", 0, "Only to")])
    def test_both_or_only_the_other_get_the_mail(self, browser, allowed, fire, smtp, bob, frozen, choice, to_bob, said):
        other = allowed()
        set_reminder(browser, recipient=choice.format(other.id))
        reminder = the_reminder()
        assert f"{said} {FRIEND}" in shown(browser)
        frozen.move_to(reminder.due_at, tick=False)
        assert fire(reminder)
        assert not fire(reminder)
        assert len(smtp.to(bob.email)) == to_bob
        mail = smtp.only(FRIEND, "reminder")
        assert mail.subject == "Call the printer (from Bob)"
        for part in (mail.text, mail.html):
            assert "Call the printer" in part
            assert "Bob asked us to remind you." in part
            assert "Wed 25 Nov 2026, 16:30" in part
            assert "/reminders/act/" not in part
            assert "/edit" not in part
        assert mail.message["List-Unsubscribe-Post"] == "List-Unsubscribe=One-Click"
        assert mail.message["List-Unsubscribe"] == f"<{mail.link('/reminders/stop/')}>"
        if to_bob:
            assert f"It went to {FRIEND}, too." in smtp.only(bob.email).text
        latest = history.latest(reminder)
        assert (latest.what, latest.note) == (What.PASSED_ON, FRIEND)

    def test_the_calendar_file_leads_to_no_page_of_the_one_who_set_it(self, allowed, fire, smtp, bob):
        reminder = factories.reminder(bob, due_at=NOW, recipient_id=allowed().id)
        fire(reminder)
        (part,) = [each for each in smtp.only(FRIEND).message.walk() if each.get_content_type() == "text/calendar"]
        assert "URL" not in part.as_string(policy=policy.default)

    def test_a_post_that_not_everybody_may_read_is_not_named(self, allowed, fire, smtp, world, bob):
        draft = factories.post(world.alice, "Secret plans")
        other = allowed(by=world.alice)
        fire(factories.reminder(world.alice, due_at=NOW, recipient_id=other.id, post_id=draft.id))
        assert "Secret plans" in smtp.only(world.alice.email).text
        assert "Secret plans" not in smtp.only(FRIEND).text + smtp.only(FRIEND).html

    @pytest.mark.parametrize("leave", [Leave.ASKED, Leave.REFUSED, Leave.WITHDRAWN])
    def test_who_has_not_said_yes_gets_nothing_and_its_person_is_told(self, allowed, fire, smtp, bob, browser, leave):
        reminder = factories.reminder(bob, due_at=NOW, recipient_id=allowed(leave=leave).id, with_me=False)
        fire(reminder)
        assert smtp.to(FRIEND) == []
        mail = smtp.only(bob.email)
        for part in (mail.text, mail.html):
            assert f"It did not go to {FRIEND}" in " ".join(part.split())
        assert (history.latest(reminder).what, history.latest(reminder).note) == (What.WITHHELD, FRIEND)
        assert "Not sent on, as nobody said yes there" in shown(browser, f"/reminders/{reminder.id}/edit")

    def test_what_was_taken_back_goes_nowhere_else(self, allowed, fire, smtp, bob):
        other = allowed(taken_back_at=NOW)
        fire(factories.reminder(bob, due_at=NOW, recipient_id=other.id))
        assert smtp.to(FRIEND) == []

    @pytest.mark.parametrize("fields", [{}, {"List-Unsubscribe": "One-Click"}, {"do": "no"}])
    def test_the_link_in_the_mail_stops_it_by_post_alone(self, stranger, allowed, fire, smtp, bob, fields):
        reminder = factories.reminder(
            bob, due_at=NOW, recipient_id=allowed().id, recurrence="FREQ=DAILY", series_start="2026-11-25T09:40:00"
        )
        fire(reminder)
        link = path(smtp.only(FRIEND).link("/reminders/stop/"))
        assert buttons(stranger.get(link)) == ["no"]
        assert row().leave is Leave.ACCEPTED
        for _ in range(2):
            assert stranger.post(link, data=fields).status_code == 200
        assert row().leave is Leave.WITHDRAWN
        assert "yes" in buttons(stranger.get(link))
        stranger.post(link, data={"do": "yes"})
        assert row().leave is Leave.ACCEPTED

    def test_the_link_that_stops_says_no_yes_that_was_never_said(self, stranger, link, smtp):
        stop = path(smtp.only(FRIEND).message["List-Unsubscribe"].strip("<>"))
        assert stranger.post(stop, data={"do": "yes"}).status_code == 400
        assert stranger.post(stop, data={"List-Unsubscribe": "One-Click"}).status_code == 200
        assert row().leave is Leave.REFUSED

    def test_leaving_cancels_what_waits_for_another_try(self, stranger, allowed, fire, smtp, bob, db):
        other = allowed()
        smtp.replies[FRIEND] = "450 4.2.1 try later"
        fire(factories.reminder(bob, due_at=NOW, recipient_id=other.id))
        assert waiting() == 1
        stranger.post(path(links.stop_url(other)))
        assert waiting() == 0
        assert len(smtp.to(bob.email)) == 1

    def test_an_edit_cancels_the_others_mail_as_well(self, browser, allowed, fire, smtp, bob):
        smtp.replies["RCPT"] = "450 4.2.1 try later"
        reminder = factories.reminder(bob, due_at=NOW, recipient_id=allowed().id)
        fire(reminder)
        assert waiting() == 2
        post_form(browser, f"/reminders/{reminder.id}/cancellation", page="/reminders")
        assert waiting() == 0

    def test_the_edit_page_keeps_whom_it_reminds_and_can_take_them_out(self, browser, allowed, bob):
        reminder = factories.reminder(bob, due_at=NOW + DAY, recipient_id=allowed().id, with_me=False)
        page = soup(browser, f"/reminders/{reminder.id}/edit")
        assert page.select_one("#recipient option[selected]")["value"] == f"only-{reminder.recipient_id}"
        fields = {"text": "Other", "when": "2026-11-26 09:40", "zone": "Shanghai", "version": "1", "repeat": "never"}
        address = f"/reminders/{reminder.id}/edit"
        assert post_form(browser, address, recipient=f"only-{reminder.recipient_id}", **fields).status_code == 303
        assert the_reminder().with_me is False
        assert post_form(browser, address, recipient="", **(fields | {"version": "2"})).status_code == 303
        assert (the_reminder().recipient_id, the_reminder().with_me) == (None, True)

    def test_a_yes_that_ended_is_shown_where_the_reminder_is(self, browser, allowed, bob):
        factories.reminder(bob, due_at=NOW + DAY, recipient_id=allowed(leave=Leave.WITHDRAWN).id)
        assert f"{FRIEND} has not said yes, or not any more: it comes to you alone" in shown(browser)


class TestTelling:
    def test_the_forecast_names_both_and_leaves_out_who_has_not_said_yes(self, allowed, bob, db):
        factories.reminder(bob, due_at=NOW + DAY, recipient_id=allowed().id)
        no = allowed("no@example.net", leave=Leave.ASKED, accepted_at=None)
        factories.reminder(bob, due_at=NOW + DAY, recipient_id=no.id, with_me=False)
        db.session.commit()
        mails = sorted(address for _at, _kind, address in each_mail(NOW, 14))
        assert mails == [bob.email, bob.email, FRIEND]
        (left_out,) = forecast(NOW, 14).skipped
        assert "has not said yes" in left_out.reason

    def test_explain_says_who_asked_and_what_was_answered(self, allowed, world, db):
        allowed()
        allowed(by=world.carol, leave=Leave.ASKED, accepted_at=None)
        recipients.close(FRIEND, now=NOW)
        db.session.commit()
        told = "\n".join(explain.answer(FRIEND, kind=None, say=str).who)
        assert "Reminders of Bob (bob@example.org): accepted" in told
        assert "Reminders of Carol (carol@example.org): asked for" in told
        assert "wants to be asked by nobody" in told

    def test_the_story_of_each_mail_names_whose_it_is(self, ask, allowed, fire, bob, smtp):
        ask("other@example.net")
        fire(factories.reminder(bob, due_at=NOW, recipient_id=allowed().id))
        for address, because in [(FRIEND, "Bob"), ("other@example.net", "Bob asked whether they may be reminded.")]:
            delivery = database.session.scalars(select(Delivery).where(Delivery.address == address)).one()
            assert because in [fact.text for fact in story.story(delivery, str).why]


class TestAccountsThatGo:
    def test_nothing_of_who_has_left_reaches_anybody(self, allowed, fire, smtp, bob, db):
        smtp.replies["RCPT"] = "450 4.2.1 try later"
        fire(factories.reminder(bob, due_at=NOW, recipient_id=allowed().id))
        db.session.delete(bob)
        db.session.commit()
        assert db.session.scalars(select(Delivery.state).where(Delivery.address == FRIEND)).all() == [State.CANCELLED]
        assert row() is None

    def test_who_has_left_gets_nothing_from_others(self, allowed, db, world):
        allowed(world.carol.email)
        db.session.delete(world.carol)
        db.session.commit()
        assert row("carol@example.org").leave is Leave.WITHDRAWN

    def test_who_never_showed_the_address_to_be_theirs_takes_no_yes_of_its_owner_away(self, allowed, db):
        allowed()
        squatter = factories.person("Squatter", email=FRIEND, confirmed=False)
        db.session.commit()
        db.session.delete(squatter)
        db.session.commit()
        assert row().leave is Leave.ACCEPTED


def soup(client, address):
    return BeautifulSoup(client.get(address).data, "html.parser")


def waiting():
    database.session.expire_all()
    return len(database.session.scalars(select(Delivery.id).where(Delivery.state == State.QUEUED)).all())
