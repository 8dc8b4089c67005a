"""Each thing that is followed has its own cadence, what falls into one slot is one letter, and no post comes twice."""

from datetime import timedelta

import pytest

from tests import factories
from tests.unit.digests.conftest import SLOT, WEEK, appear, choose, subjects
from webapp.digests import news, operations

HOUR, DAY = timedelta(hours=1), timedelta(days=1)


def wait_until(site, instant, step=DAY):
    """Every day's slot comes on the way."""
    at = SLOT
    while at < instant:
        at += step
        site.at(at)
        site.beat()


def test_an_author_is_mailed_at_once_and_everything_else_once_a_week(site, mira, reader):
    choose(reader, f"site @{mira.id}=post", SLOT)
    appear(site, mira, "Bread", SLOT + DAY)
    assert subjects(site) == ["Bread"]

    appear(site, site.author, "Salt", SLOT + 2 * DAY)
    appear(site, mira, "Rye", SLOT + 3 * DAY)
    assert subjects(site) == ["Bread", "Rye"]

    site.at(SLOT + WEEK)
    site.beat()
    assert subjects(site) == ["Bread", "Rye", "Salt"]


def test_letters_of_two_cadences_that_fall_into_one_slot_are_one_mail(site, mira, reader):
    choose(reader, f"@{site.author.id} @{mira.id}=daily", SLOT)
    appear(site, site.author, "Salt", SLOT + HOUR)
    appear(site, mira, "Bread", SLOT + WEEK - HOUR)

    wait_until(site, SLOT + WEEK)

    (mail,) = site.letters()
    assert len(mail.links("/posts/")) == 2


def test_a_post_that_is_followed_at_two_cadences_comes_with_the_first_and_not_again(site, mira, reader):
    factories.tag("garden")
    choose(reader, f"site=monthly @{mira.id}=daily", SLOT)
    appear(site, mira, "Bread", SLOT + HOUR)

    wait_until(site, SLOT + 5 * WEEK)

    assert subjects(site) == ["Bread"]


@pytest.mark.parametrize(("before", "after"), [("weekly", "daily"), ("daily", "weekly"), ("weekly", "post")])
def test_a_change_of_one_cadence_between_its_slots_loses_no_post_and_repeats_none(site, mira, reader, before, after):
    choose(reader, f"@{site.author.id}=daily @{mira.id}={before}", SLOT)
    appear(site, mira, "Bread", SLOT + DAY + HOUR)
    appear(site, site.author, "Salt", SLOT + DAY + HOUR)
    wait_until(site, SLOT + 2 * DAY)
    choose(reader, f"@{site.author.id}=daily @{mira.id}={after}", SLOT + 2 * DAY + HOUR)

    wait_until(site, SLOT + 2 * WEEK)

    links = sorted(link for mail in site.smtp.to("bob@example.org") for link in set(mail.links("/posts/")))
    assert len(links) == len(set(links)) == 2


def test_first_letter_of_each_cadence_covers_one_period_of_its_own(site, mira):
    for days in (1, 3, 6, 8):
        site.publish(f"Salt of {days} days ago", SLOT - days * DAY - HOUR)
        factories.post(mira, f"Bread of {days} days ago", published_at=SLOT - days * DAY - HOUR)
    factories.post(mira, "Bread of today", published_at=SLOT - HOUR)
    news.take_as_dated()
    reader = site.reader()
    choose(reader, f"@{site.author.id} @{mira.id}=daily", SLOT - 2 * DAY)

    site.beat()

    titles = [line for line in site.letters()[0].text.splitlines() if line.endswith((" ago", "today"))]
    assert sorted(titles) == ["Bread of today", "Salt of 1 days ago", "Salt of 3 days ago", "Salt of 6 days ago"]


def test_a_preview_holds_all_that_waits_whatever_its_day(site, mira, reader):
    choose(reader, f"@{site.author.id} @{mira.id}=daily", SLOT)
    appear(site, mira, "Bread", SLOT + HOUR)
    wait_until(site, SLOT + DAY)
    appear(site, site.author, "Salt", SLOT + DAY + HOUR)
    appear(site, mira, "Rye", SLOT + DAY + 2 * HOUR)

    letter = operations.preview(reader, now=SLOT + DAY + 3 * HOUR)

    assert "Salt" in letter.text
    assert "Rye" in letter.text
    assert "Bread" not in letter.text
