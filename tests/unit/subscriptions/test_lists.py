"""The list of readers as a file, by command: out with the proof of each consent, and in again as it was."""

from __future__ import annotations

import csv
import io
from datetime import timedelta

import pytest

from tests import factories
from tests.unit.subscriptions.conftest import NOW
from webapp.accounts.models import Role
from webapp.extensions import db
from webapp.mail.models import Delivery
from webapp.subscriptions import dormancy, lists, operations
from webapp.subscriptions.following import Following
from webapp.subscriptions.models import Cadence, Subscription, SubscriptionState

pytestmark = pytest.mark.usefixtures("wednesday")


def exported(runner):
    return list(csv.DictReader(io.StringIO(runner("subscribers", "export", "-").stdout)))


def brought(runner, tmp_path, text, *words):
    file = tmp_path / "readers.csv"
    file.write_text(text, encoding="utf-8")
    return runner("subscribers", "import", str(file), *words)


HEAD = "email,state,follow,cadence,consent,confirmed_at\n"


def test_what_is_exported_can_be_brought_to_another_house(runner, reader, tmp_path):
    author = factories.person("Ines", role=Role.AUTHOR)
    follows = Following.read(f"site=weekly @{author.id}=post")
    operations.choose(reader, operations.Wish(follows, Cadence.DAILY, hour=7), now=NOW)
    db.session.commit()
    text = runner("subscribers", "export", "-").stdout
    before = exported(runner)
    db.session.delete(reader)
    db.session.commit()

    answer = brought(runner, tmp_path, text)

    assert answer.exit_code == 0, answer.output
    assert exported(runner) == before
    assert db.session.query(Delivery).count() == 0


def test_who_cannot_show_a_consent_is_left_out_and_named_by_line(runner, db, tmp_path):
    text = (
        HEAD
        + "a@example.org,,site,,Yes please,2026-01-01T10:00:00Z\nb@example.org,,site,,,\nnobody,,site,,Yes,2026-01-01\n"
    )

    answer = brought(runner, tmp_path, text)

    assert "1 were added, 0 known before, 2 left out." in answer.output
    assert "Line 3: No proof of consent" in answer.output
    assert [each.address for each in db.session.query(Subscription)] == ["a@example.org"]
    assert db.session.query(Subscription).one().covered_until == NOW


def test_a_dry_run_writes_nothing(runner, db, tmp_path):
    answer = brought(runner, tmp_path, HEAD + "a@example.org,,site,,Yes,2026-01-01T10:00:00Z\n", "--dry-run")

    assert "1 would be added" in answer.output
    assert db.session.query(Subscription).count() == 0


def test_who_left_does_not_come_back_by_a_list(runner, reader, tmp_path):
    operations.leave(reader, now=NOW - timedelta(days=1))
    db.session.commit()

    brought(runner, tmp_path, HEAD + "dora@example.org,active,,,Yes,2026-01-01T10:00:00Z\n")

    db.session.expire_all()
    assert reader.state is SubscriptionState.LEFT


@pytest.mark.parametrize("text", ["", "address\nx\n", "email\n\0\n", "\x89PNG\r\n"])
def test_what_is_no_list_brings_nobody(runner, db, tmp_path, text):
    brought(runner, tmp_path, text)

    assert db.session.query(Subscription).count() == 0


@pytest.mark.parametrize(
    "pause", [NOW + timedelta(days=20, seconds=7), NOW - timedelta(days=20), dormancy.UNTIL_THEY_ANSWER]
)
def test_a_pause_and_a_language_come_along(runner, reader, tmp_path, pause):
    reader.paused_until, reader.language = pause, "zh-Hans"
    db.session.commit()
    text = runner("subscribers", "export", "-").stdout
    db.session.delete(reader)
    db.session.commit()

    answer = brought(runner, tmp_path, text)

    assert "1 were added" in answer.output
    made = db.session.query(Subscription).one()
    assert (made.paused_until, made.language) == (pause, "zh-Hans")


@pytest.mark.parametrize(
    ("column", "value", "says"),
    [
        ("paused_until", "2036-01-01T00:00:00Z", "within a year"),
        ("paused_until", "someday", "paused_until is no time"),
        ("paused_until", "0001-01-01T00:00:00+23:59", "paused_until is no time"),
        ("confirmed_at", "0001-01-01T00:00:00+23:59", "confirmed_at is no time"),
        ("language", "tlh", "We do not write tlh."),
        ("follow", "", "It follows nothing"),
        ("follow", "  ", "It follows nothing"),
        ("follow", "author:nobody", "There is no such author or tag here"),
        ("follow", "site=hourly", "The cadence is"),
        ("weekday", "7", "Choose a day of the week."),
        ("hour", "99999999999999999999", "hour is not a number."),
    ],
)
def test_a_row_that_does_not_fit_is_left_out_and_says_why(runner, db, tmp_path, column, value, says):
    row = {"email": "a@example.org", "consent": "Yes", "confirmed_at": "2026-01-01T10:00:00Z"}
    file = io.StringIO()
    writer = csv.DictWriter(file, row | {column: value})
    writer.writeheader()
    writer.writerow(row | {column: value})

    answer = brought(runner, tmp_path, file.getvalue())

    assert answer.exit_code == 0, answer.output
    assert "Line 2: " in answer.output
    assert says in answer.output
    assert db.session.query(Subscription).filter_by(address="a@example.org").count() == 0


def test_a_list_without_the_column_follows_the_site(runner, db, tmp_path):
    brought(runner, tmp_path, "email,consent,confirmed_at\na@example.org,Yes,2026-01-01T10:00:00Z\n")

    assert db.session.query(Subscription).one().follows == "site"


def test_who_followed_what_is_gone_does_not_get_the_whole_site_elsewhere(runner, reader, tmp_path):
    reader.follows = "@1234567 #1234567=daily"
    db.session.commit()
    text = runner("subscribers", "export", "-").stdout
    db.session.delete(reader)
    db.session.commit()

    answer = brought(runner, tmp_path, text)

    assert "0 were added, 0 known before, 1 left out." in answer.output
    assert "Line 2: It follows nothing" in answer.output


def test_who_has_left_comes_along_whatever_they_followed(runner, reader, tmp_path):
    reader.follows = "@1234567"
    operations.leave(reader, now=NOW - timedelta(days=1))
    db.session.commit()
    text = runner("subscribers", "export", "-").stdout
    db.session.delete(reader)
    db.session.commit()

    assert "1 were added" in brought(runner, tmp_path, text).output
    assert db.session.query(Subscription).one().state is SubscriptionState.LEFT


@pytest.mark.parametrize("kept", ["@99999999999999999999", "site #99999999999999999999=daily"])
def test_a_number_that_nobody_can_have_does_not_break_the_list(runner, reader, kept):
    reader.follows = kept

    assert exported(runner)[0]["email"] == "dora@example.org"


def test_a_page_of_the_list_takes_the_same_statements_however_many_and_whatever_they_follow(
    runner, world, db, statements_of, monkeypatch
):
    monkeypatch.setattr(lists, "PAGE", 10)
    factories.post(world.alice, published_at=NOW, tags=("garden",))
    tag = factories.tag("garden")
    each = [f"@{world.alice.id}", f"#{tag.id}=daily", f"site @{world.carol.id}=post"]
    for number in range(9):
        factories.subscription(f"r{number}@example.org", follows=each[number % 3])
    db.session.commit()
    few = len(statements_of(lambda: exported(runner)))
    for number in range(9, 39):
        factories.subscription(f"r{number}@example.org", follows=each[number % 3])
    db.session.commit()
    many = len(statements_of(lambda: exported(runner)))

    rows = exported(runner)
    assert len(rows) == 39
    assert [row["follow"] for row in rows[:3]] == ["author:alice", "tag:garden=daily", "site author:carol=post"]
    assert many - few == 3 * 3  # three more pages: the readers, the authors, the tags
