"""Who hears by mail of a review: whoever has to act next, once, in their language, and not if they do not want to."""

import re
from datetime import UTC, datetime, timedelta

import pytest
import time_machine
from sqlalchemy import event

from tests import factories
from tests.world import csrf, post_form, sign_in
from webapp.accounts.models import Person, Role
from webapp.extensions import db as database
from webapp.mail.models import Delivery, State
from webapp.posts import operations
from webapp.posts.operations import reviewing

NOW = datetime(2026, 11, 25, 9, 40, tzinfo=UTC)


@pytest.fixture(autouse=True)
def wednesday():
    with time_machine.travel(NOW, tick=False):
        yield


@pytest.fixture
def edith(world):
    return factories.person("Edith", role=Role.EDITOR, zone="America/New_York")


@pytest.fixture
def draft(world, edith):
    made = factories.post(world.alice, "Salt", body="Three kinds.", slug="salt", with_others=[world.carol])
    world.carol.role = Role.AUTHOR
    database.session.commit()
    return made


@pytest.fixture
def asked(world, draft):
    reviewing.submit(draft, by=world.alice, now=NOW, words="Is the end too long?")
    database.session.commit()
    return draft


def mails() -> dict[str, Delivery]:
    database.session.expire_all()
    return {row.address: row for row in database.session.query(Delivery).order_by(Delivery.id)}


def link(row: Delivery, path: str) -> str:
    """The first address in both parts of a mail that leads to ``path``."""
    found = re.search(rf"http://localhost({path}\S*)", row.content.text)[1]
    assert f'href="http://localhost{found}"' in row.content.html
    return found


def test_editors_are_asked_to_read_what_is_sent_for_review(app, world, edith, draft):
    factories.person("Unconfirmed", role=Role.EDITOR, confirmed=False)
    factories.person("Ada", role=Role.ADMIN)
    database.session.commit()
    author = sign_in(app.test_client(), world.alice)
    post_form(author, f"/posts/{draft.id}/review", action="submit", note="Is the end too long?", version=draft.version)
    sent = mails()
    assert set(sent) == {"edith@example.org", "ada@example.org"}
    row = sent["edith@example.org"]
    assert row.kind == "review"
    assert row.content.subject == "Alice asks you to read “Salt”"
    for part in (row.content.text, row.content.html):
        assert "Is the end too long?" in part
    editor = sign_in(app.test_client(), edith)
    assert "Approve and publish now" in editor.get(link(row, f"/posts/{draft.id}/review")).text


def test_an_editor_who_writes_the_post_is_not_asked_to_read_it(world, draft):
    world.alice.role = Role.EDITOR
    reviewing.submit(draft, by=world.carol, now=NOW)
    assert set(mails()) == {"edith@example.org"}


def test_the_authors_are_told_what_to_change(app, world, edith, asked):
    editor = sign_in(app.test_client(), edith)
    place = f"/posts/{asked.id}/review"
    post_form(editor, place, action="changes", note="End with the sea.", version=asked.version)
    sent = mails()
    assert set(sent) == {"edith@example.org", "alice@example.org", "carol@example.org"}
    row = sent["alice@example.org"]
    assert row.content.subject == "Edith asks for changes to “Salt”"
    assert "End with the sea." in row.content.text
    assert "End with the sea." in row.content.html
    assert sign_in(app.test_client(), world.alice).get(link(row, f"/posts/{asked.id}/edit")).status_code == 200


def test_the_authors_are_told_that_it_is_published(client, edith, asked):
    reviewing.approve(asked, by=edith, now=NOW, version=asked.version, words="Lovely.")
    database.session.commit()
    row = mails()["alice@example.org"]
    assert row.content.subject == "“Salt” is published"
    assert "Lovely." in row.content.text
    assert client.get(link(row, "/posts/salt")).status_code == 200


def test_the_authors_are_told_in_their_own_time_when_it_will_appear(world, edith, asked):
    world.carol.zone = "Asia/Shanghai"
    world.alice.language = "zh-Hans"
    reviewing.approve(asked, by=edith, now=NOW, version=asked.version, at=NOW + timedelta(days=1))
    database.session.commit()
    sent = mails()
    assert "Thu 26 Nov, 17:40 in Shanghai" in sent["carol@example.org"].content.text
    assert sent["alice@example.org"].content.subject == "《Salt》将会发布"
    assert "Edith" in sent["alice@example.org"].content.text


def test_an_editor_who_publishes_from_the_editor_answers_by_that(edith, asked):
    operations.publish(asked, by=edith, now=NOW)
    database.session.commit()
    assert mails()["alice@example.org"].content.subject == "“Salt” is published"


@pytest.mark.parametrize("how", ["taken back", "answered"])
def test_a_question_that_is_settled_is_not_asked_any_more(how, world, edith, asked):
    ada = factories.person("Ada", role=Role.ADMIN)
    if how == "taken back":
        reviewing.take_back(asked, by=world.alice, now=NOW)
    else:
        reviewing.ask_for_changes(asked, by=ada, now=NOW, words="End with the sea.")
    database.session.commit()
    assert mails()["edith@example.org"].state is State.CANCELLED


def test_a_review_that_is_asked_for_again_is_mailed_again(world, edith, asked):
    reviewing.take_back(asked, by=world.alice, now=NOW)
    reviewing.submit(asked, by=world.alice, now=NOW)
    reviewing.submit(asked, by=world.alice, now=NOW)  # a second press
    database.session.commit()
    rows = database.session.query(Delivery).filter_by(address="edith@example.org").all()
    assert [row.state for row in rows] == [State.CANCELLED, State.QUEUED]


def test_one_click_in_the_mail_stops_them_and_a_look_does_not(app, edith, asked, world):
    row = mails()["edith@example.org"]
    address = link(row, "/unsubscribe/reviews-")
    assert row.content.headers["List-Unsubscribe"] == f"<http://localhost{address}>"
    assert row.content.headers["List-Unsubscribe-Post"] == "List-Unsubscribe=One-Click"
    stranger = app.test_client()
    assert "Stop all mail about reviews" in stranger.get(address).text
    assert database.session.get(Person, edith.id).wants_review_mail
    stopped = stranger.post(address, data={"List-Unsubscribe": "One-Click"})
    assert "You get no more mail about reviews." in stopped.text
    reviewing.take_back(asked, by=world.alice, now=NOW)
    reviewing.submit(asked, by=world.alice, now=NOW)
    assert database.session.query(Delivery).filter_by(address="edith@example.org").count() == 1
    assert "You get a mail when it is your turn" in stranger.post(address, data={"want": "mail"}).text
    assert database.session.get(Person, edith.id, populate_existing=True).wants_review_mail


@pytest.mark.parametrize("how", ["the link in a mail", "the settings"])
def test_what_waits_is_not_sent_to_who_wants_none(how, app, edith, asked):
    if how == "the settings":
        editor = sign_in(app.test_client(), edith)
        post_form(editor, "/settings", name="Edith", handle="edith", zone="New York", bio="", website="")
    else:
        app.test_client().post(link(mails()["edith@example.org"], "/unsubscribe/reviews-"))
    assert mails()["edith@example.org"].state is State.CANCELLED


def test_who_goes_on_wanting_them_gets_what_waits(app, edith, asked):
    editor = sign_in(app.test_client(), edith)
    form = {"name": "Edith E.", "handle": "edith", "zone": "New York", "bio": "", "website": ""}
    post_form(editor, "/settings", **form, wants_review_mail="y")
    assert mails()["edith@example.org"].state is State.QUEUED


def test_a_post_in_the_trash_is_not_asked_about_until_it_is_back(app, world, edith, asked, jobs, smtp):
    author = sign_in(app.test_client(), world.alice)
    for _ in range(2):
        post_form(author, f"/posts/{asked.id}/trash", page="/write")
        jobs.run()
        assert smtp.received == []
        post_form(author, f"/posts/{asked.id}/restoration", page="/write")
    jobs.run()
    post_form(author, f"/posts/{asked.id}/trash", page="/write")
    post_form(author, f"/posts/{asked.id}/restoration", page="/write")
    jobs.run()
    assert smtp.only("edith@example.org").subject == "Alice asks you to read “Salt”"


def test_a_step_of_a_review_looks_once_for_the_editors(app, world, edith, draft):
    author = sign_in(app.test_client(), world.alice)
    token = csrf(author, f"/posts/{draft.id}/review")
    asked_for = []

    def note(_connection, _cursor, statement, *_):
        if "people.role IN" in statement:
            asked_for.append(statement)

    event.listen(database.engine, "before_cursor_execute", note)
    try:
        for action, most in (("submit", 1), ("take_back", 0)):
            asked_for.clear()
            answer = author.post(f"/posts/{draft.id}/review", data={"csrf_token": token, "action": action})
            assert answer.status_code == 303
            assert len(asked_for) == most
    finally:
        event.remove(database.engine, "before_cursor_execute", note)


def test_a_forged_link_stops_nobody(client, world):
    assert client.post("/unsubscribe/reviews-1").status_code == 404


def test_the_settings_stop_them_too(app, edith, draft, world):
    editor = sign_in(app.test_client(), edith)
    post_form(editor, "/settings", name="Edith", handle="edith", zone="New York", bio="", website="")
    assert not database.session.get(Person, edith.id, populate_existing=True).wants_review_mail
    reviewing.submit(draft, by=world.alice, now=NOW)
    assert mails() == {}
