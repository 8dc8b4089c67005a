"""Who gets what: each reader's own window, and each window once."""

from datetime import timedelta

import pytest

from tests.unit.digests.conftest import SLOT, WEEK
from webapp.digests import operations
from webapp.digests.models import DigestRun, RunState
from webapp.extensions import db
from webapp.mail.models import Delivery, MailContent, State
from webapp.posts import operations as posts
from webapp.subscriptions import links
from webapp.subscriptions import operations as subscriptions
from webapp.subscriptions.models import Subscription, SubscriptionState

HOUR = timedelta(hours=1)


def covered():
    return set(db.session.scalars(db.select(Subscription.covered_until)))


def test_first_letter_covers_the_week_before_posts_older_than_the_subscription_included(site):
    site.publish("A week and an hour ago", SLOT - WEEK - HOUR)
    site.publish("Six days ago", SLOT - WEEK + HOUR)
    site.reader(asked_at=SLOT - HOUR, confirmed_at=SLOT - HOUR)

    site.beat()

    (letter,) = site.letters()
    assert "Six days ago" in letter.text
    assert "A week and an hour ago" not in letter.text


def test_letters_of_one_reader_meet_without_gap_or_overlap(site):
    site.reader()
    for hours in range(-24 * 14, 0, 12):
        site.publish(f"Post of hour {hours}", SLOT + WEEK + hours * HOUR)
    site.beat()
    site.at(SLOT + WEEK)
    site.beat()

    titles = [line for letter in site.letters() for line in letter.text.splitlines() if line.startswith("Post of")]
    assert titles == [f"Post of hour {hours}" for hours in range(-24 * 14 + 12, 0, 12)]


@pytest.mark.parametrize("state", [SubscriptionState.PENDING, SubscriptionState.LEFT])
def test_who_has_not_confirmed_or_has_left_gets_nothing(site, state):
    site.publish("Salt", SLOT - HOUR)
    site.reader("other@example.org")
    site.reader(state=state)

    site.beat()

    assert site.letters() == []


def test_reader_who_has_everything_gets_no_empty_letter_beside_one_who_does(site):
    site.publish("Salt", SLOT - HOUR)
    site.reader("other@example.org")
    site.reader(covered_until=SLOT - HOUR)

    site.beat()

    assert site.letters() == []
    run = db.session.query(DigestRun).filter_by(slot_at=SLOT).one()
    assert (run.expected, run.excluded) == (1, 1)


def test_readers_to_whom_the_same_is_new_share_one_content(site):
    site.publish("Salt", SLOT - HOUR)
    for number in range(5):
        site.reader(f"reader-{number}@example.org")
    site.reader("new@example.org", covered_until=SLOT - 2 * HOUR)

    site.beat()

    assert db.session.query(MailContent).count() == 1
    links_sent = {site.letters(f"reader-{number}@example.org")[0].link("/unsubscribe/") for number in range(5)}
    assert len(links_sent) == 5


def test_run_interrupted_between_pages_goes_on_and_repeats_nobody(site, monkeypatch):
    monkeypatch.setattr(operations, "PAGE", 2)
    site.publish("Salt", SLOT - HOUR)
    for number in range(5):
        site.reader(f"reader-{number}@example.org")
    steps = operations.tick(now=SLOT)
    for _ in range(2):
        next(steps)
        db.session.commit()
    steps.close()  # the process dies here, one page written
    assert db.session.query(Delivery).count() == 2

    site.at(SLOT + HOUR)
    site.beat()

    assert [len(site.letters(f"reader-{number}@example.org")) for number in range(5)] == [1] * 5
    assert covered() == {SLOT}


def test_page_that_fails_halfway_leaves_no_trace(site, monkeypatch):
    site.publish("Salt", SLOT - HOUR)
    for number in range(3):
        site.reader(f"reader-{number}@example.org")
    written = operations.mail.enqueue

    def fails_at_the_second(**row):
        if row["address"].startswith("reader-1"):
            raise ConnectionError("the database went away")
        return written(**row)

    with monkeypatch.context() as broken:
        broken.setattr(operations.mail, "enqueue", fails_at_the_second)
        with pytest.raises(ConnectionError):
            site.beat()
    db.session.rollback()
    assert db.session.query(Delivery).count() == 0
    assert covered() == {None}

    site.beat()

    assert [len(site.letters(f"reader-{number}@example.org")) for number in range(3)] == [1] * 3


def test_two_planners_at_once_share_the_readers(site, monkeypatch):
    monkeypatch.setattr(operations, "PAGE", 1)
    site.publish("Salt", SLOT - HOUR)
    for number in range(4):
        site.reader(f"reader-{number}@example.org")
    planners = [operations.tick(now=SLOT), operations.tick(now=SLOT)]
    while planners:
        for planner in list(planners):
            if next(planner, planner) is planner:
                planners.remove(planner)
            db.session.commit()
    site.jobs.run()

    assert [len(site.letters(f"reader-{number}@example.org")) for number in range(4)] == [1] * 4
    assert db.session.query(DigestRun).filter_by(slot_at=SLOT).one().expected == 4


def test_who_leaves_while_the_run_is_planned_gets_nothing(site, monkeypatch):
    monkeypatch.setattr(operations, "PAGE", 1)
    site.publish("Salt", SLOT - HOUR)
    early, late = site.reader("early@example.org"), site.reader("late@example.org")
    steps = operations.tick(now=SLOT)
    for _ in range(2):
        next(steps)
        db.session.commit()

    for reader in (early, late):
        subscriptions.leave(reader, now=SLOT)
    db.session.commit()
    for _ in steps:
        db.session.commit()
    site.jobs.run()

    assert site.smtp.received == []
    assert [delivery.state for delivery in db.session.query(Delivery)] == [State.CANCELLED]


@pytest.fixture
def page_by_page(site, monkeypatch):
    """A run over four readers, two a page, of whom the last reads Chinese; and the first page is written."""
    monkeypatch.setattr(operations, "PAGE", 2)
    for number, language in enumerate((None, None, None, "zh-Hans")):
        site.reader(f"reader-{number}@example.org", language=language)

    def begin():
        steps = operations.tick(now=SLOT)
        for _ in range(2):
            next(steps)
            db.session.commit()
        return steps

    return begin


def finish(site, steps):
    for _ in steps:
        db.session.commit()
    site.jobs.run()
    db.session.expire_all()


def test_a_post_taken_back_while_the_run_goes_is_not_on_later_pages(site, page_by_page):
    site.publish("Salt", SLOT - HOUR)
    gone = site.publish("Regret", SLOT - 2 * HOUR)
    steps = page_by_page()
    posts.unpublish(gone, by=site.author, now=SLOT)
    db.session.commit()

    finish(site, steps)

    subjects = [site.letters(f"reader-{number}@example.org")[0].subject for number in range(4)]
    assert subjects == ["Regret, and 1 more"] * 2 + ["Salt"] * 2

    site.at(SLOT + HOUR)
    posts.publish(gone, by=site.author, now=SLOT + HOUR)
    site.at(SLOT + WEEK)
    site.beat()
    assert [len(site.letters(f"reader-{number}@example.org")) for number in range(4)] == [1, 1, 2, 2]


def test_who_is_left_with_nothing_while_the_run_goes_gets_no_letter(site, page_by_page):
    gone = site.publish("Regret", SLOT - HOUR)
    steps = page_by_page()
    posts.unpublish(gone, by=site.author, now=SLOT)
    db.session.commit()

    finish(site, steps)

    run = db.session.query(DigestRun).filter_by(slot_at=SLOT).one()
    assert site.smtp.received == []
    assert (run.expected, run.excluded) == (2, 2)


def test_a_post_taken_back_between_two_languages_of_a_page_breaks_nothing(site, page_by_page, monkeypatch):
    gone = site.publish("Regret", SLOT - HOUR)
    monkeypatch.setattr(operations, "PAGE", 200)
    written = operations.mail.enqueue

    def taken_back_after_the_third(**row):
        made = written(**row)
        if row["address"].startswith("reader-2"):
            posts.unpublish(gone, by=site.author, now=SLOT)
        return made

    monkeypatch.setattr(operations.mail, "enqueue", taken_back_after_the_third)
    finish(site, page_by_page())

    run = db.session.query(DigestRun).filter_by(slot_at=SLOT).one()
    assert (run.expected, run.excluded) == (3, 1)


def test_run_is_done_when_every_mail_has_ended(site):
    site.publish("Salt", SLOT - HOUR)
    site.reader()
    site.reader("gone@example.org")
    site.smtp.replies["gone@example.org"] = "550 5.1.1 no such user"
    site.beat()
    assert site.runs()[-1][2] is RunState.FROZEN

    site.beat()

    assert site.runs()[-1][2] is RunState.DONE
    assert len(site.letters()) == 1


def test_run_is_not_done_while_a_mail_is_tried_again(site):
    site.publish("Salt", SLOT - HOUR)
    site.reader()
    site.smtp.replies["bob@example.org"] = "450 4.2.1 later"
    site.beat()
    site.beat()

    assert site.runs()[-1][2] is RunState.FROZEN


def test_run_that_cannot_be_planned_within_two_days_has_failed(site):
    site.publish("Salt", SLOT - HOUR)
    site.reader()
    next(operations.tick(now=SLOT))
    db.session.commit()
    site.at(SLOT + timedelta(hours=49))

    site.beat()

    assert site.runs()[-1][2] is RunState.FAILED
    assert site.letters() == []
    assert covered() == {None}


def test_who_comes_back_after_a_year_gets_the_last_week(site):
    reader = site.reader(state=SubscriptionState.PENDING, covered_until=SLOT - 52 * WEEK)
    site.publish("Long ago", SLOT - 30 * WEEK)
    site.publish("Salt", SLOT - HOUR)
    subscriptions.confirm(reader, now=SLOT - 2 * HOUR)

    site.beat()

    (letter,) = site.letters()
    assert "Salt" in letter.text
    assert "Long ago" not in letter.text


def test_who_comes_back_within_the_week_gets_nothing_twice(site):
    reader = site.reader()
    site.publish("Salt", SLOT - HOUR)
    site.beat()
    site.at(SLOT + HOUR)
    subscriptions.leave(reader, now=SLOT + HOUR)
    subscriptions.ask(email=reader.address, consent="page", now=SLOT + 2 * HOUR)
    subscriptions.confirm(reader, now=SLOT + 2 * HOUR)
    site.publish("Bread", SLOT + 3 * HOUR)
    site.at(SLOT + WEEK)
    site.beat()

    assert [letter.subject for letter in site.letters()] == ["Salt", "Bread"]


def test_leave_link_in_the_letter_is_the_readers_own(site):
    site.publish("Salt", SLOT - HOUR)
    reader = site.reader()
    site.beat()

    token = site.letters()[0].link("/unsubscribe/").rpartition("/")[2]
    assert links.to_leave(token) == reader
