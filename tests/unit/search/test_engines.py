"""What every engine does, whichever it is."""

from datetime import timedelta

import pytest
from sqlalchemy import text

from tests import factories
from tests.unit.search.conftest import ENGINES, NOW, found, publish, settle, told
from webapp.accounts.models import Role
from webapp.core import markdown
from webapp.extensions import db as database
from webapp.posts import operations as posts
from webapp.posts.models import Post, PostState
from webapp.posts.operations import coauthors
from webapp.search import operations

pytestmark = pytest.mark.parametrize("place", ENGINES, indirect=True)

GARBAGE = [
    *(
        '"',
        '""',
        '"""',
        "*",
        "**",
        "a*",
        "NEAR(",
        "NEAR(a b)",
        ":",
        "title:",
        "a:b",
        "-a",
        "^a",
        "(",
        ")",
        "{",
        "a AND",
    ),
    *("AND", "OR NOT", "a | b", "a & b", "!a", "a <-> b", "':*", "'", "''", "\\", "a\\", "%", "%%", "_", "$$", "{}"),
    *("\0", "a\0b", "\ud800", "a\udfffb", "\u202e", "\ufeff", "\U000e0001", "🎉", "́", "İ", "ß", "ﬁ", "½", "²"),
    *("a" * 10_000, "a " * 5_000, '"' * 10_000, "天" * 10_000, "天 " * 5_000, "a'b " * 3_000, '"a ' * 4_000),
    *("<script>alert(1)</script>", "' OR 1=1 --", "'; DROP TABLE posts; --", "__long__", "0", "1e309", "٣"),
]


class TestFinding:
    def test_a_word_of_title_text_tag_or_author_is_found(self, world):
        publish(world.alice, "First frost", "<p>The dahlias are in the cellar.</p>", tags=("winter",))
        for word in ("frost", "dahlias", "winter", "alice"):
            assert found(word) == ["First frost"], word

    def test_all_words_have_to_be_there_wherever_they_stand(self, world):
        publish(world.alice, "First frost", "<p>The dahlias are in the cellar.</p>")
        publish(world.alice, "Dahlias")
        assert found("dahlias frost") == ["First frost"]
        assert found("dahlias frost nowhere") == []

    def test_the_title_counts_most(self, world):
        publish(world.alice, "Other things", "<p>A word about frost, and then more words.</p>")
        publish(world.alice, "Frost", "<p>A word about other things, and then more.</p>", ago=timedelta(days=30))
        assert found("frost") == ["Frost", "Other things"]

    def test_of_two_that_say_the_same_the_newer_comes_first(self, world):
        for days in (800, 2, 400):
            publish(world.alice, f"Frost {days}", ago=timedelta(days=days))
        assert found("frost") == ["Frost 2", "Frost 400", "Frost 800"]

    def test_a_word_may_go_on_from_three_letters(self, world):
        publish(world.alice, "Gardening")
        assert found("gar") == found("garden") == ["Gardening"]
        assert found("ga") == found("ardening") == []

    def test_quotes_hold_words_together(self, world):
        publish(world.alice, "Order", "<p>Bread and salt, salt and silver.</p>")
        assert found('"bread and salt"') == found("“salt and silver”") == ["Order"]
        assert found('"salt and bread"') == found('"bread and sal"') == []
        assert found('silver "bread and salt') == ["Order"]

    def test_accents_and_capitals_make_no_difference(self, world):
        publish(world.alice, "Café Zoë", "<p>русский ЯЗЫК, naïve façade</p>")
        for word in ("cafe", "CAFÉ", "zoe", "Zoë", "язык", "Русский", "naive", "FACADE"):
            assert found(word) == ["Café Zoë"], word

    def test_marks_within_a_word_part_it_for_both(self, world):
        publish(world.alice, "Don\u2019t e-mail", "<p>foo_bar on 2026-11-25, C++ and 3.14</p>")
        for word in ("don't", "e-mail", "foo_bar", "bar", "2026-11-25", "C++", "3.14"):
            assert found(word) == ["Don\u2019t e-mail"], word

    def test_chinese_is_found_from_two_characters_on_and_by_one(self, world):
        publish(world.alice, "小雪那天", "<p>我们等着下雪。天一直没有暗下来。</p>", tags=("节气",))
        for word in ("小雪", "雪那天", "下雪", "没有暗下来", "节气", "雪", "天", "来", "等着 那天"):
            assert found(word) == ["小雪那天"], word
        for word in ("雪天", "小天", "着雪", "冬"):
            assert found(word) == [], word

    def test_chinese_beside_latin_is_found(self, world):
        publish(world.alice, "笔记", "<p>用Python写代码\uff0c然后喝茶。</p>")
        for word in ("用Python写", "python", "Python代码", "代码", '"用Python写代码"', '"写代码\uff0c然后"'):
            assert found(word) == ["笔记"], word

    def test_japanese_and_korean_are_found_by_parts(self, world):
        publish(world.alice, "言葉", "<p>東京タワーへ行きました。한국어를 배웁니다.</p>")
        for word in ("東京", "タワー", "行き", "한국", "국어를"):
            assert found(word) == ["言葉"], word

    def test_markup_is_not_text_and_parts_no_word(self, world):
        html = '<p>un<em>believ</em>able &amp; 小<strong>雪</strong></p><ul><li><a href="https://hidden.example">one</a></li></ul>'
        publish(world.alice, "Marked", html)
        for word in ("unbelievable", "小雪", "one"):
            assert found(word) == ["Marked"], word
        for word in ("believ", "hidden", "href", "amp", "strong", "em", "unbelievableone"):
            assert found(word) == [], word

    def test_the_last_words_of_a_long_text_are_found(self, world):
        publish(world.alice, "Long", "<p>" + "词语组合" * 12_000 + "机器学习</p>")
        publish(world.alice, "Longer", "<p>" + "word and other " * 13_000 + "platypus swims</p>")
        assert found("机器学习") == ["Long"]
        assert found("platypus") == found('"platypus swims"') == ["Longer"]

    def test_any_question_has_an_answer(self, world, client):
        publish(world.alice, "First frost")
        for question in GARBAGE:
            sent = question.encode("utf-8", "surrogatepass")
            assert client.get("/search", query_string={"q": sent}).status_code == 200, ascii(question[:20])
            operations.search(question, now=NOW)
        assert found("frost") == ["First frost"]


class TestPaging:
    def test_pages_follow_each_other_without_gap_or_double(self, world):
        for number in range(23):
            factories.post(world.alice, f"Frost {number}", published_at=NOW - timedelta(days=number % 3))
        settle()
        pages = [found("frost", page=page) for page in (1, 2, 3, 4)]
        assert [len(page) for page in pages] == [10, 10, 3, 0]
        assert len({title for page in pages for title in page}) == 23
        assert found("frost", page=2) == pages[1]
        assert operations.search("frost", now=NOW).total == 23

    def test_more_than_two_hundred_are_not_counted(self, world):
        for number in range(202):
            factories.post(world.alice, f"Frost {number}", published_at=NOW - timedelta(hours=number))
        settle()
        answer = operations.search("frost", now=NOW, page=20)
        assert (len(answer.hits), answer.total, answer.is_more) == (10, 200, True)


class TestKeepingUp:
    def test_only_what_is_published_is_ever_found(self, world):
        post = factories.post(world.alice, "Frost", html="<p>frost</p>")
        settle()
        assert found("frost") == []
        posts.schedule(post, at=NOW + timedelta(days=1), by=world.alice, now=NOW)
        settle()
        assert found("frost") == []
        posts.publish(post, by=world.alice, now=NOW)
        settle()
        assert found("frost") == ["Frost"]
        posts.unpublish(post, by=world.alice, now=NOW)
        settle()
        assert found("frost") == []
        posts.publish(post, by=world.alice, now=NOW)
        posts.trash(post, by=world.alice, now=NOW)
        settle()
        assert found("frost") == []

    def test_what_was_hidden_a_moment_ago_is_not_found_even_if_nobody_told_the_engine(self, world):
        post = publish(world.alice, "Frost")
        posts.unpublish(post, by=world.alice, now=NOW)
        database.session.commit()
        assert found("frost") == []

    def test_a_scheduled_post_is_found_when_it_appears(self, world):
        factories.post(world.alice, "Frost", state=PostState.SCHEDULED, publish_at=NOW)
        posts.publish_due(now=NOW)
        settle()
        assert found("frost") == ["Frost"]

    def test_an_edit_is_followed(self, world):
        post = publish(world.alice, "Frost", tags=("winter",))
        posts.edit(post, by=world.alice, now=NOW, version=None, title="Thaw", body="Puddles.", tags=["spring"])
        settle()
        assert found("frost") == found("winter") == []
        assert found("thaw") == found("puddles") == found("spring") == ["Thaw"]

    def test_the_new_name_of_an_author_or_a_tag_is_followed(self, world):
        publish(world.alice, "Frost", tags=("winter",))
        world.alice.name = "Adelaide"
        factories.tag("winter").name = "Cold"
        settle()
        assert found("alice") == found("winter") == []
        assert found("adelaide") == found("cold") == ["Frost"]

    def test_all_who_are_in_the_byline_are_found_by_name(self, world):
        mira = factories.person("Mira Solveig", role=Role.AUTHOR)
        post = publish(world.alice, "Frost", with_others=(mira,))
        assert found("solveig") == found("alice") == found('"mira solveig" frost') == ["Frost"]
        mira.name = "Mirabelle"
        settle()
        assert found("solveig") == []
        assert found("mirabelle") == ["Frost"]
        coauthors.remove(post, mira, by=world.alice, now=NOW)
        settle()
        assert found("mirabelle") == []
        assert found("alice") == ["Frost"]

    def test_a_co_author_who_joins_later_is_found(self, world):
        post = publish(world.alice, "Frost")
        draft = factories.post(world.alice, "Draft")
        mira = factories.person("Mira", role=Role.AUTHOR)
        for each in (post, draft):
            database.session.refresh(each, ["author", "co_authors"])
            coauthors.add(each, "@mira", by=world.alice, now=NOW)
        settle()
        assert found("mira") == ["Frost"]
        database.session.execute(text("DELETE FROM people WHERE id = :id"), {"id": mira.id})
        settle()
        assert found("mira") == []

    def test_what_is_deleted_is_gone(self, world):
        post = publish(world.alice, "Frost", tags=("winter",))
        database.session.execute(text("DELETE FROM posts WHERE id = :id"), {"id": post.id})
        settle()
        database.session.expire_all()
        assert found("frost") == []
        assert operations.compare()[1].entries == 0

    def test_bulk_inserts_and_plain_sql_are_followed(self, world):
        rows = [
            {
                "author_id": world.alice.id,
                "title": f"Import {number}",
                "slug": f"import-{number}",
                "body": "frost",
                "html": "<p>frost</p>",
                "excerpt": "",
                "state": PostState.PUBLISHED,
                "published_at": NOW,
            }
            for number in range(3)
        ]
        database.session.execute(Post.__table__.insert(), rows)
        settle()
        assert sorted(found("frost")) == ["Import 0", "Import 1", "Import 2"]
        database.session.execute(text("UPDATE posts SET html = '<p>thaw</p>' WHERE slug = 'import-1'"))
        database.session.execute(text("UPDATE posts SET state = 'draft' WHERE slug = 'import-2'"))
        settle()
        assert found("frost") == ["Import 0"]
        assert found("thaw") == ["Import 1"]

    def test_what_is_rolled_back_was_never_there(self, world):
        database.session.commit()
        factories.post(world.alice, "Frost", published_at=NOW)
        database.session.rollback()
        settle()
        assert found("frost") == []


class TestShowing:
    def test_what_was_looked_for_is_told_apart(self, world):
        publish(
            world.alice, "Café and frost", "<p>" + "Other words. " * 100 + "The frost came. " + "More. " * 100 + "</p>"
        )
        (hit,) = operations.search('cafe "frost"', now=NOW).hits
        assert told(hit.title) == "[Café] and [frost]"
        assert told(hit.passage).startswith("… ")
        assert "The [frost] came." in told(hit.passage)
        assert len(told(hit.passage)) < 260

    def test_a_text_that_names_tags_shows_them_as_text(self, world, client):
        body = "`<script>alert(1)</script>` frost <b>bold</b>"
        publish(world.alice, "<i>frost</i>", markdown.render(body).html, body=body)
        page = client.get("/search?q=frost").text
        assert "<script>alert" not in page
        assert "&lt;i&gt;<mark>frost</mark>&lt;/i&gt;" in page
        assert "&lt;script&gt;alert(1)&lt;/script&gt; <mark>frost</mark>" in page
