"""What a reader gets and when: by the link without an account, signed in, and by the Follow buttons."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from tests import factories
from tests.unit.subscriptions.conftest import NOW, save
from tests.world import post_form, sign_in
from webapp.extensions import db
from webapp.subscriptions import links, operations, queries
from webapp.subscriptions.following import Following
from webapp.subscriptions.models import Cadence, SubscriptionState

pytestmark = pytest.mark.usefixtures("wednesday")


def test_page_says_when_the_next_letter_comes_before_anything_else(client, address):
    page = client.get(address)

    assert page.status_code == 200
    assert page.text.index("Sat 28 Nov, 10:00") < page.text.index("How often") < page.text.index("Stop all letters")


def test_choices_are_kept_and_move_the_next_letter(client, address, reader):
    answer = save(client, address, cadence="daily", hour="7", zone="Shanghai")

    assert answer.status_code == 303
    assert (reader.cadence, reader.hour, reader.zone) == (Cadence.DAILY, 7, "Asia/Shanghai")
    assert "Thu 26 Nov, 07:00" in client.get(address).text


def test_who_wants_what_the_site_has_goes_with_the_site(client, address, reader):
    save(client, address)

    assert (reader.weekday, reader.hour, reader.zone, reader.schedule_key) == (None, None, None, "weekly")


@pytest.mark.parametrize(
    "odd",
    [
        {"zone": "Atlantis"},
        {"zone": ""},
        {"cadence": "hourly"},
        {"weekday": "9"},
        {"hour": "24"},
        {"hour": "x"},
        {"follows": "nothing"},
        {"follows": "@99999999999999999999"},
        {"follows": ["site", "@9999999999"]},
        {"follows": ["site", "#\u0663"]},
        {"follows": ["site", "@99999999999999999999"], "pace": "@99999999999999999999=daily"},
        {"follows": "site", "pace": "site=hourly"},
        {"weekday": "99999999999999999999"},
        {"hour": "-1"},
        {"paused_until": "9999-12-31"},
        {"paused_until": "0001-01-01"},
        {"paused_until": "99999-01-01"},
        {"paused_until": "2020-01-01"},
        {"paused_until": "2036-01-01"},
        {"paused_until": "someday"},
    ],
)
def test_what_does_not_fit_changes_nothing_and_keeps_the_page(client, address, reader, odd):
    answer = save(client, address, **odd)

    assert answer.status_code == 422
    assert "That did not go through yet." in answer.text
    assert (reader.schedule_key, reader.follows, reader.paused_until) == ("weekly", "site", None)


@pytest.mark.parametrize("kept", ["@99999999999999999999", "site #99999999999999999999=daily"])
def test_a_number_that_nobody_can_have_does_not_break_the_page(client, reader, address, kept):
    reader.follows = kept

    assert client.get(address).status_code == 200


def test_a_pause_is_said_and_ended(client, address, reader):
    post_form(client, address, act="pause")
    assert reader.paused_until == datetime(2026, 12, 25, tzinfo=UTC)
    assert "Paused until" in client.get(address).text

    post_form(client, address, act="resume")
    assert reader.paused_until is None


@pytest.mark.parametrize("token", ["nonsense", "MQ.aaaaaa.bbbbbbbbbbbbbbbbbbbbbbbbbbb", "%00"])
def test_forged_link_is_no_page(client, token):
    assert client.get(f"/subscribe/settings/{token}").status_code == 404


def test_leave_link_opens_no_settings(client, reader):
    assert client.get(f"/subscribe/settings/{links.leave_token(reader)}").status_code == 404


def test_signed_in_people_have_the_same_page(client, world):
    factories.subscription(world.bob.email)
    page = sign_in(client, world.bob).get("/settings/letters")

    assert "What we send you" in page.text
    assert save(client, "/settings/letters", cadence="monthly").status_code == 303
    assert queries.by_address(world.bob.email).cadence is Cadence.MONTHLY


def test_letters_of_nobody_are_asked_for_first(client, world):
    assert client.get("/settings/letters").status_code in {302, 303}
    assert sign_in(client, world.bob).get("/settings/letters").location == "/subscribe"


def test_a_member_follows_an_author_and_no_more(client, world):
    factories.post(world.alice, published_at=NOW)
    sign_in(client, world.bob)

    post_form(client, "/follow/@alice", page="/@alice")
    found = queries.by_address(world.bob.email)
    assert (found.state, found.follows) == (SubscriptionState.ACTIVE, f"@{world.alice.id}")
    assert "Do not follow any more" in client.get("/@alice").text

    post_form(client, "/follow/@alice", page="/@alice", act="stop")
    db.session.expire_all()
    assert queries.by_address(world.bob.email).state is SubscriptionState.LEFT


def test_a_visitor_follows_a_tag_by_their_address_once_they_confirm(client, world, smtp, jobs):
    factories.post(world.alice, published_at=NOW, tags=("garden",))
    tag = factories.tag("garden")

    answer = post_form(client, "/follow/tags/garden", page="/tags/garden", email="new@example.org")
    jobs.run()

    assert answer.location == "/subscribe/sent"
    found = queries.by_address("new@example.org")
    assert (found.state, found.follows) == (SubscriptionState.PENDING, f"#{tag.id}")
    assert "“garden”" in smtp.only("new@example.org", "confirm").text


def test_a_stranger_cannot_change_what_a_reader_follows(client, world, smtp, jobs):
    factories.post(world.alice, published_at=NOW)
    reader = factories.subscription("dora@example.org", follows=f"@{world.carol.id}")

    post_form(client, "/follow/@alice", page="/@alice", email="dora@example.org")
    jobs.run()
    assert reader.follows == f"@{world.carol.id}"

    link = smtp.only("dora@example.org", "confirm").link("/confirm/follow-").removeprefix("http://localhost")
    assert client.get(link).status_code == 200
    assert reader.follows == f"@{world.carol.id}"
    post_form(client, link)
    db.session.expire_all()
    assert reader.follows == f"@{world.alice.id} @{world.carol.id}"


def test_who_leaves_cannot_be_brought_back_by_an_old_link_to_follow(client, reader, world):
    link = links.add_url(reader, operations.Following(authors=frozenset({world.alice.id})))
    operations.leave(reader, now=NOW)

    assert client.get(link.removeprefix("http://localhost")).status_code == 410


def test_a_link_to_follow_more_than_can_be_followed_says_so(client, reader, world):
    link = links.add_url(reader, Following(authors=frozenset({world.alice.id}))).removeprefix("http://localhost")
    reader.follows = " ".join(f"@{number}" for number in range(1001, 1051))

    answer = post_form(client, link)

    assert answer.status_code == 422
    assert "Follow at most 50 authors and tags" in answer.text
    assert len(Following.read(reader.follows)) == 50


# Cadences of their own


def test_one_thing_that_is_followed_gets_its_own_cadence(client, world, reader, address):
    operations.choose(reader, operations.Wish(Following.read(f"@{world.alice.id} @{world.carol.id}")), now=NOW)

    page = save(client, address, follows=[f"@{world.alice.id}", f"@{world.carol.id}"], pace=f"@{world.alice.id}=daily")

    assert page.status_code == 303
    assert reader.follows == f"@{world.alice.id}=daily @{world.carol.id}"
    assert (reader.cadence, reader.schedule_key) == (Cadence.WEEKLY, "daily")
    assert f'value="@{world.alice.id}=daily" selected' in client.get(address).text


@pytest.mark.parametrize("odd", ["site=hourly", "site=", "site"])
def test_a_cadence_that_is_none_changes_nothing(client, reader, address, odd):
    save(client, address, pace=odd)

    assert (reader.follows, reader.schedule_key) == ("site", "weekly")


def test_whoever_gets_everything_can_have_one_author_at_once(client, world):
    factories.post(world.alice, published_at=NOW)
    reader = factories.subscription(world.bob.email)
    sign_in(client, world.bob)

    post_form(client, "/follow/@alice", page="/@alice", cadence="monthly")
    assert reader.follows == "site"

    post_form(client, "/follow/@alice", page="/@alice", cadence="post")
    assert reader.follows == f"site @{world.alice.id}=post"
    assert (reader.schedule_key, reader.each_post_from) == ("weekly", NOW)


def test_a_visitor_who_wants_an_author_every_day_is_asked_in_these_words(client, world, smtp, jobs):
    factories.post(world.alice, published_at=NOW)

    post_form(client, "/follow/@alice", page="/@alice", email="new@example.org", cadence="daily")
    jobs.run()

    found = queries.by_address("new@example.org")
    assert (found.follows, found.cadence) == (f"@{world.alice.id}", Cadence.DAILY)
    mail = smtp.only("new@example.org", "confirm")
    assert f"{world.alice.name}, every day at 10:00" in mail.text
    assert f"{world.alice.name}, every day at 10:00" in mail.html


def test_consent_says_when_where_and_which_words(client, world, db):
    factories.post(world.alice, published_at=NOW)

    post_form(client, "/follow/@alice", page="/@alice", email="new@example.org")

    found = queries.by_address("new@example.org")
    assert found.asked_at == NOW
    assert f"“New posts by mail. Nothing new, no letter: {world.alice.name}”" in found.consent
    assert "from 127.0.0.1" in found.consent
    assert client.get("/@alice").text.count("New posts by mail. Nothing new, no letter.") == 1
