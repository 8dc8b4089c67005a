"""The list of readers on a page: out with its proofs, in without a mail, and a trial first. For administrators."""

from __future__ import annotations

import csv
import io
from datetime import UTC, datetime

import pytest

from tests import factories
from tests.world import post_form, sign_in
from webapp.accounts.models import Role
from webapp.audit.models import AuditEntry
from webapp.extensions import db
from webapp.mail.models import Delivery
from webapp.subscriptions import lists
from webapp.subscriptions.models import Subscription, SubscriptionState
from webapp.subscriptions.views import listing

PAGE = "/letters/readers"
LIST = "email,consent,confirmed_at\na@example.org,Yes please,2026-01-01T10:00:00Z\nb@example.org,,\n"


@pytest.fixture
def admin(client, db):
    return sign_in(client, factories.person("Ada", role=Role.ADMIN))


def give(door, text, **fields):
    raw = text.encode() if isinstance(text, str) else text
    return post_form(door, PAGE, file=(io.BytesIO(raw), "readers.csv"), **fields)


def test_the_file_holds_everyone_with_the_proof_of_their_consent(admin):
    factories.subscription("dora@example.org", consent="“Yes” on the page /, from 192.0.2.1")
    factories.subscription("left@example.org", state=SubscriptionState.LEFT, consent="=HYPERLINK(1)")

    answer = admin.get("/letters/readers.csv")

    rows = list(csv.DictReader(io.StringIO(answer.text)))
    assert [(row["email"], row["state"]) for row in rows] == [
        ("dora@example.org", "active"),
        ("left@example.org", "left"),
    ]
    assert "192.0.2.1" in rows[0]["consent"]
    assert rows[1]["consent"] == "'=HYPERLINK(1)"
    assert answer.headers["Content-Disposition"].startswith("attachment")


def test_the_page_says_how_long_a_list_may_be(admin, monkeypatch):
    assert "up to 4 MB" in admin.get(PAGE).text
    monkeypatch.setattr(listing, "MOST_BYTES", 1000)
    answer = give(admin, "email\n" + "x" * 1000)
    assert answer.status_code == 422
    assert "`subscribers import`" in answer.text


def test_the_file_leaves_in_pieces(admin, monkeypatch):
    monkeypatch.setattr(lists, "PAGE", 10)
    for number in range(25):
        factories.subscription(f"r{number}@example.org")

    answer = admin.get("/letters/readers.csv", buffered=False)

    pieces = [piece.decode() for piece in answer.response]
    assert [piece.count("@example.org") for piece in pieces] == [0, 10, 10, 5]
    assert len(list(csv.DictReader(io.StringIO("".join(pieces))))) == 25


def test_a_trial_says_what_would_happen_and_writes_nothing(admin):
    answer = give(admin, LIST, trial="1")

    assert "A trial: nothing was written." in answer.text
    assert "1 new, 0 known before, 1 left out." in answer.text
    assert "Line 3: No proof of consent" in answer.text
    assert db.session.query(Subscription).count() == 0


def test_who_can_show_a_consent_is_added_and_nobody_is_mailed(admin):
    answer = give(admin, LIST)

    assert "Done. Nobody was mailed." in answer.text
    made = db.session.query(Subscription).one()
    assert (made.address, made.state, made.consent) == ("a@example.org", SubscriptionState.ACTIVE, "Yes please")
    assert made.confirmed_at == datetime(2026, 1, 1, 10, tzinfo=UTC)
    assert db.session.query(Delivery).count() == 0
    assert db.session.query(AuditEntry).filter_by(action="subscribers.imported").count() == 1


@pytest.mark.parametrize(
    "raw", [b"", b"\x89PNG\r\n\x1a\n", b"address\nx@example.org\n", b"email\n\0\n", b"email\n\xff@x.org\n"]
)
def test_what_is_no_list_adds_nobody(admin, raw):
    assert give(admin, raw).status_code in {200, 422}
    assert db.session.query(Subscription).count() == 0


@pytest.mark.parametrize("name", ["bob", "alice", "olive"])
def test_the_list_is_for_administrators_alone(client, world, name):
    door = sign_in(client, getattr(world, name))

    assert door.get(PAGE).status_code == 403
    assert door.get("/letters/readers.csv").status_code == 403


def test_one_more_reader_costs_as_many_statements_among_a_thousand_as_among_ten(db, statements_of):
    line = {"consent": "Yes", "confirmed_at": "2026-01-01T10:00:00Z"}
    now = datetime(2026, 11, 25, tzinfo=UTC)
    few = len(statements_of(lambda: lists.bring([line | {"email": "first@example.org"}], now=now)))
    for number in range(1000):
        db.session.add(Subscription(address=f"r{number}@example.org", asked_at=now, confirmed_at=now, state="active"))
    db.session.commit()

    assert len(statements_of(lambda: lists.bring([line | {"email": "last@example.org"}], now=now))) == few
