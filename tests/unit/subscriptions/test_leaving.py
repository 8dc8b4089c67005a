"""One click, RFC 8058: no cookies, no token field, at once, for good."""

from datetime import UTC, datetime, timedelta

import pytest
import time_machine

from tests import factories
from webapp.extensions import db as database
from webapp.mail import operations as mail
from webapp.mail.models import Delivery, Kind, State
from webapp.subscriptions import links
from webapp.subscriptions.models import Subscription, SubscriptionState

ONE_CLICK = {"List-Unsubscribe": "One-Click"}


@pytest.fixture
def reader(db):
    made = factories.subscription()
    db.session.commit()
    return made


@pytest.fixture
def address(reader):
    return f"/unsubscribe/{links.leave_token(reader)}"


def state():
    return database.session.query(Subscription.state).scalar()


def test_opening_the_link_changes_nothing(client, address):
    page = client.get(address)

    assert page.status_code == 200
    assert "<button>Stop all letters</button>" in page.text
    assert state() is SubscriptionState.ACTIVE


@pytest.mark.parametrize("fields", [ONE_CLICK, {}, {**ONE_CLICK, "csrf_token": "forged", "state": "active", "id": "9"}])
def test_one_post_without_cookies_leaves(app, address, fields):
    answer = app.test_client(use_cookies=False).post(address, data=fields)

    assert answer.status_code == 200
    assert "You have left" in answer.text
    assert state() is SubscriptionState.LEFT


def test_leaving_again_is_the_same_answer(client, address, reader):
    first = client.post(address, data=ONE_CLICK)
    left_at = reader.left_at
    second = client.post(address, data=ONE_CLICK)

    assert (first.status_code, second.status_code) == (200, 200)
    assert reader.left_at == left_at


@pytest.mark.parametrize("token", ["nonsense", "MQ.aaaaaa.bbbbbbbbbbbbbbbbbbbbbbbbbbb", "%00", "1"])
def test_forged_link_is_no_page(client, reader, token):
    assert client.get(f"/unsubscribe/{token}").status_code == 404
    assert client.post(f"/unsubscribe/{token}", data=ONE_CLICK).status_code == 404
    assert state() is SubscriptionState.ACTIVE


def test_confirmation_link_does_not_leave(client, reader):
    token = links.confirm_url(reader).rpartition("letter-")[2]

    assert client.post(f"/unsubscribe/{token}").status_code == 404


def test_link_of_a_letter_from_years_ago_still_leaves(client, address):
    with time_machine.travel(datetime.now(UTC) + timedelta(days=3000)):
        assert client.post(address, data=ONE_CLICK).status_code == 200
    assert state() is SubscriptionState.LEFT


def test_leaving_works_while_the_broker_is_down(client, address, jobs):
    jobs.refusing = True

    assert client.post(address, data=ONE_CLICK).status_code == 200
    assert state() is SubscriptionState.LEFT


def test_leaving_cancels_what_is_on_its_way_to_this_reader_only(client, address, reader, smtp, jobs):
    other = factories.subscription("other@example.org")
    for each in (reader, other):
        mail.enqueue(
            kind=Kind.DIGEST,
            address=each.address,
            content=mail.compose(subject="Salt", text="Salt", html="<p>Salt</p>"),
            dedupe_key=f"digest:1:{each.id}",
            reader_id=each.id,
            now=datetime.now(UTC),
        )

    client.post(address, data=ONE_CLICK)
    jobs.run()

    assert [received.recipients for received in smtp.received] == [("other@example.org",)]
    waiting = database.session.query(Delivery).filter_by(reader_id=reader.id).one()
    assert waiting.state is State.CANCELLED


def test_pending_reader_can_leave_too(client, db, smtp, jobs):
    pending = factories.subscription(state=SubscriptionState.PENDING)
    token = links.leave_token(pending)

    client.post(f"/unsubscribe/{token}", data=ONE_CLICK)

    assert state() is SubscriptionState.LEFT
