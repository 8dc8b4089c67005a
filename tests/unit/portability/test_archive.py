"""Everything out and in again: the same site, and not one mail."""

import json
import os
import zipfile
from datetime import UTC, datetime, timedelta

import pytest
from sqlalchemy import func, select

from tests import factories
from tests.unit.portability import exports
from webapp.accounts.models import Person, Role
from webapp.digests import operations as digests
from webapp.mail.models import Delivery, Suppression
from webapp.portability.archive import tables
from webapp.posts import operations as posts
from webapp.posts.models import Post, PostState
from webapp.reminders.models import Reminder, ReminderState
from webapp.settings.models import SiteSetting
from webapp.subscriptions.models import Subscription, SubscriptionState

NOW = datetime.now(UTC)
THIS_HOUSE_ONLY = {"posts": {"imported_at"}, "imported_things": set(), "reminders": {"handed_over_at"}}


@pytest.fixture
def lively(world, db, imported, tmp_path):
    """A site with something in every table of an archive."""
    imported("wordpress", exports.ferry_house(tmp_path / "ferry.xml"))
    post = posts.write(
        author=world.alice, title="One", body="*Words* and `code`.", tags=["Sea", "海边"], slug="one", now=NOW
    )
    posts.publish(post, by=world.alice, now=NOW - timedelta(days=1))
    posts.edit(post, by=world.alice, now=NOW, version=None, body="Other *words*.", slug="two")
    gone = posts.write(author=world.alice, title="Thrown away here", body="Gone.", tags=[], slug=None, now=NOW)
    posts.trash(gone, by=world.alice, now=NOW)
    waiting = posts.write(author=world.alice, title="Next week", body="Soon.", tags=[], slug=None, now=NOW)
    posts.schedule(waiting, at=NOW + timedelta(days=7), by=world.alice, now=NOW)
    factories.subscription("active@example.org", covered_until=NOW - timedelta(days=3), person_id=world.bob.id)
    factories.subscription("left@example.org", state=SubscriptionState.LEFT)
    factories.reminder(world.bob, "Later", due_at=NOW + timedelta(days=30), post_id=post.id)
    db.session.add(Suppression(address="bounced@example.org", reason="no such mailbox"))
    db.session.add(SiteSetting(name="look", value={"accent": "ink"}))
    db.session.commit()
    return world


@pytest.fixture
def empty(db):
    """A function that makes the site new, with a day of installation of its own."""

    def renew() -> None:
        db.session.expire_all()
        for table in reversed(db.metadata.sorted_tables):
            db.session.execute(table.delete())
        db.session.add(SiteSetting(name="installed_at", value={"at": NOW.isoformat()}))
        db.session.commit()
        db.session.expunge_all()

    return renew


def field_by_field(db) -> dict[str, list[dict]]:
    """Every kept column of every kept table; rows that refer to others name what those are called, not their ids."""
    names = {}
    for kept in tables.present():
        if kept.has_id:
            column = kept.table.c[kept.title] if kept.name != "posts" else kept.table.c.slug
            names[kept.name] = dict(db.session.execute(select(kept.table.c.id, column)).all())
    found = {}
    for kept in tables.present():
        rows = []
        for row in db.session.execute(select(kept.table)).mappings():
            values = {}
            for column in kept.table.columns:
                if column.name == "id" or column.name in THIS_HOUSE_ONLY.get(kept.name, ()):
                    continue
                target = next((each.column.table.name for each in column.foreign_keys), None)
                values[column.name] = names[target].get(row[column.name]) if target else row[column.name]
            if kept.name == "imported_things":
                if values["kind"] != "post":
                    continue
                values["local_id"] = names["posts"].get(values["local_id"])
                values.pop("created_at")
            if kept.name != "site_settings" or values["name"] not in tables.SETTINGS_OF_THE_HOUSE:
                rows.append(values)
        found[kept.name] = sorted(rows, key=repr)
    db.session.rollback()
    return found


def test_export_and_import_give_the_same_site_field_by_field(lively, db, runner, empty, imported, tmp_path):
    assert runner("export", str(tmp_path / "all.zip")).exit_code == 0
    before = field_by_field(db)
    assert all(before.values()), [name for name, rows in before.items() if not rows]
    empty()
    report = imported("almanac", tmp_path / "all.zip")
    assert report.exit_code == 0
    assert {outcome for by in report.counts.values() for outcome in by} == {"imported"}
    assert field_by_field(db) == before


def test_nobody_is_mailed_by_a_round_trip(lively, db, runner, empty, imported, tmp_path, jobs, smtp):
    factories.reminder(lively.bob, "Long ago", due_at=NOW - timedelta(days=400))
    factories.reminder(lively.bob, "Every day", due_at=NOW - timedelta(days=40), recurrence="FREQ=DAILY")
    factories.subscription("eager@example.org")
    runner("export", str(tmp_path / "all.zip"))
    empty()
    imported("almanac", tmp_path / "all.zip")
    jobs.run()
    runner("sweep")
    assert runner("digest", "send", "--now").exit_code == 0
    jobs.run()
    assert smtp.received == []
    assert db.session.scalar(select(func.count(Delivery.id))) == 0
    states = dict(db.session.execute(select(Reminder.text, Reminder.state)).all())
    assert states["Long ago"] is ReminderState.CANCELLED
    every_day = db.session.scalars(select(Reminder).where(Reminder.text == "Every day")).one()
    assert every_day.state is ReminderState.PENDING
    assert every_day.due_at > NOW


def test_a_move_goes_on_where_the_letters_stopped(lively, db, runner, empty, imported, tmp_path):
    runner("export", str(tmp_path / "all.zip"))
    empty()
    imported("almanac", tmp_path / "all.zip", "--move")
    reader = db.session.scalars(select(Subscription).where(Subscription.address == "active@example.org")).one()
    subject, text = digests.preview(reader, now=NOW + timedelta(minutes=1))
    assert "One" in subject + text
    assert "noon boat" not in text


def test_a_second_import_of_an_archive_changes_nothing(lively, db, runner, empty, imported, tmp_path):
    runner("export", str(tmp_path / "all.zip"))
    empty()
    imported("almanac", tmp_path / "all.zip")
    before = field_by_field(db)
    report = imported("almanac", tmp_path / "all.zip")
    assert {outcome for by in report.counts.values() for outcome in by} == {"unchanged"}
    assert field_by_field(db) == before


def test_an_archive_can_come_into_a_site_that_has_something(lively, db, runner, empty, imported, tmp_path):
    runner("export", str(tmp_path / "all.zip"))
    empty()
    other = factories.person("Alice", email="another@example.org", role=Role.ADMIN)
    olive = factories.person("Olive Two", email="olive@example.org", role=Role.READER)
    factories.post(other, "Mine", slug="two", published_at=NOW)
    factories.subscription("active@example.org", state=SubscriptionState.LEFT)
    db.session.commit()
    report = imported("almanac", tmp_path / "all.zip")
    assert report.counts["people"] == {"imported": 5, "unchanged": 1}
    db.session.expire_all()
    assert (olive.name, olive.role) == ("Olive Two", Role.READER)
    assert db.session.scalar(select(Post.title).where(Post.slug == "two-2")) == "One"
    assert db.session.scalar(select(Person.handle).where(Person.email == "alice@example.org")) == "alice-2"
    left = db.session.scalars(select(Subscription).where(Subscription.address == "active@example.org")).one()
    assert left.state is SubscriptionState.LEFT


def test_a_dry_run_of_an_archive_says_the_same_and_changes_nothing(lively, db, runner, empty, imported, tmp_path):
    runner("export", str(tmp_path / "all.zip"))
    empty()
    dry = imported("almanac", tmp_path / "all.zip", "--dry-run")
    assert db.session.scalar(select(func.count(Post.id))) == 0
    assert db.session.scalar(select(func.count(Person.id))) == 0
    db.session.rollback()
    assert imported("almanac", tmp_path / "all.zip").items == dry.items


def test_a_scheduled_post_whose_time_has_passed_comes_as_a_draft(world, db, runner, empty, imported, tmp_path):
    post = factories.post(world.alice, "Was to appear", state=PostState.SCHEDULED, publish_at=NOW - timedelta(hours=2))
    slug = post.slug
    runner("export", str(tmp_path / "all.zip"))
    empty()
    report = imported("almanac", tmp_path / "all.zip")
    assert report.of("Was to appear")["outcome"] == "draft"
    assert db.session.scalars(select(Post).where(Post.slug == slug)).one().state is PostState.DRAFT


def test_html_of_an_archive_is_rendered_anew(world, db, runner, empty, imported, tmp_path):
    factories.post(world.alice, "Bad", body="<script>x()</script> *y*", published_at=NOW)
    runner("export", str(tmp_path / "all.zip"))
    empty()
    imported("almanac", tmp_path / "all.zip")
    html = db.session.scalar(select(Post.html).where(Post.title == "Bad"))
    assert "<script" not in html
    assert "<em>y</em>" in html


def test_an_archive_holds_no_token_and_no_password_if_asked(lively, runner, tmp_path):
    _row, secret = factories.api_token(lively.alice)
    runner("export", str(tmp_path / "without.zip"), "--no-passwords")
    runner("export", str(tmp_path / "with.zip"))
    with zipfile.ZipFile(tmp_path / "without.zip") as without, zipfile.ZipFile(tmp_path / "with.zip") as with_them:
        assert "password_hash" not in without.read("tables/people.jsonl").decode()
        assert lively.alice.password_hash in with_them.read("tables/people.jsonl").decode()
        everything = b"".join(with_them.read(name) for name in with_them.namelist())
    assert secret.encode() not in everything
    assert (tmp_path / "with.zip").stat().st_mode & 0o777 == 0o600


def test_pictures_go_along(lively, runner, empty, imported, tmp_path, data_dir):
    picture = data_dir / "uploads" / "2026" / "pier.png"
    picture.parent.mkdir(parents=True, exist_ok=True)
    picture.write_bytes(b"a picture")
    runner("export", str(tmp_path / "all.zip"))
    picture.unlink()
    empty()
    assert imported("almanac", tmp_path / "all.zip").counts["file"] == {"imported": 1}
    assert picture.read_bytes() == b"a picture"
    picture.unlink()


def test_an_archive_is_markdown_too(lively, runner, tmp_path):
    runner("export", str(tmp_path / "all.zip"))
    with zipfile.ZipFile(tmp_path / "all.zip") as archive:
        names = [name for name in archive.namelist() if name.startswith("posts/")]
        two = archive.read(next(name for name in names if name.endswith("-two.md"))).decode()
    assert two.startswith("---\ntitle: One\nslug: two\n")
    assert "tags:\n- Sea\n- 海边\n" in two
    assert two.endswith("\n---\n\nOther *words*.\n")


@pytest.mark.parametrize("change", ["cut", "other", "version", "lines", "row"])
def test_a_damaged_archive_changes_nothing(change, lively, db, runner, empty, imported, tmp_path):
    runner("export", str(tmp_path / "all.zip"))
    empty()
    spoil(tmp_path / "all.zip", change)
    report = imported("almanac", tmp_path / "all.zip")
    assert report.exit_code == 1
    assert report.error.count("\n") == 1
    assert db.session.scalar(select(func.count(Person.id))) == 0


def spoil(path, change: str) -> None:
    if change == "cut":
        os.truncate(path, path.stat().st_size // 2)
        return
    if change == "other":
        path.write_bytes(b"PK but not really")
        return
    with zipfile.ZipFile(path) as source:
        files = {name: source.read(name) for name in source.namelist()}
    if change == "version":
        files["manifest.json"] = json.dumps(json.loads(files["manifest.json"]) | {"version": 99}).encode()
    elif change == "lines":
        files["tables/posts.jsonl"] = files["tables/posts.jsonl"].partition(b"\n")[2]
    else:
        files["tables/posts.jsonl"] = b"[1, 2]\n" + files["tables/posts.jsonl"]
    with zipfile.ZipFile(path, "w") as target:
        for name, content in files.items():
            target.writestr(name, content)


def test_every_table_is_in_an_archive_or_stays_behind_for_a_reason(db):
    decided = {kept.name for kept in tables.TABLES} | set(tables.STAYS_BEHIND)
    assert {table.name for table in db.metadata.sorted_tables} - decided == set()


def test_an_export_does_not_replace_a_file_that_is_none(runner, tmp_path):
    (tmp_path / "letter.txt").write_text("dear all")
    done = runner("export", str(tmp_path / "letter.txt"))
    assert done.exit_code == 1
    assert (tmp_path / "letter.txt").read_text() == "dear all"
