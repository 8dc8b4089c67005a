"""A draft is read by whoever has its link, until the link is over, and by nobody else."""

import re
from datetime import UTC, datetime, timedelta

import pytest
import time_machine
from sqlalchemy import select

from tests import factories
from tests.door import Visitor
from tests.world import csrf, sign_in
from webapp.core import logs
from webapp.extensions import db as database
from webapp.posts import operations
from webapp.posts.models import PreviewLink
from webapp.posts.operations import previews

NOW = datetime(2026, 11, 25, 9, 40, tzinfo=UTC)
DAY = timedelta(days=1)


@pytest.fixture(autouse=True)
def travelling():
    with time_machine.travel(NOW, tick=False) as traveller:
        yield traveller


@pytest.fixture
def alice(world, app):
    return Visitor(sign_in(app.test_client(), world.alice))


@pytest.fixture
def draft(world):
    made = factories.post(world.alice, "Salt", body="Three kinds.", tags=("kitchen",))
    database.session.commit()
    return made


def share(visitor, post, days=7):
    """The path of a new link, as the page shows it."""
    visitor.visit(f"/posts/{post.id}/previews")
    page = visitor.press("Make a link", days=days)
    assert page.status == 200
    address = page.soup.select_one("#address")["value"]
    assert address.startswith("http://localhost/preview/")
    return address.removeprefix("http://localhost")


def links():
    return list(database.session.scalars(select(PreviewLink)))


def test_whoever_has_the_link_reads_the_draft_without_an_account(alice, draft, client):
    path = share(alice, draft)
    answer = client.get(path)
    assert answer.status_code == 200
    assert "Three kinds." in answer.text
    assert "A draft, shown to you by its author." in answer.text
    assert "Wed 2 Dec, 09:40" in answer.text


def test_the_page_is_kept_by_nobody_and_tells_nobody(alice, draft, client):
    answer = client.get(share(alice, draft))
    assert answer.headers["Cache-Control"] == "no-store"
    assert answer.headers["Referrer-Policy"] == "no-referrer"
    assert answer.headers["X-Robots-Tag"] == "noindex, nofollow"
    assert '<meta name="robots" content="noindex, nofollow">' in answer.text
    assert 'rel="canonical"' not in answer.text


def test_it_shows_the_draft_as_it_is_now(world, alice, draft, client):
    path = share(alice, draft)
    operations.edit(draft, by=world.alice, now=NOW, version=None, body="Four kinds.")
    database.session.commit()
    assert "Four kinds." in client.get(path).text


def test_the_secret_is_in_no_table_and_no_log(alice, draft):
    secret = share(alice, draft).rpartition("/")[2]
    row = links()[0]
    assert secret not in str(vars(row))
    assert re.fullmatch("[0-9a-f]{64}", row.token_hash)
    assert secret not in logs.redacted(f"GET /preview/{secret}")
    assert secret not in alice.visit(f"/posts/{draft.id}/previews").html, "it is shown once"


@pytest.mark.parametrize("days", [1, 7, 30])
def test_a_link_is_over_when_its_days_are(alice, draft, client, travelling, days):
    path = share(alice, draft, days)
    travelling.move_to(NOW + days * DAY - timedelta(seconds=1))
    assert client.get(path).status_code == 200
    travelling.move_to(NOW + days * DAY)
    assert client.get(path).status_code == 404
    assert "Links that work" not in alice.visit(f"/posts/{draft.id}/previews").text


def test_a_revoked_link_leads_nowhere_and_the_others_go_on(alice, draft, client):
    first, second = share(alice, draft), share(alice, draft, 30)
    alice.visit(f"/posts/{draft.id}/previews")
    page = alice.press("Revoke")  # the newest stands first
    assert "Revoked." in page.text
    assert (client.get(second).status_code, client.get(first).status_code) == (404, 200)


@pytest.mark.parametrize("days", ["0", "2", "365", "-1", "x", "", "9" * 400, "7.0"])
def test_other_spans_are_refused(alice, draft, days):
    token = csrf(alice.client, f"/posts/{draft.id}/previews")
    answer = alice.client.post(f"/posts/{draft.id}/previews", data={"csrf_token": token, "days": days})
    assert answer.status_code == 422
    assert links() == []


@pytest.mark.parametrize("token", ["x", "%00", "a" * 5000, "%ff", "..", "é"])
def test_a_link_that_nobody_made_is_a_404(client, db, token):
    assert client.get(f"/preview/{token}").status_code == 404


def test_a_draft_in_the_trash_is_not_shown(world, alice, draft, client):
    path = share(alice, draft)
    operations.trash(draft, by=world.alice, now=NOW)
    database.session.commit()
    assert client.get(path).status_code == 404


def test_the_link_to_what_has_appeared_leads_to_its_page(world, alice, draft, client):
    path = share(alice, draft)
    operations.publish(draft, by=world.alice, now=NOW)
    database.session.commit()
    answer = client.get(path)
    assert (answer.status_code, answer.location) == (302, f"/posts/{draft.slug}")
    assert answer.headers["Cache-Control"] == "no-store"
    page = alice.visit(f"/posts/{draft.id}/previews")
    assert "Everyone can read this post" in page.text
    assert not page.has_button("Make a link")


def test_a_shared_draft_is_in_no_list_feed_or_map(alice, draft, client):
    share(alice, draft)
    for path in ("/", "/archive", "/@alice", "/feed.atom", "/feed.json", "/sitemap.xml"):
        assert "Salt" not in client.get(path).text, path
    assert client.get("/tags/kitchen").status_code == 404
    assert "Disallow: /preview/" in client.get("/robots.txt").text


def test_another_authors_draft_cannot_be_shared_nor_its_links_revoked(world, app, draft, alice):
    share(alice, draft)
    eve = factories.person("Eve", role=world.alice.role)
    own = factories.post(eve, "Hers")
    database.session.commit()
    link = links()[0]
    client = sign_in(app.test_client(), eve)
    token = csrf(client, "/write/new")
    for path in (f"/posts/{draft.id}/previews", f"/posts/{own.id}/previews/{link.id}/revocation"):
        assert client.post(path, data={"csrf_token": token, "days": "7"}).status_code == 404
    assert len(links()) == 1


def test_a_post_has_so_many_links_and_no_more(alice, draft):
    for _ in range(previews.MOST_LINKS):
        share(alice, draft)
    alice.visit(f"/posts/{draft.id}/previews")
    page = alice.press("Make a link")
    assert (page.status, len(links())) == (422, previews.MOST_LINKS)
    assert "Revoke one that nobody needs" in page.text


def test_links_that_are_over_are_forgotten(alice, draft):
    share(alice, draft, 1)
    share(alice, draft, 30)
    assert previews.forget_expired(now=NOW + 2 * DAY) == 1
    assert [link.expires_at for link in links()] == [NOW + 30 * DAY]
