"""Double opt-in: what is sent, what is kept, and what a stranger can find out."""

from datetime import UTC, datetime, timedelta

import pytest
import time_machine

from tests.world import post_form, sign_in
from webapp.extensions import db
from webapp.mail.models import Delivery
from webapp.subscriptions import links, operations, queries
from webapp.subscriptions.models import SubscriptionState

SATURDAY = datetime(2026, 11, 28, 10, tzinfo=UTC)
ADDRESS = "new@example.org"


@pytest.fixture(autouse=True)
def wednesday():
    with time_machine.travel(datetime(2026, 11, 25, 9, 40, tzinfo=UTC), tick=False) as traveller:
        yield traveller


def ask(client, address=ADDRESS):
    return post_form(client, "/subscribe", email=address)


def confirm_link(smtp, address=ADDRESS):
    return smtp.to(address, "confirm")[-1].link("/confirm/letter-").removeprefix("http://localhost")


def reader(address=ADDRESS):
    return queries.by_address(address)


def test_page_says_when_the_next_letter_comes(client):
    assert "Sat 28 Nov, 10:00" in client.get("/subscribe").text


def test_asking_mails_a_question_whose_first_link_confirms(client, smtp, jobs):
    answer = ask(client)
    jobs.run()

    assert answer.status_code == 303
    mail = smtp.only(ADDRESS, "confirm")
    assert mail.links()[0].startswith("http://localhost/confirm/letter-")
    assert mail.links()[0] in mail.html
    assert reader().state is SubscriptionState.PENDING


def test_asking_keeps_the_words_the_page_and_the_caller(client):
    ask(client)

    consent = reader().consent
    assert "Nothing new, no letter." in consent
    assert "/subscribe" in consent
    assert "127.0.0.1" in consent


def test_opening_the_link_confirms_nothing(client, smtp, jobs):
    ask(client)
    jobs.run()

    page = client.get(confirm_link(smtp))

    assert page.status_code == 200
    assert reader().state is SubscriptionState.PENDING


def test_confirming_twice_is_confirming_once_and_names_the_next_letter(client, smtp, jobs, wednesday):
    ask(client)
    jobs.run()
    link = confirm_link(smtp)

    first = post_form(client, link)
    confirmed_at = reader().confirmed_at
    wednesday.shift(timedelta(hours=1))
    page = client.get(link)

    assert first.status_code == 303
    assert first.location == link
    assert "Sat 28 Nov, 10:00" in page.text
    assert "<button>Yes" not in page.text
    operations.confirm(reader(), now=datetime.now(UTC))
    assert reader().confirmed_at == confirmed_at


@pytest.mark.parametrize("token", ["nonsense", "WzEsIngiXQ.aaaaaa.bbbbbbbbbbbbbbbbbbbbbbbbbbb", "%00"])
def test_forged_confirmation_is_over(client, token):
    assert client.get(f"/confirm/letter-{token}").status_code == 410


def test_confirmation_of_eight_days_ago_is_over(client, smtp, jobs, wednesday):
    ask(client)
    jobs.run()
    link = confirm_link(smtp)
    wednesday.shift(timedelta(days=8))

    assert client.get(link).status_code == 410
    assert reader().state is SubscriptionState.PENDING


def test_leave_link_does_not_confirm(client, smtp, jobs, db):
    ask(client)

    token = links.leave_token(reader())
    assert client.get(f"/confirm/letter-{token}").status_code == 410


def test_a_reader_and_a_stranger_get_the_same_answer(client, app, smtp, jobs):
    ask(client)
    jobs.run()
    post_form(client, confirm_link(smtp))
    smtp.clear()

    known, unknown = ask(app.test_client()), ask(app.test_client(), "other@example.org")
    jobs.run()

    assert (known.status_code, known.location) == (unknown.status_code, unknown.location)
    assert smtp.to(ADDRESS) == []
    assert reader().state is SubscriptionState.ACTIVE


def test_asking_again_at_once_mails_once(client, smtp, jobs):
    for _ in range(3):
        assert ask(client).status_code == 303
    jobs.run()

    smtp.only(ADDRESS, "confirm")


def test_a_mailbox_is_asked_at_most_three_times_a_day(client, smtp, jobs, wednesday):
    for _ in range(6):
        ask(client)
        wednesday.shift(timedelta(minutes=11))
    jobs.run()

    assert len(smtp.to(ADDRESS)) == 3


def test_one_caller_is_slowed_down(client):
    codes = [ask(client, f"reader-{number}@example.org").status_code for number in range(21)]

    assert codes == [303] * 20 + [429]


def test_coming_back_takes_a_new_confirmation(client, smtp, jobs):
    ask(client)
    jobs.run()
    old = confirm_link(smtp)
    post_form(client, old)
    operations.leave(reader(), now=datetime.now(UTC))
    db.session.commit()

    ask(client)
    jobs.run()

    assert client.get(old).status_code == 410
    assert reader().state is SubscriptionState.PENDING
    post_form(client, confirm_link(smtp))
    assert reader().state is SubscriptionState.ACTIVE


def test_member_gets_their_own_confirmed_address_at_once(client, world, smtp, jobs):
    sign_in(client, world.bob)

    answer = ask(client, world.bob.email)
    jobs.run()

    assert answer.location == "/subscribe"
    assert reader(world.bob.email).state is SubscriptionState.ACTIVE
    assert smtp.received == []
    page = client.get("/subscribe").text
    assert world.bob.email in page
    assert "Stop all letters" in page


def test_only_strangers_are_told_that_they_need_no_account_and_will_be_asked(client, world):
    page = client.get("/subscribe").text
    assert "No account needed." in page
    assert "We write to it once" in page

    page = sign_in(client, world.bob).get("/subscribe").text
    assert "No account needed." not in page
    assert "Another one we ask first" in page


def test_member_typing_another_address_asks_its_owner(client, world, smtp, jobs):
    sign_in(client, world.bob)

    ask(client, world.carol.email)
    jobs.run()

    found = reader(world.carol.email)
    assert found.state is SubscriptionState.PENDING
    assert found.person_id is None
    smtp.only(world.carol.email, "confirm")


def test_member_who_has_not_confirmed_is_asked(client, world, smtp, jobs):
    sign_in(client, world.bob)
    world.bob.email_confirmed_at = None

    operations.ask(email=world.bob.email, consent="page", now=datetime.now(UTC), person=world.bob)

    assert reader(world.bob.email).state is SubscriptionState.PENDING


@pytest.mark.parametrize(
    "typed",
    [
        "",
        "a@example.org, b@example.org",
        "a@example.org\r\nBcc: b@example.org",
        "a\0@example.org",
        "<a@example.org>",
        "A <a@example.org>",
        "a@[127.0.0.1]",
        "a" * 65 + "@example.org",
        "a@",
        "no address",
        "x" * 100_000,
        "a\ufffd@example.org",
        "a\uff20example.org",
    ],
)
def test_what_is_no_address_is_said_beside_the_field(client, db, typed):
    answer = ask(client, typed)

    assert answer.status_code == 422
    assert "email-error" in answer.text
    assert db.session.query(Delivery).count() == 0


@pytest.mark.parametrize(
    ("typed", "kept"),
    [(" New@Example.ORG ", ADDRESS), ("a@bücher.example", "a@xn--bcher-kva.example")],
)
def test_spellings_of_an_address_are_one(client, typed, kept):
    ask(client, typed)

    assert reader(kept) is not None


def test_form_keeps_what_was_typed(client):
    assert 'value="not an address"' in ask(client, "not an address").text
