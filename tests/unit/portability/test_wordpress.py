"""A WordPress export: what becomes of every item in it."""

from datetime import UTC, datetime
from urllib.parse import urlsplit

import pytest
from sqlalchemy import func, select

from tests.unit.portability import exports
from tests.world import post_form
from webapp.accounts import operations
from webapp.accounts.models import Person, Role
from webapp.mail.models import Delivery
from webapp.portability.models import OldAddress
from webapp.posts.models import Post, PostState, Revision


@pytest.fixture
def ferry(tmp_path):
    return exports.ferry_house(tmp_path / "ferry.xml")


def test_every_item_is_accounted_for(imported, ferry):
    report = imported("wordpress", ferry)
    assert report.counts["post"] == {"imported": 6, "draft": 4, "skipped": 1}
    assert report.counts["page"] == {"imported": 1}
    assert report.counts["attachment"] == {"skipped": 1}
    assert report.counts["nav_menu_item"] == {"skipped": 1}
    assert report.counts["comment"] == {"imported": 2, "skipped": 2}
    assert len([each for each in report.items if each["kind"] not in {"author", "comment"}]) == 14


def test_blocks_become_markdown(imported, ferry, post):
    imported("wordpress", ferry)
    noon = post("the-noon-boat")
    assert "The **noon boat** was late, as it is *every* Tuesday" in noon.body
    assert "[the timetable](https://ferry.example/timetable/)" in noon.body
    assert "![The pier at low water](https://ferry.example/wp-content/uploads/2024/05/pier.png)" in noon.body
    assert "*Low water, again.*" in noon.body
    assert "https://video.example/watch/9" in noon.body
    assert "```python\nif tide < 2:\n    wait()\n```" in noon.body
    assert "wp:" not in noon.body
    assert "<strong>noon boat</strong>" in noon.html


def test_text_of_before_the_blocks_becomes_markdown(imported, ferry, post):
    imported("wordpress", ferry)
    rain = post("rain")
    assert rain.title == "Rain & more rain"
    assert "It rained on the \\*first\\* of the month.\\\nThen it rained on the second.\n\n" in rain.body
    assert "pier-300x200.png)](https://ferry.example/wp-content/uploads/2024/05/pier.png)" in rain.body
    assert "*The pier, *before**" in rain.body or "The pier, *before*" in rain.body
    assert "“recieved [sic]” and meant it." in rain.body
    assert "```bash\nls -la | grep '*'\n```" in rain.body
    assert "contact-form" not in rain.body
    assert "alert(" not in rain.body
    assert "(https://maps.example/embed?x=1)" in rain.body or "<https://maps.example/embed?x=1>" in rain.body


def test_what_cannot_be_kept_is_named(imported, ferry):
    report = imported("wordpress", ferry)
    assert any("the block “latest-posts” was left out" in each["reason"] for each in report.items)
    rain = report.of("Rain & more rain")["reason"]
    assert "the shortcode [contact-form] was left out" in rain
    assert "what was embedded is a link now: https://maps.example/embed?x=1" in rain


def test_the_day_it_appeared_and_its_tags_are_kept(imported, ferry, post):
    imported("wordpress", ferry)
    noon = post("the-noon-boat")
    assert noon.published_at == datetime(2024, 5, 1, 8, 30, tzinfo=UTC)
    assert [tag.name for tag in noon.tags] == ["Boats", "Weather"]
    assert noon.excerpt == noon.own_excerpt == "About lateness."
    assert noon.state is PostState.PUBLISHED


@pytest.mark.parametrize(
    ("title", "why"),
    [
        ("Only for us", "it was private"),
        ("Guess the word", "it was protected by a password"),
        ("Next spring", "it was scheduled for 2031-03-01 06:00 UTC; set its time anew"),
        ("Nothing in it", "it has no text"),
    ],
)
def test_what_not_everyone_could_read_becomes_a_draft(imported, ferry, db, title, why):
    report = imported("wordpress", ferry)
    assert report.of(title)["outcome"] == "draft"
    assert why in report.of(title)["reason"]
    found = db.session.scalars(select(Post).where(Post.title == title)).one()
    assert found.state is PostState.DRAFT
    assert found.published_at is None


def test_what_is_in_the_trash_there_stays_there(imported, ferry, db):
    assert imported("wordpress", ferry).of("Thrown away")["reason"] == "it is in the trash there"
    assert not db.session.scalar(select(Post).where(Post.title == "Thrown away"))


def test_a_second_post_with_the_same_slug_gets_a_number(imported, ferry, post):
    report = imported("wordpress", ferry)
    assert post("the-noon-boat-2").published_at
    assert any("another post has /posts/the-noon-boat" in each["reason"] for each in report.items)


def test_a_post_without_a_title_gets_its_first_words(imported, ferry, post):
    imported("wordpress", ferry)
    assert post("aside").title == "No title, only this sentence."


def test_authors_are_matched_by_address_or_made_without_a_password(imported, ferry, post, world, db):
    world.alice.email = "maren@ferry.example"
    db.session.commit()
    report = imported("wordpress", ferry)
    assert post("the-noon-boat").author_id == world.alice.id
    piet = post("rain").author
    assert (piet.name, piet.role, piet.is_confirmed) == ("Piet & Sons", Role.AUTHOR, False)
    assert report.counts["author"] == {"imported": 1}
    assert report.of("Piet & Sons <piet@ferry.example>")["reason"] == "new here, without a password"


def test_nobody_is_mailed(imported, ferry, db, jobs, smtp):
    imported("wordpress", ferry)
    jobs.run()
    assert db.session.scalar(select(func.count(Delivery.id))) == 0
    assert smtp.received == []


def test_an_author_who_was_made_can_join_by_registering(imported, ferry, db, client, smtp, jobs):
    imported("wordpress", ferry)
    post_form(client, "/register", name="Piet", email="piet@ferry.example", password="a long enough word")
    jobs.run()
    link = smtp.only("piet@ferry.example").link("/confirm/")
    post_form(client, urlsplit(link).path)
    piet = db.session.scalars(select(Person).where(Person.email == "piet@ferry.example")).one()
    assert (piet.is_confirmed, piet.role) == (True, Role.AUTHOR)


@pytest.mark.parametrize(
    "old",
    ["/2024/05/the-noon-boat/", "/2024/05/the-noon-boat", "/2024/05/tuesday-boat/", "/?p=1"],
)
def test_an_old_address_leads_to_the_post(imported, ferry, client, old):
    imported("wordpress", ferry)
    answer = client.get(old)
    assert answer.status_code == 301
    assert answer.location == "/posts/the-noon-boat"


def test_an_old_address_in_another_script_leads_to_the_post(imported, ferry, client):
    imported("wordpress", ferry)
    answer = client.get("/2024/05/%E6%B8%A1%E5%8F%A3/")
    assert (answer.status_code, answer.location) == (301, "/posts/du-kou")


def test_an_old_address_of_a_draft_is_not_found(imported, ferry, client):
    imported("wordpress", ferry)
    assert client.get("/2024/05/post-6/").status_code == 404


def test_the_old_feed_leads_to_the_new_one(imported, ferry, client):
    imported("wordpress", ferry)
    answer = client.get("/feed/")
    assert (answer.status_code, answer.location) == (301, "/feed.atom")


def test_an_imported_post_has_one_revision(imported, ferry, post, db):
    imported("wordpress", ferry)
    noon = post("the-noon-boat")
    kept = db.session.scalars(select(Revision).where(Revision.post_id == noon.id)).all()
    assert [(each.title, each.created_at) for each in kept] == [("The noon boat", noon.published_at)]


def test_a_second_import_changes_nothing(imported, ferry, db):
    imported("wordpress", ferry)
    before = db.session.scalar(select(func.count(Post.id))), db.session.scalar(select(func.max(Post.updated_at)))
    report = imported("wordpress", ferry)
    assert report.counts["post"] == {"unchanged": 10, "skipped": 1}
    after = db.session.scalar(select(func.count(Post.id))), db.session.scalar(select(func.max(Post.updated_at)))
    assert after == before


def test_what_changed_there_since_is_said_and_what_is_here_kept(imported, tmp_path, post):
    imported("wordpress", exports.wordpress(tmp_path / "a.xml", exports.item(1, title="Old")))
    report = imported("wordpress", exports.wordpress(tmp_path / "a.xml", exports.item(1, title="New")))
    assert post("post-1").title == "Old"
    assert "it has changed there since" in report.of("New")["reason"]


def test_what_was_put_in_the_trash_here_does_not_come_back(imported, ferry, post, db):
    imported("wordpress", ferry)
    post("rain").state = PostState.TRASHED
    db.session.commit()
    imported("wordpress", ferry)
    assert post("rain").state is PostState.TRASHED


def test_a_dry_run_says_the_same_and_changes_nothing(imported, ferry, db):
    before = contents(db)
    dry = imported("wordpress", ferry, "--dry-run")
    assert contents(db) == before
    wet = imported("wordpress", ferry)
    assert dry.items == wet.items
    assert dry.counts == wet.counts


def test_an_unknown_author_needs_someone_to_take_the_post(imported, tmp_path, world):
    path = exports.wordpress(tmp_path / "a.xml", exports.item(1, creator="ghost"), head=exports.HEAD)
    operations.set_role(world.carol, Role.AUTHOR)  # with Alice the second: nobody is the obvious one
    report = imported("wordpress", path)
    assert report.of("Post 1")["outcome"] == "failed"
    assert "--author" in report.of("Post 1")["reason"]
    assert report.exit_code == 1
    again = imported("wordpress", path, "--author", world.alice.email)
    assert again.of("Post 1") == {
        "kind": "post",
        "title": "Post 1",
        "outcome": "imported",
        "reason": "it was by ghost, whose address is not known",
    }


def test_the_report_is_readable(runner, ferry):
    said = runner("import", "wordpress", str(ferry)).output
    assert "6 posts imported, 4 imported as drafts, 1 left out" in said
    assert "Nobody was mailed." in said
    assert "draft      post “Only for us”: it was private" in said


def contents(db) -> dict[str, list]:
    """Every row of every table."""
    found = {table.name: db.session.execute(select(table)).all() for table in db.metadata.sorted_tables}
    db.session.rollback()
    return found


def test_old_addresses_are_kept_once(imported, ferry, db):
    imported("wordpress", ferry)
    imported("wordpress", ferry)
    paths = db.session.scalars(select(OldAddress.path)).all()
    assert len(paths) == len(set(paths))
