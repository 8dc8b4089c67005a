"""One letter a slot: two beats, late beats, no beats."""

from datetime import timedelta

import pytest
from sqlalchemy import event

from tests.unit.digests.conftest import SLOT, WEEK
from webapp.digests import operations
from webapp.digests.models import DigestRun, RunState
from webapp.mail import sending
from webapp.posts import operations as posts
from webapp.settings.models import SiteSetting

HOUR = timedelta(hours=1)


def test_at_the_slot_every_reader_gets_one_letter(site):
    site.publish("Salt", SLOT - HOUR)
    for name in ("bob", "carol"):
        site.reader(f"{name}@example.org")

    site.beat()

    assert len(site.letters("bob@example.org")) == len(site.letters("carol@example.org")) == 1
    assert site.letters()[0].subject == "Salt"


def test_before_the_slot_nothing_happens(site):
    site.publish("Salt", SLOT - HOUR)
    site.reader()
    site.at(SLOT - timedelta(seconds=1))

    site.beat()

    assert site.letters() == []
    assert len(site.runs()) == 1


def test_two_beats_and_many_ticks_send_once(site):
    site.publish("Salt", SLOT - HOUR)
    site.reader()

    for minute in range(5):
        site.at(SLOT + timedelta(minutes=minute))
        site.beat()
        site.beat()

    assert len(site.letters()) == 1
    assert site.runs()[1:] == [("weekly", SLOT, RunState.DONE)]


def test_a_beat_an_hour_late_sends_the_letter_of_the_slot(site):
    site.publish("Salt", SLOT - HOUR)
    site.publish("Bread", SLOT + timedelta(minutes=5))
    site.reader()
    site.at(SLOT + HOUR)

    site.beat()

    (letter,) = site.letters()
    assert "Salt" in letter.text
    assert "Bread" not in letter.text


def test_after_three_missed_weeks_one_late_letter_covers_them(site):
    site.reader(covered_until=SLOT - WEEK)
    site.publish("First week", SLOT - HOUR)
    site.publish("Second week", SLOT + WEEK - HOUR)
    site.publish("Third week", SLOT + 2 * WEEK - HOUR)
    site.at(SLOT + 2 * WEEK + 3 * HOUR)

    site.beat()

    (letter,) = site.letters()
    assert [title for title in ("First week", "Second week", "Third week") if title not in letter.text] == []
    assert site.runs()[1:] == [
        ("weekly", SLOT, RunState.SKIPPED),
        ("weekly", SLOT + WEEK, RunState.SKIPPED),
        ("weekly", SLOT + 2 * WEEK, RunState.FROZEN),
    ]


def test_more_than_two_days_late_waits_for_the_next_slot_and_loses_nothing(site):
    site.reader(covered_until=SLOT - WEEK)
    site.publish("Salt", SLOT - HOUR)
    site.at(SLOT + timedelta(hours=49))
    site.beat()
    assert site.letters() == []
    assert site.runs()[1:] == [("weekly", SLOT, RunState.SKIPPED)]

    site.at(SLOT + WEEK)
    site.beat()

    assert "Salt" in site.letters()[0].text


def test_no_letter_is_owed_for_the_time_before_the_site_was_installed(site, db):
    installed = SLOT - timedelta(minutes=1)
    db.session.query(DigestRun).delete()
    db.session.get_one(SiteSetting, "installed_at").value = {"at": installed.isoformat()}
    site.reader()
    site.publish("Salt", installed)
    site.at(installed + timedelta(seconds=30))
    site.beat()
    assert site.runs() == []

    site.at(SLOT)
    site.beat()

    assert len(site.letters()) == 1
    assert [slot for _key, slot, _state in site.runs()] == [SLOT]


def test_nothing_new_is_no_letter_and_says_so(site, db):
    site.reader()

    site.beat()

    assert site.letters() == []
    run = db.session.query(DigestRun).filter_by(slot_at=SLOT).one()
    assert (run.state, run.note, run.excluded) == (RunState.SKIPPED, "nothing new", 1)


def test_post_that_appears_after_the_slot_is_in_the_next_letter_only(site):
    site.reader()
    site.publish("On time", SLOT)
    site.publish("Too late", SLOT + timedelta(microseconds=1))
    site.beat()
    site.at(SLOT + WEEK)
    site.beat()

    assert [letter.subject for letter in site.letters()] == ["On time", "Too late"]


def test_edit_and_another_publication_do_not_send_a_post_again(site):
    site.reader()
    post = site.publish("Salt", SLOT - HOUR)
    site.beat()

    by, later = site.author, SLOT + HOUR
    posts.edit(post, by=by, now=later, version=None, body="Another text.")
    posts.unpublish(post, by=by, now=later)
    posts.publish(post, by=by, now=later)
    site.at(SLOT + WEEK)
    site.beat()

    assert len(site.letters()) == 1


def test_post_taken_back_before_the_slot_is_not_in_the_letter(site):
    site.reader()
    site.publish("Salt", SLOT - HOUR)
    gone = site.publish("Regret", SLOT - HOUR)
    posts.unpublish(gone, by=site.author, now=SLOT - timedelta(minutes=1))

    site.beat()

    assert "Regret" not in site.letters()[0].text


@pytest.mark.parametrize("shift", [-HOUR, HOUR])
def test_a_clock_that_jumps_an_hour_sends_no_second_letter(site, shift):
    site.reader()
    site.publish("Salt", SLOT - 2 * HOUR)
    site.at(SLOT + timedelta(minutes=1))
    site.beat()
    site.at(SLOT + timedelta(minutes=1) + shift)
    site.beat()

    assert len(site.letters()) == 1


def test_a_quiet_tick_asks_as_often_for_a_hundred_schedules_as_for_one(site, db):
    def asked():
        site.beat()
        statements = []

        def count(_connection, _cursor, statement, *_rest):
            statements.append(statement)

        event.listen(db.engine, "before_cursor_execute", count)
        for _ in operations.tick(now=SLOT):
            db.session.commit()
        event.remove(db.engine, "before_cursor_execute", count)
        return len(statements)

    chosen = [("weekly wed 9 Europe/Berlin", SLOT), ("weekly wed 10 Europe/Berlin", SLOT - 2 * WEEK)]
    for number, (key, at) in enumerate(chosen):
        site.reader(f"first-{number}@example.org", schedule_key=key, scheduled_from=at)
    few = asked()
    for hour in range(24):
        for number, zone in enumerate(("Asia/Tokyo", "Asia/Shanghai", "Africa/Cairo", "Europe/Paris")):
            key, at = f"weekly thu {hour} {zone}", SLOT - (number % 2) * 2 * WEEK
            site.reader(f"{hour}-{number}@example.org", schedule_key=key, scheduled_from=at)

    assert asked() == few


def test_letter_goes_out_while_the_broker_is_down_once_it_is_back(site, jobs):
    site.reader()
    site.publish("Salt", SLOT - HOUR)
    jobs.refusing = True
    site.beat()
    assert site.letters() == []

    jobs.refusing = False
    sending.drain()

    assert len(site.letters()) == 1
