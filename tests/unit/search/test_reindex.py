"""Making the index anew, comparing it, and what is told to an engine elsewhere."""

from dataclasses import replace

import pytest
from sqlalchemy import text

from tests import factories
from tests.unit.search.conftest import NOW, TABLES, found, publish, reindex, settle
from webapp.extensions import db as database
from webapp.ops import checks, dispatcher, migrations
from webapp.posts.models import Post
from webapp.search import operations, outbox, schema
from webapp.search.engines import Unreachable

AN_ENTRY = {
    "sqlite": "INSERT INTO search_index (rowid, title) VALUES (:id, 'ghost')",
    "postgresql": "INSERT INTO search_index VALUES (:id, 'ghost')",
}


@pytest.fixture(autouse=True)
def migrated(monkeypatch):
    """The tables of the tests are made without migrations, which the other checks would mind."""
    monkeypatch.setattr(migrations, "present", migrations.wanted)


def verdict():
    return next(each for each in checks.all_checks(NOW) if each.name == "search")


@pytest.mark.parametrize("place", TABLES, indirect=True)
class TestTheDatabasesOwn:
    def test_a_lost_index_is_made_again(self, world, runner):
        publish(world.alice, "Frost")
        database.session.execute(text("DELETE FROM search_index"))
        database.session.commit()
        assert found("frost") == []
        done = runner("search", "reindex")
        assert (done.exit_code, done.stderr) == (0, "")
        assert "has 1 post in its index" in done.stdout
        assert found("frost") == ["Frost"]

    def test_it_removes_what_no_post_stands_behind(self, world, runner, place):
        draft = factories.post(world.alice, "Ghost")
        database.session.execute(text(AN_ENTRY[place]), {"id": draft.id})
        database.session.commit()
        assert found("ghost") == operations.find("ghost", now=NOW).ids == []
        assert operations.search("ghost", now=NOW).total == 0
        assert "1 of what was there is gone" in runner("search", "reindex").stdout

    def test_doctor_notices_and_says_what_to_do(self, world, runner):
        publish(world.alice, "Frost")
        assert verdict().ok
        database.session.execute(text("DELETE FROM search_index"))
        database.session.commit()
        assert not verdict().ok
        assert "1 posts are not in the index" in verdict().detail
        assert verdict().fix == "./manage.py search reindex"
        runner("search", "reindex")
        assert verdict().ok

    def test_a_trigger_that_is_gone_is_noticed_and_put_back(self, world, runner, place):
        on = "" if place == "sqlite" else " ON posts"
        database.session.execute(text(f"DROP TRIGGER search_post_changed{on}"))
        database.session.commit()
        assert "search_post_changed is missing" in verdict().detail
        runner("search", "reindex")
        assert verdict().ok

    def test_it_can_be_taken_down_and_put_up_again(self, world):
        publish(world.alice, "Frost")
        schema.remove(database.session.connection())
        database.session.commit()
        assert not verdict().ok
        factories.post(world.alice, "More frost", published_at=NOW)
        database.session.commit()
        reindex()
        assert sorted(found("frost")) == ["Frost", "More frost"]

    def test_an_upgrade_takes_in_what_is_there_and_leaves_more_than_a_little_to_reindex(self, world, monkeypatch):
        publish(world.alice, "Frost", with_others=(world.bob,))
        publish(world.alice, "Thaw")
        for most, is_done in ((1, False), (2, True)):
            monkeypatch.setattr(schema, "AT_ONCE", most)
            connection = database.session.connection()
            schema.remove(connection)
            schema.install(connection)
            assert schema.take_in(connection) is is_done
            database.session.commit()
            assert verdict().ok is is_done, verdict()
        assert found("bob") == ["Frost"]

    def test_it_goes_on_where_it_was_interrupted(self, world, monkeypatch):
        monkeypatch.setattr(operations, "BATCH", 2)
        for number in range(5):
            publish(world.alice, f"Frost {number}")
        interrupted = operations.reindex(now=NOW)
        for _ in range(2):
            next(interrupted)
            database.session.commit()
        interrupted.close()
        assert [step.done for step in reindex()][:2] == [2, 4]
        assert [step.done for step in reindex()][:2] == [0, 2]


@pytest.mark.parametrize("place", ["elasticsearch"], indirect=True)
class TestElsewhere:
    def test_a_change_waits_until_the_engine_answers(self, world, server):
        server.refusing = True
        factories.post(world.alice, "Frost", published_at=NOW)
        database.session.commit()
        with pytest.raises(Unreachable):
            operations.follow()
        database.session.rollback()
        assert outbox.is_anything_waiting()
        server.refusing = False
        assert operations.follow() == 1
        assert not outbox.is_anything_waiting()
        assert [each["title"] for each in server.indexes["words"].documents.values()] == ["Frost"]

    def test_while_it_is_away_the_database_answers(self, world, server):
        publish(world.alice, "Frost")
        server.asked.clear()
        assert found("frost") == ["Frost"]
        assert server.asked == ["/words/_search"]
        server.refusing = True
        assert found("frost") == ["Frost"]

    def test_it_does_not_answer_before_it_has_heard_of_every_post(self, world, server, app):
        outbox.close()
        publish(world.alice, "Frost")
        server.asked.clear()
        assert found("frost") == ["Frost"]
        assert server.asked == []
        reindex()
        assert found("frost") == ["Frost"]
        assert "/words/_search" in server.asked

    def test_an_older_report_changes_nothing(self, world, server):
        post = publish(world.alice, "Frost")
        engine = operations.other_engine()
        engine.refresh({post.id: 1_000})
        database.session.get(Post, post.id).title = "Thaw"
        database.session.commit()
        engine.refresh({post.id: 999})
        assert [each["title"] for each in server.indexes["words"].documents.values()] == ["Frost"]

    def test_the_dispatcher_asks_a_worker_to_report(self, world, jobs, server):
        factories.post(world.alice, "Frost", published_at=NOW)
        database.session.commit()
        dispatcher.sweep_once(NOW)
        assert jobs.named("search.follow")
        jobs.run(NOW)
        assert len(server.indexes["words"].documents) == 1
        dispatcher.sweep_once(NOW)
        assert not jobs.named("search.follow")

    def test_a_worker_that_cannot_report_leaves_it_waiting(self, world, jobs, server):
        factories.post(world.alice, "Frost", published_at=NOW)
        database.session.commit()
        server.refusing = True
        dispatcher.sweep_once(NOW)
        jobs.run(NOW)
        assert outbox.is_anything_waiting()

    def test_entries_that_no_post_stands_behind_go_with_a_new_index(self, world, server, runner):
        publish(world.alice, "Frost")
        server.indexes["words"].documents["999"] = {"title": "Ghost", "reported": 0}
        assert not verdict().ok
        done = runner("search", "reindex")
        assert (
            done.exit_code,
            "Elasticsearch has 1 post in its index. 1 of what was there is gone." in done.stdout,
        ) == (
            0,
            True,
        )
        assert list(server.indexes["words"].documents) != ["999"]
        assert verdict().ok

    def test_a_server_that_is_away_is_one_line_and_status_1(self, world, server, runner):
        server.refusing = True
        done = runner("search", "reindex")
        assert done.exit_code == 1
        assert done.stderr.startswith("Error: Elasticsearch: ")
        assert done.stderr.count("\n") == 1

    def test_it_signs_in_and_shows_no_password(self, world, server):
        publish(world.alice, "Frost")
        assert set(server.passwords) == {"Basic ZWxhc3RpYzpzZWNyZXQ="}
        assert "secret" not in operations.other_engine().place

    def test_a_site_that_gives_it_up_writes_nothing_down_any_more(self, world, server, app, monkeypatch):
        factories.post(world.alice, "Frost", published_at=NOW)
        database.session.commit()
        monkeypatch.setitem(app.config, "ALMANAC", replace(app.config["ALMANAC"], search_url=""))
        settle()
        publish(world.alice, "More frost")
        assert not outbox.is_anything_waiting()
        assert sorted(found("frost")) == ["Frost", "More frost"]
