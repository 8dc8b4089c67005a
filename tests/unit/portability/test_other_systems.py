"""Ghost, folders of Markdown, feeds: what becomes of every item in them."""

import io
import json
import zipfile
from datetime import UTC, datetime

import PIL.Image
import pytest
from sqlalchemy import select

from tests import factories
from tests.unit.portability import exports
from tests.world import sign_in
from webapp.accounts.models import Person, Role
from webapp.images import addresses
from webapp.images import operations as images
from webapp.images.models import Image
from webapp.posts.models import PostState, co_authors

AT = datetime(2024, 5, 1, 8, 30, tzinfo=UTC)


@pytest.fixture
def ghost(tmp_path):
    return exports.ghost(tmp_path / "kelp.json")


@pytest.fixture(params=["folder", "zip"])
def tools(request, tmp_path):
    """The same files in a folder, and in a zip."""
    if request.param == "zip":
        return exports.markdown_zip(tmp_path / "tools.zip")
    return exports.markdown_folder(tmp_path / "tools")


def test_every_item_of_ghost_is_accounted_for(imported, ghost):
    report = imported("ghost", ghost)
    assert report.counts == {
        "author": {"imported": 1},
        "post": {"imported": 4, "draft": 3},
        "page": {"imported": 1},
    }


def test_html_of_ghost_becomes_markdown(imported, ghost, post):
    imported("ghost", ghost)
    kelp = post("kelp")
    assert kelp.body == "Kelp is **long**.\n\n![Kelp](/content/images/2023/01/kelp.png)"
    assert kelp.published_at == datetime(2023, 1, 2, 10, tzinfo=UTC)
    assert kelp.excerpt == "On kelp."
    assert [tag.name for tag in kelp.tags] == ["Sea"]
    assert kelp.author.email == "nils@kelp.example"


def test_lexical_becomes_markdown(imported, ghost, post):
    report = imported("ghost", ghost)
    body = post("salt").body
    assert body.startswith("## Salt\n\nIt is ")
    assert "everywhere" in body
    assert "(https://salt.example/)" in body
    assert "1. one" in body
    assert "![A spoon](/content/images/2024/01/salt.png)" in body
    assert "```python\nx = 1\n```" in body
    assert "a card for members or mail (signup) was left out" in report.of("Salt")["reason"]


def test_mobiledoc_becomes_markdown(imported, ghost, post):
    imported("ghost", ghost)
    body = post("rope").body
    assert body == (
        "Rope is **strong**\\\n[and long](https://rope.example/)\n\n- kept *as it is*\n\n- hemp\n- sisal\n\n"
        "[Old things](https://old.example/)"
    )


@pytest.mark.parametrize(
    ("title", "why"),
    [
        ("In May", "it was scheduled for 2031-05-01 10:00 UTC"),
        ("For members", "it was for members only"),
        ("A letter", "it was only sent by mail"),
    ],
)
def test_what_ghost_did_not_show_to_everyone_is_a_draft(imported, ghost, title, why):
    line = imported("ghost", ghost).of(title)
    assert line["outcome"] == "draft"
    assert why in line["reason"]


def test_an_address_of_ghost_leads_to_the_post(imported, ghost, client):
    imported("ghost", ghost)
    answer = client.get("/kelp/")
    assert (answer.status_code, answer.location) == (301, "/posts/kelp")


def test_every_file_is_accounted_for(imported, tools, world):
    report = imported("markdown", tools, "--author", world.alice.email)
    outcomes = {each["title"]: each["outcome"] for each in report.items}
    assert outcomes == {
        "A good saw: what it wants": "imported",
        "Hidden": "imported",
        "An idea": "imported",
        "The vice": "imported",
        "A file without front matter": "draft",
        "broken.md": "skipped",
        "latin.md": "skipped",
        "assets/teeth.png": "skipped",
        "content/posts/vice/jaw.png": "skipped",
        "style.css": "skipped",
        "_config.yml": "skipped",
    }
    assert "its front matter cannot be read" in report.of("broken.md")["reason"]
    assert report.of("latin.md")["reason"] == "it is not UTF-8"


def test_a_post_of_jekyll(imported, tools, world, post, client):
    imported("markdown", tools, "--author", world.alice.email)
    saw = post("a-good-saw")
    assert saw.body == "It wants *oil*.\n\n```ruby\nputs 1\n```\n\n![Teeth](/assets/teeth.png)"
    assert saw.published_at == datetime(2022, 3, 4, tzinfo=UTC)
    assert {tag.name for tag in saw.tags} == {"saws", "steel", "hand", "tools"}
    assert post("hidden").state is PostState.DRAFT
    assert post("an-idea").state is PostState.DRAFT
    for old in ("/2022/03/04/a-good-saw.html", "/hand/tools/2022/03/04/a-good-saw.html"):
        assert client.get(old).location == "/posts/a-good-saw"


def test_a_post_of_hugo(imported, tools, world, post, client):
    report = imported("markdown", tools, "--author", world.alice.email)
    vice = post("vice")
    assert vice.title == "The vice"
    assert vice.published_at == datetime(2023, 6, 1, 6, tzinfo=UTC)
    assert "![Jaws](</content/posts/vice/jaw.png>)" in vice.body or "![Jaws](<jaw.png>)" in vice.body
    assert "<https://www.youtube.com/watch?v=abc123>" in vice.body
    assert "Text with HTML." in vice.body
    assert "HTML was left out around its words: mark" in report.of("The vice")["reason"]
    assert client.get("/old/vice/").location == "/posts/vice"


def test_our_own_markdown_comes_in_with_all_that_belongs_to_a_post(imported, tmp_path, client, world, db, post):
    raw = io.BytesIO()
    PIL.Image.new("RGB", (30, 20), "navy").save(raw, "PNG")
    ours = images.keep(images.receive(raw.getvalue(), "Pier.png"), owner=world.alice, alt="The pier", now=AT)
    bob = factories.person("Bo", role=Role.AUTHOR)
    body = f"Look: ![The pier]({addresses.path(ours)}) and [large](<{addresses.full(ours, '480.webp')}>)."
    facts = {"slug": "with-all", "own_excerpt": "In short.", "excerpt": "In short.", "cover_id": ours.id}
    facts["canonical_url"] = "https://first.example/it?x=1"
    factories.post(world.alice, "With all", body=body, published_at=AT, tags=("Sea",), with_others=[bob], **facts)
    with sign_in(client, world.alice).get("/settings/export/posts.zip") as answer:
        (tmp_path / "mine.zip").write_bytes(answer.data)
    with zipfile.ZipFile(tmp_path / "mine.zip") as mine:
        assert f"media/{ours.key}/pier.png" in mine.namelist()
        document = mine.read("posts/2024-05-01-with-all.md").decode()
    assert f"![The pier](../media/{ours.key}/pier.png) and [large](../media/{ours.key}/pier.png)." in document
    db.session.delete(post("with-all"))
    db.session.delete(ours)
    db.session.commit()
    assert imported("markdown", tmp_path / "mine.zip", "--author", world.alice.email).of("With all")["reason"] == ""
    again, there = post("with-all"), db.session.scalars(select(Image)).one()
    path = addresses.path(there)
    assert again.body == f"Look: ![The pier]({path}) and [large]({path})."
    assert (again.own_excerpt, again.canonical_url) == (facts["own_excerpt"], facts["canonical_url"])
    assert (again.author.id, again.published_at, again.cover_id) == (world.alice.id, AT, there.id)
    assert (there.alt, there.name) == ("The pier", "pier.png")
    wrote_along = select(co_authors.c.person_id).where(co_authors.c.post_id == again.id)
    assert db.session.scalars(wrote_along).all() == [bob.id]


def test_who_wrote_along_in_ghost_and_where_it_stood_first(imported, ghost, db, post):
    data = json.loads(ghost.read_text())
    tables = data["db"][0]["data"]
    tables["users"].append({"id": "u2", "name": "Ida Moll", "email": "ida@kelp.example", "slug": "ida"})
    tables["posts_authors"].append({"post_id": tables["posts"][0]["id"], "author_id": "u2", "sort_order": 1})
    tables["posts"][0] |= {"canonical_url": "https://first.example/kelp", "feature_image": "https://x.example/a b.png"}
    tables["posts_meta"].append({"post_id": tables["posts"][0]["id"], "feature_image_alt": "Kelp [long]"})
    ghost.write_text(json.dumps(data))
    report = imported("ghost", ghost)
    kelp = post("kelp")
    wrote_along = select(Person.email).join(co_authors).where(co_authors.c.post_id == kelp.id)
    assert db.session.scalars(wrote_along).all() == ["ida@kelp.example"]
    assert kelp.canonical_url == "https://first.example/kelp"
    assert kelp.own_excerpt == "On kelp."
    assert kelp.body.startswith("![Kelp (long)](<https://x.example/a b.png>)\n\nKelp is")
    assert "https://x.example/a b.png (fetching was not allowed)" in report.of("Kelp")["reason"]


def test_an_address_that_is_none_is_not_kept_as_the_first(imported, ghost, post):
    data = json.loads(ghost.read_text())
    data["db"][0]["data"]["posts"][0]["canonical_url"] = "javascript:alert(1)"
    ghost.write_text(json.dumps(data))
    report = imported("ghost", ghost)
    assert post("kelp").canonical_url == ""
    assert "is no address where it could have stood first" in report.of("Kelp")["reason"]


def test_our_own_markdown_comes_in_again(imported, tmp_path, runner, world, db, post):
    from webapp.posts import operations
    from webapp.posts.models import Post

    now = datetime(2026, 3, 4, 5, 6, tzinfo=UTC)
    made = operations.write(author=world.alice, title="Mine: again", body="*Text*", tags=["sea"], slug="mine", now=now)
    operations.publish(made, by=world.alice, now=now)
    db.session.commit()
    runner("export", str(tmp_path / "all.zip"))
    db.session.query(Post).delete()
    db.session.commit()
    report = imported("markdown", tmp_path / "all.zip")
    assert report.of("Mine: again")["outcome"] == "imported"
    again = post("mine")
    assert (again.body, again.published_at, again.author_id) == ("*Text*", now, world.alice.id)
    assert [tag.name for tag in again.tags] == ["sea"]


def test_an_atom_feed(imported, tmp_path, post):
    report = imported("feed", exports.feed(tmp_path / "trains.xml"))
    assert report.counts["post"] == {"imported": 2}
    two = post("platform-two")
    assert two.body == "It has a *bench*."
    assert two.published_at == datetime(2024, 1, 1, 10, tzinfo=UTC)
    assert [tag.name for tag in two.tags] == ["stations"]
    assert two.author.email == "olu@trains.example"
    assert report.of("Only a summary")["reason"] == "the feed has only what is in its summary"


def test_an_rss_feed(imported, tmp_path, post, world, client):
    imported("feed", exports.feed(tmp_path / "moths.rss", exports.RSS), "--author", world.alice.email)
    assert post("a-hawk-moth").body == "It came at nine."
    assert client.get("/?p=12").location == "/posts/a-hawk-moth"


@pytest.mark.parametrize("system", ["ghost", "markdown", "feed"])
def test_a_second_import_changes_nothing(system, imported, tmp_path, world):
    path = {
        "ghost": exports.ghost,
        "markdown": exports.markdown_zip,
        "feed": exports.feed,
    }[system](tmp_path / "file.zip")
    imported(system, path, "--author", world.alice.email)
    report = imported(system, path, "--author", world.alice.email)
    assert all(set(by) <= {"unchanged", "skipped"} for by in report.counts.values())
