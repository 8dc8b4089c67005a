"""`manage.py digest`, as someone at a terminal meets it."""

import json
from dataclasses import replace
from datetime import timedelta

import pytest

from tests.unit.digests.conftest import SLOT, WEEK
from webapp.digests.models import DigestRun
from webapp.extensions import db
from webapp.mail.models import Delivery
from webapp.posts.models import PostState
from webapp.subscriptions.models import SubscriptionState

HOUR = timedelta(hours=1)


@pytest.fixture
def digest(site, runner):
    def run(*words):
        answer = runner("digest", *words)
        db.session.expire_all()
        return answer

    return run


def test_send_now_twice_sends_once_and_says_so(digest, site):
    site.at(SLOT - 2 * 24 * HOUR)
    site.reader()
    site.publish("Salt", SLOT - 2 * 24 * HOUR)

    first = digest("send", "--now")
    site.at(SLOT - 2 * 24 * HOUR + timedelta(seconds=1))
    second = digest("send", "--now")
    site.jobs.run()

    assert first.exit_code == second.exit_code == 0
    assert "1 mail is in the ledger" in first.stdout
    assert "Nothing new for anyone" in second.stdout
    assert len(site.letters()) == 1
    assert [key for key, _slot, _state in site.runs()] == ["weekly", "now"]


def test_slot_after_a_letter_for_now_brings_only_what_came_since(digest, site):
    site.reader()
    site.publish("Salt", SLOT - 4 * HOUR)
    site.at(SLOT - 3 * HOUR)
    digest("send", "--now")
    site.publish("Bread", SLOT - HOUR)
    site.at(SLOT)
    site.beat()

    assert [letter.subject for letter in site.letters()] == ["Salt", "Bread"]


def test_send_now_publishes_what_is_due(digest, site):
    site.reader()
    post = site.publish("Salt", None)
    post.state, post.publish_at = PostState.SCHEDULED, SLOT - HOUR
    db.session.commit()

    digest("send", "--now")
    site.jobs.run()

    assert site.letters()[0].subject == "Salt"


def test_send_sends_the_slot_once(digest, site):
    site.reader()
    site.publish("Salt", SLOT - HOUR)

    first, second = digest("send"), digest("send")
    site.jobs.run()

    assert "1 mail is in the ledger" in first.stdout
    assert "gone out already" in second.stdout
    assert len(site.letters()) == 1


def test_send_says_that_a_letter_which_waited_goes_out_by_it(digest, site, app, monkeypatch):
    monkeypatch.setitem(app.config, "ALMANAC", replace(app.config["ALMANAC"], digest_announce_above=1))
    for name in ("bob", "carol"):
        site.reader(f"{name}@example.org")
    site.publish("Salt", SLOT - HOUR)
    assert "this letter waits until 2026-11-28 10:30" in digest("send").stdout

    site.at(SLOT + HOUR)

    assert "2 mails are in the ledger" in digest("send").stdout
    assert "gone out already" in digest("send").stdout


def test_send_without_news_says_why_there_is_no_letter(digest, site):
    site.reader()

    assert "no letter, nothing new" in digest("send").stdout


def test_send_keeps_the_mails_in_the_ledger_when_nothing_runs(digest, site, jobs):
    jobs.refusing = True
    site.reader()
    site.publish("Salt", SLOT - HOUR)

    answer = digest("send", "--now")

    assert answer.exit_code == 0
    assert "worker or dispatcher" in answer.stdout
    assert db.session.query(Delivery).count() == 1


def test_preview_prints_what_the_reader_would_get_and_sends_nothing(digest, site):
    site.reader()
    site.publish("Salt", SLOT - HOUR)

    answer = digest("preview", "Bob@Example.org")

    assert answer.exit_code == 0
    assert answer.stdout.startswith("Subject: Salt\n")
    assert "Leave: http://localhost/digests/links\n" in answer.stdout
    assert db.session.query(Delivery).count() == 0
    assert len(site.runs()) == 1
    site.beat()
    assert len(site.letters()) == 1


def test_preview_says_when_nothing_is_new(digest, site):
    site.reader(covered_until=SLOT - HOUR)

    assert "nothing new since 2026-11-28 09:00 (UTC)" in digest("preview", "bob@example.org").stdout


@pytest.mark.parametrize(
    ("state", "words"), [(SubscriptionState.LEFT, "has left"), (SubscriptionState.PENDING, "has not confirmed")]
)
def test_preview_of_someone_who_gets_nothing_fails_in_one_line(digest, site, state, words):
    site.reader(state=state)

    answer = digest("preview", "bob@example.org")

    assert answer.exit_code == 1
    assert words in answer.stderr
    assert answer.stderr.count("\n") == 1


@pytest.mark.parametrize("address", ["nobody@example.org", "not an address", ""])
def test_preview_of_nobody_fails_in_one_line(digest, address):
    answer = digest("preview", address)

    assert answer.exit_code == 1
    assert answer.stderr.count("\n") == 1


def test_runs_are_listed_for_people_and_for_machines(digest, site):
    site.reader()
    site.publish("Salt", SLOT - HOUR)
    site.beat()

    table = digest("runs").stdout
    newest, older = json.loads(digest("runs", "--json").stdout)

    assert "2026-11-28 10:00" in table
    assert (newest["expected"], newest["mails"], newest["state"]) == (1, {"sent": 1}, "frozen")
    assert older["slot_at"] == (SLOT - WEEK).isoformat()


def test_runs_of_a_new_site_are_none(digest):
    db.session.query(DigestRun).delete()

    assert digest("runs").stdout == "No letter has gone out yet.\n"
    assert json.loads(digest("runs", "--json").stdout) == []


def test_test_mails_a_readers_letter_to_somebody_else_and_moves_nothing(digest, site):
    site.reader()
    site.publish("Salt", SLOT - HOUR)

    assert digest("test", "bob@example.org", "--to", "ines@example.org").exit_code == 0
    site.jobs.run()

    assert site.smtp.only("ines@example.org", "test").subject == "Salt"
    site.beat()
    assert [letter.subject for letter in site.letters()] == ["Salt"]
