"""Several people write one post: all of them may edit it, and all of them stand in its byline."""

from datetime import UTC, datetime, timedelta

import pytest
import time_machine

from tests import factories
from tests.door import Visitor
from tests.world import csrf, sign_in
from webapp.accounts.models import Role, Scope
from webapp.digests import mails
from webapp.extensions import db as database
from webapp.posts import bylines, operations, queries

NOW = datetime(2026, 11, 25, 9, 40, tzinfo=UTC)
HOUR = timedelta(hours=1)


@pytest.fixture(autouse=True)
def wednesday():
    with time_machine.travel(NOW, tick=False):
        yield


@pytest.fixture
def mira(world):
    return factories.person("Mira", role=Role.AUTHOR)


@pytest.fixture
def post(world, mira):
    made = factories.post(world.alice, "Salt", with_others=[mira], slug="salt")
    database.session.commit()
    return made


@pytest.fixture
def published(world, mira):
    made = factories.post(world.alice, "Frost", with_others=[mira], slug="frost", published_at=NOW - HOUR)
    database.session.commit()
    return made


@pytest.fixture
def enter(app):
    return lambda person: Visitor(sign_in(app.test_client(), person))


class TestAsking:
    @pytest.mark.parametrize("who", ["mira", "@mira", "@Mira", " mira@example.org ", "MIRA@example.org"])
    def test_by_handle_or_address(self, world, mira, enter, who):
        post = factories.post(world.alice, "Salt")
        database.session.commit()
        alice = enter(world.alice)
        alice.visit(f"/posts/{post.id}/authors")
        page = alice.press("Add as an author", who=who)
        assert "Mira writes this post with you" in page.text
        assert [each.name for each in queries.get_editable(mira, post.id).authors] == ["Alice", "Mira"]

    @pytest.mark.parametrize(
        "who", ["bob", "bob@example.org", "nobody", "new@example.org", "", "@", "a@b@c", "x" * 9000]
    )
    def test_a_reader_and_a_stranger_get_the_same_answer(self, world, enter, who):
        post = factories.post(world.alice, "Salt")
        database.session.commit()
        alice = enter(world.alice)
        alice.visit(f"/posts/{post.id}/authors")
        page = alice.press("Add as an author", who=who)
        assert page.status == 422
        assert "We know no author by that name" in page.text

    def test_an_address_that_nobody_has_confirmed_is_nobodys(self, world, enter):
        factories.person("Una", role=Role.AUTHOR, confirmed=False)
        post = factories.post(world.alice, "Salt")
        database.session.commit()
        alice = enter(world.alice)
        alice.visit(f"/posts/{post.id}/authors")
        assert alice.press("Add as an author", who="una").status == 422

    @pytest.mark.parametrize("who", ["alice", "mira"])
    def test_nobody_is_an_author_twice(self, world, post, enter, who):
        alice = enter(world.alice)
        alice.visit(f"/posts/{post.id}/authors")
        page = alice.press("Add as an author", who=who)
        assert page.status == 422
        assert "is an author of this post already" in page.text

    def test_a_co_author_asks_nobody(self, post, mira, enter):
        factories.person("Noor", role=Role.AUTHOR)
        page = enter(mira).visit(f"/posts/{post.id}/authors")
        assert not page.has_button("Add as an author")
        client = enter(mira).client
        token = csrf(client, "/write/new")
        answer = client.post(f"/posts/{post.id}/authors", data={"csrf_token": token, "who": "noor"})
        assert answer.status_code == 404

    def test_an_open_editor_is_not_disturbed(self, world, mira, enter):
        post = factories.post(world.alice, "Salt")
        database.session.commit()
        alice, other_tab = enter(world.alice), enter(world.alice)
        alice.visit(f"/posts/{post.id}/edit")
        other_tab.visit(f"/posts/{post.id}/authors")
        other_tab.press("Add as an author", who="mira")
        assert alice.press("Save draft", body="More.").status == 200


class TestHearingOfIt:
    @pytest.fixture
    def salt(self, world):
        made = factories.post(world.alice, "Salt", slug="salt")
        database.session.commit()
        return made

    @pytest.fixture
    def add(self, world, enter, salt):
        alice = enter(world.alice)

        def add(who="mira"):
            alice.visit(f"/posts/{salt.id}/authors")
            return alice.press("Add as an author", who=who)

        return add

    def leave(self, salt, person, enter):
        visitor = enter(person)
        visitor.visit(f"/posts/{salt.id}/authors")
        visitor.press("Leave")

    def test_a_new_author_gets_one_mail_in_their_language(self, add, mira, salt, enter, smtp, jobs):
        mira.language = "zh-Hans"
        add()
        jobs.run()
        mail = smtp.only("mira@example.org", "review")
        assert mail.subject == "Alice 让你成为《Salt》的作者"
        assert mail.link(f"/posts/{salt.id}/edit") in mail.html
        assert mail.link(f"/posts/{salt.id}/authors") in mail.html
        assert mail.message["List-Unsubscribe"] == f"<{mail.link('/unsubscribe/reviews-')}>"
        mira.language = "en"
        self.leave(salt, mira, enter)
        add()
        jobs.run()
        assert len(smtp.to("mira@example.org")) == 1

    def test_who_is_taken_out_before_it_goes_gets_none_until_they_are_in_again(
        self, add, mira, salt, enter, smtp, jobs
    ):
        for _ in range(2):
            add()
            self.leave(salt, mira, enter)
        jobs.run()
        assert smtp.received == []
        add()
        jobs.run()
        assert smtp.only("mira@example.org").subject == "Alice has made you an author of “Salt”"

    def test_nobody_is_told_of_a_post_in_the_trash(self, add, mira, salt, world, enter, smtp, jobs):
        add()
        alice = enter(world.alice).client
        token = csrf(alice, "/write")
        alice.post(f"/posts/{salt.id}/trash", data={"csrf_token": token})
        jobs.run()
        assert smtp.received == []
        alice.post(f"/posts/{salt.id}/restoration", data={"csrf_token": token})
        jobs.run()
        assert smtp.only("mira@example.org")

    def test_who_wants_none_of_these_gets_none(self, add, mira, smtp, jobs):
        mira.wants_review_mail = False
        add()
        jobs.run()
        assert smtp.received == []

    def test_who_adds_themselves_knows(self, world, salt, enter, smtp, jobs):
        edith = factories.person("Edith", role=Role.EDITOR)
        database.session.commit()
        editor = enter(edith)
        editor.visit(f"/posts/{salt.id}/authors")
        editor.press("Add as an author", who="edith")
        jobs.run()
        assert smtp.received == []

    def test_a_post_that_comes_out_of_the_trash_tells_nobody_anew(self, world, post, enter, smtp, jobs):
        alice = enter(world.alice).client
        token = csrf(alice, "/write")
        for what in ("trash", "restoration"):
            alice.post(f"/posts/{post.id}/{what}", data={"csrf_token": token})
        jobs.run()
        assert smtp.received == []


class TestWritingAlong:
    def test_a_co_author_finds_edits_and_publishes_it(self, world, post, mira, enter):
        visitor = enter(mira)
        page = visitor.visit("/write")
        assert "Salt" in page.text
        assert "By Alice" in page.text
        visitor.visit(f"/posts/{post.id}/edit")
        page = visitor.press("Publish now", body="Written by two.")
        assert page.path == "/posts/salt"
        assert "By Alice with Mira" in page.text

    def test_the_api_knows_co_authors_too(self, post, mira, client):
        _row, secret = factories.api_token(mira, Scope.POSTS_READ, Scope.POSTS_WRITE)
        database.session.commit()
        carried = {"Authorization": f"Bearer {secret}"}
        answer = client.patch(f"/api/v1/posts/{post.id}", json={"body": "By program."}, headers=carried)
        assert answer.status_code == 200
        assert answer.json["author"]["handle"] == "alice"
        assert [each["handle"] for each in answer.json["authors"]] == ["alice", "mira"]
        listed = client.get("/api/v1/posts", headers=carried).json["items"]
        assert [item["id"] for item in listed] == [post.id]

    def test_who_is_no_author_any_more_edits_nothing(self, post, mira):
        mira.role = Role.READER
        assert queries.get_editable(mira, post.id) is None
        assert queries.get_visible(mira, post.id) is None

    def test_one_who_leaves_edits_it_no_more(self, post, mira, enter):
        visitor = enter(mira)
        visitor.visit(f"/posts/{post.id}/authors")
        page = visitor.press("Leave")
        assert page.path == "/write"
        assert "Mira is no longer an author of “Salt”" in page.text
        assert visitor.visit(f"/posts/{post.id}/edit").status == 404

    def test_the_author_removes_a_co_author_and_not_the_other_way_round(self, world, post, mira, enter):
        client = enter(mira).client
        token = csrf(client, "/write/new")
        path = f"/posts/{post.id}/authors/{world.alice.id}/removal"
        assert client.post(path, data={"csrf_token": token}).status_code == 404
        alice = enter(world.alice)
        alice.visit(f"/posts/{post.id}/authors")
        alice.press("Remove")
        database.session.expire_all()
        assert queries.get_editable(mira, post.id) is None
        assert queries.get_editable(world.alice, post.id).co_authors == []

    def test_a_scheduled_post_stands_in_the_week_of_all_its_authors(self, world, mira, post):
        operations.schedule(queries.get_editable(mira, post.id), at=NOW + HOUR, by=mira, now=NOW)
        database.session.commit()
        for person in (world.alice, mira):
            assert [each.title for each in queries.scheduled_between(person, NOW, NOW + 2 * HOUR)] == ["Salt"]


class TestByline:
    def test_pages_name_everyone(self, published, client):
        for path in ("/", "/posts/frost", "/@mira", "/@alice"):
            text = Visitor(client).visit(path).text
            assert "By Alice with Mira" in text, path

    def test_author_pages_count_it_for_each(self, published, mira, client):
        assert queries.first_published_at(mira) == NOW - HOUR
        assert "1 post in 2026" in client.get("/@mira").text

    def test_programs_read_every_name(self, published, client):
        page = client.get("/posts/frost").text
        assert page.count('name="author"') == 2
        assert '"name": "Mira"' in page
        item = client.get("/feed.json").json["items"][0]
        assert [each["name"] for each in item["authors"]] == ["Alice", "Mira"]
        for feed in ("/feed.atom", "/@mira/feed.atom", "/@alice/feed.atom"):
            atom = client.get(feed).text
            assert [part.partition("</name>")[0] for part in atom.split("<author><name>")[1:]] == ["Alice", "Mira"]
        assert "/@mira" in client.get("/sitemap.xml").text

    def test_the_letter_names_everyone(self, published, app):
        with app.test_request_context():
            entry = mails._entry(database.session.scalars(queries.published()).one())
        assert entry.author == "Alice with Mira"

    def test_three_are_named_in_the_order_in_which_they_were_asked(self, world, mira, app):
        first = factories.person("Zoe", role=Role.AUTHOR)
        factories.post(world.alice, "Three", with_others=[first, mira], published_at=NOW)
        database.session.commit()
        with app.test_request_context():
            assert bylines.names(database.session.scalars(queries.published()).one()) == "Alice with Zoe, Mira"
