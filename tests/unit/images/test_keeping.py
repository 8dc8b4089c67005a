"""One's own pictures: the list, their words, deleting them and having them back."""

import io
from datetime import timedelta

import pytest

from tests import factories
from tests.unit.images.conftest import drawn
from tests.world import csrf, post_form, sign_in
from webapp.core import clock
from webapp.extensions import db
from webapp.images import rendering
from webapp.images.models import Image
from webapp.posts import operations as posts
from webapp.posts.models import PostState


@pytest.fixture
def said(send):
    return send(drawn(size=(700, 500)), "harbour.jpg", alt="Boats").json


def test_a_picture_is_added_without_a_script(author):
    answer = author.post(
        "/images/add",
        data={"csrf_token": csrf(author, "/images"), "file": (io.BytesIO(drawn()), "harbour.jpg"), "alt": "Boats"},
        follow_redirects=True,
    )
    assert answer.status_code == 200
    assert "![Boats](/images/" in answer.text


def test_what_is_wrong_is_said_beside_the_field_and_the_words_stay(author):
    answer = author.post(
        "/images/add",
        data={"csrf_token": csrf(author, "/images"), "file": (io.BytesIO(b"<svg/>"), "x.svg"), "alt": "Boats"},
    )
    assert answer.status_code == 422
    assert "That is no picture we can read." in answer.text
    assert 'value="Boats"' in answer.text


def test_a_form_without_a_file_says_so(author):
    answer = post_form(author, "/images/add", page="/images", alt="Boats")
    assert answer.status_code == 422
    assert "Choose a picture." in answer.text


def test_the_words_can_be_changed(author, said):
    answer = post_form(author, f"/images/{said['id']}", alt="Three  boats\nat dawn")
    assert answer.status_code == 303
    assert db.session.query(Image).one().alt == "Three boats at dawn"


def test_words_that_are_too_long_are_kept_in_the_form(author, said):
    answer = post_form(author, f"/images/{said['id']}", alt="b" * 501)
    assert answer.status_code == 422
    assert "b" * 501 in answer.text


def test_a_picture_without_words_says_so_in_the_list(author, send):
    send(drawn())
    assert "Nothing says what is to be seen." in author.get("/images").text


def test_a_deleted_picture_is_gone_for_everyone_and_comes_back_by_undo(author, app, said):
    after = post_form(author, f"/images/{said['id']}/deletion", page="/images")
    assert after.status_code == 303
    assert app.test_client().get(said["url"]).status_code == 404
    page = author.get("/images").text
    assert f"/images/{said['id']}/restoration" in page
    assert post_form(author, f"/images/{said['id']}/restoration", page="/write/new").status_code == 303
    assert app.test_client().get(said["url"]).status_code == 200


def test_a_picture_that_a_text_shows_is_not_deleted(author, world, said):
    post = posts.write(author=world.alice, title="At sea", body=said["markdown"], tags=[], slug=None, now=clock.now())
    db.session.commit()
    post_form(author, f"/images/{said['id']}/deletion", page="/images")
    assert "It is still shown in “At sea”." in author.get(f"/images/{said['id']}").text
    assert author.get(said["url"]).status_code == 200
    posts.edit(post, by=world.alice, now=clock.now(), version=None, body="Nothing to see.")
    db.session.commit()
    post_form(author, f"/images/{said['id']}/deletion", page="/images")
    assert author.get(said["url"]).status_code == 404


def test_a_text_of_somebody_else_keeps_it_without_a_word_of_what_it_is_called(author, world, said):
    secret = factories.post(world.carol, "Nobody knows", body=said["markdown"])
    db.session.commit()
    address = f"/images/{said['id']}"
    post_form(author, f"{address}/deletion", page="/images")
    page = author.get(address).text
    assert "It is still shown in a text of somebody else." in page
    assert "Nobody knows" not in page
    secret.state, secret.published_at = PostState.PUBLISHED, clock.now()
    db.session.commit()
    post_form(author, f"{address}/deletion", page="/images")
    assert "It is still shown in “Nobody knows”." in author.get(address).text


def test_what_one_may_know_is_named_first(author, world, said):
    factories.post(world.carol, "Nobody knows", body=said["markdown"])
    posts.write(author=world.alice, title="At sea", body=said["markdown"], tags=[], slug=None, now=clock.now())
    db.session.commit()
    post_form(author, f"/images/{said['id']}/deletion", page="/images")
    assert "“At sea” and 1 more." in author.get(f"/images/{said['id']}").text


def test_sending_a_deleted_picture_again_brings_it_back(author, send, said):
    post_form(author, f"/images/{said['id']}/deletion", page="/images")
    again = send(drawn(size=(700, 500)), "harbour.jpg")
    assert again.json["id"] == said["id"]
    assert author.get(said["url"]).status_code == 200


def test_a_month_after_its_deletion_a_picture_is_purged_with_its_files(author, said, uploads, jobs):
    jobs.run()
    post_form(author, f"/images/{said['id']}/deletion", page="/images")
    rendering.tidy(clock.now() + timedelta(days=29))
    assert (uploads / said["id"]).exists()
    rendering.tidy(clock.now() + timedelta(days=31))
    assert not (uploads / said["id"]).exists()
    assert db.session.query(Image).count() == 0


@pytest.mark.parametrize("path", ["", "/deletion", "/restoration"])
def test_other_peoples_pictures_do_not_exist(app, world, said, path):
    world.carol.role = "author"
    carol = sign_in(app.test_client(), world.carol)
    token = csrf(carol, "/images")
    assert carol.post(f"/images/{said['id']}{path}", data={"csrf_token": token, "alt": "x"}).status_code == 404
    assert said["id"] not in carol.get("/images").text


@pytest.mark.parametrize("path", ["/images", "/images/abc"])
def test_who_only_reads_has_no_pictures(app, world, path):
    bob = sign_in(app.test_client(), world.bob)
    assert bob.get(path).status_code == 403
    assert app.test_client().get(path).status_code == 303


@pytest.mark.parametrize("before", ["-1", "x", "9" * 30, "%00"])
def test_a_page_nobody_linked_to_is_a_400(author, before):
    assert author.get(f"/images?before={before}").status_code == 400


def test_older_pictures_stand_on_the_next_page(author, send, monkeypatch):
    monkeypatch.setattr("webapp.images.views.keeping.PAGE", 2)
    keys = [send(drawn("PNG", size=(40 + number, 40))).json["id"] for number in range(3)]
    first = author.get("/images").text
    assert keys[2] in first
    assert keys[0] not in first
    oldest_shown = db.session.query(Image).filter_by(key=keys[1]).one().id
    assert keys[0] in author.get(f"/images?before={oldest_shown}").text
