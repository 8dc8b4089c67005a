"""What waits, is stopped or was missed: none of it comes twice, and the letter after it brings what is owed."""

from dataclasses import replace
from datetime import timedelta

import pytest

from tests import factories
from tests.unit.digests.conftest import SLOT, WEEK, appear, choose, subjects
from webapp.accounts.models import Role
from webapp.digests import news, opening
from webapp.digests.models import DigestRun, RunState
from webapp.extensions import db
from webapp.subscriptions.models import Cadence

MINUTE, HOUR, DAY = timedelta(minutes=1), timedelta(hours=1), timedelta(days=1)
DECEMBER = SLOT + WEEK
"""The first Saturday of the month after."""


@pytest.fixture
def announced(app, monkeypatch):
    """From now on a letter for more than one reader waits for half an hour."""
    monkeypatch.setitem(app.config, "ALMANAC", replace(app.config["ALMANAC"], digest_announce_above=1))


def beat_at(site, *instants):
    for instant in instants:
        site.at(instant)
        site.beat()


def stop_the_last(now):
    run = db.session.query(DigestRun).filter_by(state=RunState.ANNOUNCED).one()
    opening.stop(run.id, by="edith@example.org", now=now)
    db.session.commit()


def titles(letter):
    return sorted(line for line in letter.text.splitlines() if line in {"Salt", "Bread", "Rye"})


def test_what_is_mailed_while_a_letter_waits_is_not_mailed_again_after_it(site, mira, reader, announced):
    choose(reader, f"site @{mira.id}=post", SLOT)
    site.reader("carol@example.org", covered_until=SLOT)
    appear(site, site.author, "Salt", SLOT + DAY)
    beat_at(site, SLOT + WEEK)
    appear(site, mira, "Bread", SLOT + WEEK + 10 * MINUTE)
    assert subjects(site) == ["Bread"]

    beat_at(site, SLOT + WEEK + HOUR)
    appear(site, mira, "Rye", SLOT + WEEK + 2 * HOUR)
    beat_at(site, SLOT + 2 * WEEK, SLOT + 2 * WEEK + HOUR)

    assert subjects(site) == ["Bread", "Salt", "Rye"]


def test_what_a_stopped_letter_held_is_in_a_readers_first_letter(site, announced):
    for name in ("bob", "carol"):
        site.reader(f"{name}@example.org")
    site.publish("Salt", SLOT - HOUR)
    site.publish("Rye", SLOT - WEEK - HOUR)
    site.beat()
    stop_the_last(SLOT + MINUTE)

    site.publish("Bread", SLOT + HOUR)
    beat_at(site, SLOT + WEEK, SLOT + WEEK + HOUR)

    assert titles(site.letters()[0]) == ["Bread", "Salt"]


def test_what_a_letter_held_that_was_too_late_is_in_a_readers_first_letter(site):
    site.reader()
    site.publish("Salt", SLOT - HOUR)
    beat_at(site, SLOT + 49 * HOUR, SLOT + WEEK)

    assert [letter.subject for letter in site.letters()] == ["Salt"]


def test_a_first_letter_after_one_in_which_nothing_was_new_covers_one_period(site):
    post = site.publish("Salt", SLOT - HOUR)
    site.reader("carol@example.org", covered_until=SLOT)
    site.beat()
    site.reader()
    site.publish("Bread", SLOT + HOUR)
    beat_at(site, SLOT + WEEK)

    assert post.is_public
    assert [letter.subject for letter in site.letters()] == ["Bread"]


def test_a_week_whose_slot_was_missed_comes_with_the_next_day(site, mira, reader):
    choose(reader, f"@{site.author.id}=weekly @{mira.id}=daily", SLOT)
    appear(site, site.author, "Salt", SLOT + WEEK - DAY - HOUR)
    beat_at(site, SLOT + WEEK - DAY)

    beat_at(site, SLOT + WEEK + DAY + HOUR)

    assert subjects(site) == ["Salt"]
    assert site.runs()[-1][1] == SLOT + WEEK + DAY


def test_a_month_whose_slot_was_missed_comes_with_the_next_week_and_once(site, mira, reader):
    choose(reader, f"@{site.author.id}=weekly @{mira.id}=monthly", SLOT)
    appear(site, mira, "Bread", SLOT + HOUR)

    beat_at(site, DECEMBER + 3 * DAY, DECEMBER + WEEK)
    assert subjects(site) == ["Bread"]

    appear(site, mira, "Rye", DECEMBER + WEEK + HOUR)
    beat_at(site, DECEMBER + 2 * WEEK)
    assert subjects(site) == ["Bread"]


def test_a_month_whose_letter_was_stopped_comes_with_the_next_week(site, mira, reader, announced):
    choose(reader, f"@{site.author.id}=weekly @{mira.id}=monthly", SLOT)
    site.reader("carol@example.org", covered_until=SLOT)
    appear(site, mira, "Bread", SLOT + HOUR)
    beat_at(site, DECEMBER)
    stop_the_last(DECEMBER + MINUTE)

    beat_at(site, DECEMBER + WEEK, DECEMBER + WEEK + HOUR)

    assert subjects(site) == ["Bread"]


def test_who_chose_days_after_a_slot_was_missed_is_not_caught_up_with(site, mira, reader):
    beat_at(site, DECEMBER + 3 * DAY)
    choose(reader, f"@{site.author.id}=daily @{mira.id}=monthly", DECEMBER + 3 * DAY)
    appear(site, mira, "Bread", DECEMBER + 3 * DAY + HOUR)

    beat_at(site, DECEMBER + 4 * DAY)

    assert subjects(site) == []


def test_a_new_follow_brings_nothing_from_before_the_last_usual_letter(site, mira, reader):
    nina = factories.person("Nina", role=Role.AUTHOR)
    choose(reader, f"@{site.author.id} @{mira.id}=monthly", DECEMBER)
    beat_at(site, DECEMBER)
    appear(site, nina, "Salt", DECEMBER + DAY)
    beat_at(site, DECEMBER + WEEK)
    appear(site, nina, "Rye", DECEMBER + WEEK + DAY)
    choose(reader, f"@{site.author.id} @{nina.id} @{mira.id}=monthly", DECEMBER + WEEK + 2 * DAY)

    beat_at(site, DECEMBER + 2 * WEEK)

    assert subjects(site) == ["Rye"]


def test_a_letter_announced_late_still_goes_out(site, announced):
    for name in ("bob", "carol"):
        site.reader(f"{name}@example.org")
    site.publish("Salt", SLOT - HOUR)

    beat_at(site, SLOT + 48 * HOUR - MINUTE, SLOT + 48 * HOUR + 40 * MINUTE)

    assert len(site.letters()) == 1


def test_a_choice_of_another_cadence_while_a_letter_waits_loses_nothing(site, mira, reader, announced):
    site.reader("carol@example.org", covered_until=SLOT)
    appear(site, site.author, "Salt", SLOT + DAY)
    beat_at(site, SLOT + WEEK)
    choose(reader, "site", SLOT + WEEK + MINUTE, Cadence.DAILY)

    beat_at(site, SLOT + WEEK + HOUR, SLOT + WEEK + DAY)

    assert subjects(site) == ["Salt"]


def test_the_ledger_says_of_any_number_of_readers_who_had_a_post(site):
    post = site.publish("Salt", SLOT - HOUR)
    reader = site.reader()
    site.beat()

    assert news.had_before(range(300_000), [post.id]) == {(reader.id, post.id)}
