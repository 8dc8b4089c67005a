"""Letters for who follows what, at times of their own; each post mailed when it appears; a letter that is stopped."""

from dataclasses import replace
from datetime import timedelta
from email import message_from_string

import pytest
from bs4 import BeautifulSoup

from tests import factories
from tests.unit.digests.conftest import SLOT, WEEK
from tests.unit.mail.test_resolving import complaint_to
from tests.world import post_form
from webapp.accounts.models import Role
from webapp.digests import mails, operations
from webapp.digests.models import DigestRun, RunState
from webapp.extensions import db
from webapp.mail import bounces
from webapp.mail.models import Delivery, State
from webapp.posts import operations as posts
from webapp.subscriptions import links
from webapp.subscriptions import operations as subscriptions
from webapp.subscriptions.following import Following
from webapp.subscriptions.models import Cadence
from webapp.subscriptions.operations import Wish

HOUR = timedelta(hours=1)


def by_author(person):
    return str(Following(authors=frozenset({person.id})))


def test_who_follows_an_author_gets_that_author_only(site, mira):
    site.publish("Salt", SLOT - HOUR)
    factories.post(mira, "Bread", published_at=SLOT - HOUR)
    site.reader(follows=by_author(mira))

    site.beat()

    assert [letter.subject for letter in site.letters()] == ["Bread"]


def test_who_follows_a_tag_and_its_author_gets_the_post_once(site):
    made = factories.post(site.author, "Salt", published_at=SLOT - HOUR, tags=("kitchen",))
    follows = Following(authors=frozenset({site.author.id}), tags=frozenset({made.tags[0].id}))
    site.reader(follows=str(follows))

    site.beat()

    assert len(site.letters()[0].links("/posts/")) == 1


def test_a_thousand_readers_of_fifty_followed_sets_are_rendered_fifty_times(site, monkeypatch):
    tags = [factories.tag(f"tag {number}") for number in range(50)]
    for number, tag in enumerate(tags):
        factories.post(site.author, f"Post {number}", published_at=SLOT - HOUR, tags=(tag.name,))
    for number in range(1000):
        factories.subscription(f"reader-{number}@example.org", follows=f"#{tags[number % 50].id}")
    renders = []
    render = mails.render
    monkeypatch.setattr(mails, "render", lambda *words, **rest: renders.append(1) or render(*words, **rest))

    db.session.commit()
    for _ in operations.tick(now=SLOT):
        db.session.commit()

    assert db.session.query(Delivery).count() == 1000
    assert len(renders) == 50


def test_a_reader_is_written_to_on_the_day_and_hour_they_chose(site):
    reader = site.reader()
    subscriptions.choose(reader, Wish(weekday=0, hour=7, zone="Asia/Shanghai"), now=SLOT - HOUR)
    site.publish("Salt", SLOT - HOUR)
    site.beat()
    assert site.letters() == []

    site.at(SLOT + timedelta(days=1, hours=13))  # Monday 07:00 in Shanghai
    site.beat()

    assert [letter.subject for letter in site.letters()] == ["Salt"]
    assert "Shanghai" in site.letters()[0].text


def test_an_hour_that_has_passed_today_brings_no_letter_at_once(site):
    reader = site.reader()
    site.publish("Salt", SLOT - 3 * HOUR)
    site.at(SLOT - HOUR)
    subscriptions.choose(reader, Wish(cadence=Cadence.DAILY, hour=8), now=SLOT - HOUR)

    site.beat()

    assert site.letters() == []


def test_each_post_is_mailed_when_it_appears(site):
    site.reader(cadence=Cadence.POST, schedule_key="post", each_post_from=SLOT - WEEK, covered_until=SLOT - HOUR)
    site.at(SLOT + HOUR)
    posts.publish(factories.post(site.author, "Salt"), by=site.author, now=SLOT + HOUR)
    site.beat()
    site.at(SLOT + 2 * HOUR)
    posts.publish(factories.post(site.author, "Bread"), by=site.author, now=SLOT + 2 * HOUR)
    site.beat()
    site.beat()

    assert [mail.subject for mail in site.smtp.to("bob@example.org", "post")] == ["Salt", "Bread"]
    assert "List-Unsubscribe" in site.smtp.received[0].message


def test_a_mail_about_one_post_does_not_say_what_time_it_covers(site):
    site.reader(cadence=Cadence.POST, schedule_key="post", each_post_from=SLOT - WEEK, covered_until=SLOT - HOUR)
    site.publish("Salt", SLOT - timedelta(minutes=1))
    site.beat()
    (mail,) = site.smtp.to("bob@example.org", "post")
    assert "The next comes when something appears." in mail.text
    assert "It covers" not in mail.text


@pytest.mark.parametrize("part", ["text", "html"])
def test_a_mail_about_one_post_says_when_the_letter_comes_that_its_reader_gets_besides(site, mira, part):
    reader = site.reader(covered_until=SLOT - HOUR)
    subscriptions.choose(reader, Wish(Following.read(f"site @{mira.id}=post")), now=SLOT - HOUR)
    site.at(SLOT + HOUR)
    posts.publish(factories.post(mira, "Salt"), by=mira, now=SLOT + HOUR)
    site.beat()

    (mail,) = site.smtp.to("bob@example.org", "post")
    words = " ".join(BeautifulSoup(getattr(mail, part), "html.parser").get_text().split())
    assert (
        "The next of these comes when something appears, your letter on Sat 5 Dec, 10:00, if there is something new."
        in words
    )
    assert "It covers" not in words


def test_a_post_that_is_taken_back_before_it_is_mailed_is_not_mailed(site, jobs):
    site.reader(cadence=Cadence.POST, schedule_key="post", each_post_from=SLOT - WEEK, covered_until=SLOT - HOUR)
    post = factories.post(site.author, "Regret")
    posts.publish(post, by=site.author, now=SLOT)
    db.session.commit()
    for _ in operations.tick(now=SLOT):
        db.session.commit()

    posts.unpublish(post, by=site.author, now=SLOT)
    db.session.commit()
    jobs.run()

    assert site.smtp.received == []
    assert [each.state for each in db.session.query(Delivery)] == [State.CANCELLED]

    site.at(SLOT + HOUR)
    posts.publish(post, by=site.author, now=SLOT + HOUR)
    site.beat()
    assert [mail.subject for mail in site.smtp.to("bob@example.org", "post")] == ["Regret"]


def test_a_post_that_was_hidden_at_its_slot_is_in_the_letter_after_it_came_back(site):
    site.reader()
    post = site.publish("Salt", SLOT - 2 * HOUR)
    posts.unpublish(post, by=site.author, now=SLOT - HOUR)
    site.beat()
    posts.publish(post, by=site.author, now=SLOT + HOUR)
    for later in (SLOT + WEEK, SLOT + 2 * WEEK):
        site.at(later)
        site.beat()

    assert [letter.subject for letter in site.letters()] == ["Salt"]


def test_a_publication_stamped_before_the_slot_and_committed_after_it_is_in_the_next_letter(site):
    site.reader()
    site.publish("Salt", SLOT - HOUR)
    site.beat()
    posts.publish(factories.post(site.author, "Late"), by=site.author, now=SLOT - timedelta(seconds=1))
    site.at(SLOT + timedelta(seconds=20))
    site.beat()
    site.at(SLOT + WEEK)
    site.beat()

    assert [letter.subject for letter in site.letters()] == ["Salt", "Late"]


def test_a_long_letter_is_cut_and_says_where_the_others_are(site, client):
    site.reader()
    for number in range(25):
        site.publish(f"Number {number}", SLOT - HOUR + number * timedelta(minutes=1))
    site.beat()

    (letter,) = site.letters()
    assert "25 new posts" in letter.text
    assert "5 more on the site" in letter.text
    assert len(letter.links("/posts/")) == 20
    assert client.get(letter.link("/digests/").removeprefix("http://localhost")).text.count("<h2") >= 25


def test_who_has_paused_gets_what_came_meanwhile_after_it(site):
    reader = site.reader(covered_until=SLOT - WEEK)
    subscriptions.pause(reader, until=SLOT + HOUR, now=SLOT - HOUR)
    site.publish("Salt", SLOT - HOUR)
    site.beat()
    assert site.letters() == []

    site.at(SLOT + WEEK)
    site.beat()
    assert [letter.subject for letter in site.letters()] == ["Salt"]


@pytest.fixture
def large(site, app, monkeypatch):
    """A site where letters for more than one reader wait for half an hour."""
    monkeypatch.setitem(app.config, "ALMANAC", replace(app.config["ALMANAC"], digest_announce_above=1))
    factories.person("Edith", role=Role.EDITOR)
    for name in ("bob", "carol"):
        site.reader(f"{name}@example.org")
    site.publish("Salt", SLOT - HOUR)
    site.beat()
    return site


def test_a_large_letter_waits_and_goes_out_by_itself(large):
    assert large.letters() == []
    assert large.runs()[-1][2] is RunState.ANNOUNCED

    large.at(SLOT + timedelta(minutes=31))
    large.beat()

    assert len(large.letters()) == 1


def test_the_link_in_the_mail_stops_a_large_letter_by_a_button_only(large, client):
    link = large.smtp.to("edith@example.org", "alarm")[0].link("/digests/stop/").removeprefix("http://localhost")
    assert client.get(link).status_code == 200
    db.session.expire_all()
    assert large.runs()[-1][2] is RunState.ANNOUNCED

    assert post_form(client, link).status_code == 303
    large.at(SLOT + HOUR)
    large.beat()
    assert large.letters() == []

    large.publish("Bread", SLOT + HOUR)
    large.at(SLOT + WEEK)
    large.beat()
    large.at(SLOT + WEEK + HOUR)
    large.beat()
    (letter,) = large.letters()
    assert letter.subject == "Salt, and 1 more"


def test_a_forged_link_stops_nothing(large, client):
    assert client.get("/digests/stop/WzFd.aaaa.bbbb").status_code == 404
    assert db.session.query(DigestRun).filter_by(state=RunState.ANNOUNCED).count() == 1


def test_one_click_works_while_the_broker_is_down_and_ends_what_waits_of_a_running_letter(site, client):
    reader = site.reader()
    site.publish("Salt", SLOT - HOUR)
    db.session.commit()
    for _ in operations.tick(now=SLOT):
        db.session.commit()
    assert [each.state for each in db.session.query(Delivery)] == [State.QUEUED]

    site.jobs.refusing = True
    # RFC 8058: no cookie, no token of a form
    answer = client.post(f"/unsubscribe/{links.leave_token(reader)}", data={"List-Unsubscribe": "One-Click"})
    site.jobs.refusing = False
    site.beat()

    assert answer.status_code == 200
    assert [each.state for each in db.session.query(Delivery)] == [State.CANCELLED]
    assert site.smtp.received == []


def test_a_complaint_about_one_letter_ends_those_that_wait(site, app, monkeypatch):
    monkeypatch.setitem(app.config, "ALMANAC", replace(app.config["ALMANAC"], bounce_domain="b.example.org"))
    site.reader()
    site.publish("Salt", SLOT - HOUR)
    site.beat()
    report = message_from_string(complaint_to(site.smtp.received[0].sender))
    bounces.take(report, now=SLOT + HOUR)
    site.publish("Bread", SLOT + 2 * HOUR)
    site.at(SLOT + WEEK)
    site.beat()

    assert [letter.subject for letter in site.letters()] == ["Salt"]
