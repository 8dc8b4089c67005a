"""The picture at the head of a post."""

import pytest
from bs4 import BeautifulSoup

from tests import factories
from tests.door import Visitor
from tests.world import sign_in
from webapp.core import clock
from webapp.core.errors import Refused
from webapp.extensions import db
from webapp.images import operations as images
from webapp.images.models import Image
from webapp.posts import operations


@pytest.fixture
def post(world):
    return factories.post(world.alice, "At sea", published_at=clock.now())


@pytest.fixture
def cover(world):
    return picture_of(world.alice)


def picture_of(person, key="abcdefghabcdefgh"):
    made = Image(
        key=key,
        owner_id=person.id,
        name="sea.jpg",
        alt="The sea",
        format="jpeg",
        original_format="jpeg",
        digest=key * 4,
        width=1000,
        height=600,
        bytes=1,
    )
    db.session.add(made)
    db.session.commit()
    return made


def edit(post, by, **values):
    operations.edit(post, by=by, now=clock.now(), version=None, **values)
    db.session.commit()


def test_it_stands_on_the_page_and_where_the_post_is_shared(post, cover, world, client):
    edit(post, world.alice, cover_id=cover.id)
    page = BeautifulSoup(client.get(f"/posts/{post.slug}").text, "html.parser")
    shown = page.select_one("article picture img")
    assert (shown["alt"], shown["loading"], shown["width"]) == ("The sea", "eager", "1000")
    address = f"http://localhost/images/{cover.key}/sea.jpg"
    assert page.select_one("meta[property='og:image']")["content"] == address
    assert page.select_one("meta[name='twitter:card']")["content"] == "summary_large_image"
    assert f'"image": "{address}"' in page.select_one("script[type='application/ld+json']").get_text()


def test_a_post_without_one_says_nothing_of_it(post, client):
    page = client.get(f"/posts/{post.slug}").text
    assert "og:image" not in page
    assert "<picture" not in page


def test_it_stays_when_something_else_is_changed_and_goes_when_it_is_taken_away(post, cover, world):
    edit(post, world.alice, cover_id=cover.id)
    edit(post, world.alice, title="At sea again")
    assert post.cover_id == cover.id
    edit(post, world.alice, cover_id=0)
    assert post.cover_id is None


@pytest.mark.parametrize("image_id", [-1, 2**63, 999_999])
def test_a_picture_that_does_not_exist_is_refused(post, world, image_id):
    with pytest.raises(Refused, match="own pictures"):
        edit(post, world.alice, cover_id=image_id)


def test_another_persons_picture_is_refused_unless_it_is_there_already(post, cover, world):
    with pytest.raises(Refused):
        edit(post, world.carol, cover_id=cover.id)
    db.session.rollback()
    edit(post, world.alice, cover_id=cover.id)
    edit(post, world.carol, cover_id=cover.id)
    assert post.cover_id == cover.id


def test_a_cover_is_not_deleted(post, cover, world):
    edit(post, world.alice, cover_id=cover.id)
    with pytest.raises(Refused, match="“At sea”"):
        images.delete(cover, now=clock.now())


def test_a_post_outlives_the_row_of_its_cover(post, cover, world, client):
    edit(post, world.alice, cover_id=cover.id)
    db.session.delete(cover)
    db.session.commit()
    db.session.refresh(post)
    assert post.cover_id is None
    assert client.get(f"/posts/{post.slug}").status_code == 200


class TestChoosing:
    """In the editor."""

    @pytest.fixture
    def alice(self, world, app):
        return Visitor(sign_in(app.test_client(), world.alice))

    def test_a_picture_is_chosen_kept_and_taken_away(self, post, cover, alice):
        for pressed, expected in ((str(cover.id), cover.id), (None, cover.id), ("0", None)):
            alice.visit(f"/posts/{post.id}/edit")
            alice.press("Save changes", **({"cover": pressed} if pressed else {}))
            db.session.refresh(post)
            assert post.cover_id == expected

    def test_a_new_post_may_have_one_from_the_start(self, cover, alice, client):
        alice.visit("/write/new")
        alice.press("Publish now", title="Salt", body="Three kinds.", cover=str(cover.id))
        assert BeautifulSoup(client.get("/posts/salt").text, "html.parser").select_one("article picture img")

    def test_the_newest_of_ones_own_are_offered_and_the_one_that_is_there(self, post, cover, world, alice):
        other = picture_of(world.carol, "zyxwvuzyxwvuzyxw")
        post.cover_id = other.id
        db.session.commit()
        page = alice.visit(f"/posts/{post.id}/edit").soup
        assert [each["value"] for each in page.select("[name=cover]")] == ["0", str(other.id), str(cover.id)]
        assert page.select_one("[name=cover][checked]")["value"] == str(other.id)

    @pytest.mark.parametrize("raw", ["999999", "-1", "x", "9" * 40, "²", "\0"])
    def test_what_is_no_picture_is_refused_beside_the_pictures_and_the_words_stay(self, post, cover, alice, raw):
        alice.visit(f"/posts/{post.id}/edit")
        answer = alice.press("Save changes", title="Changed", cover=raw)
        assert answer.status == 422
        assert "own pictures" in answer.soup.select_one("#cover-error").get_text()
        assert answer.soup.select_one("[name=title]").text.strip() == "Changed"
