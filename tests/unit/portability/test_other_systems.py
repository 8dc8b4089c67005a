"""Ghost, folders of Markdown, feeds: what becomes of every item in them."""

from datetime import UTC, datetime

import pytest

from tests.unit.portability import exports
from webapp.posts.models import PostState


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
