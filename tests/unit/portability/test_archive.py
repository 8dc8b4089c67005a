"""Everything out and in again: the same site, and not one mail."""

import io
import json
import os
import re
import shutil
import subprocess
import sys
import zipfile
from datetime import UTC, datetime, timedelta
from pathlib import Path

import PIL.Image
import pytest
from bs4 import BeautifulSoup
from sqlalchemy import delete, func, select

from tests import factories
from tests import house as houses
from tests.unit.portability import exports
from webapp.accounts.models import Person, Role
from webapp.caching import operations as caching
from webapp.comments.models import Comment, Conversation, Mute, Subject
from webapp.core import markdown
from webapp.digests import operations as digests
from webapp.digests.models import News
from webapp.images import addresses, storage
from webapp.images import operations as images
from webapp.images.models import Image
from webapp.mail.models import Delivery, Suppression
from webapp.portability.archive import tables
from webapp.posts import operations as posts
from webapp.posts.models import Post, PostState, ReviewNote, ReviewStep, Tag, WorkingCopy
from webapp.reminders import history
from webapp.reminders.models import ClosedAddress, Leave, Origin, Recipient, Reminder, ReminderState, What
from webapp.settings import choices
from webapp.settings.choices import Choices
from webapp.settings.models import SiteSetting
from webapp.subscriptions.models import Subscription, SubscriptionState

NOW = datetime.now(UTC)
NO_SECRET = {"comments.words_hash", "subscriptions.schedule_key"}
THIS_HOUSE_ONLY = {
    "images": {"attempts", "lease_until", "rendered_at", "bytes"},
    "posts": {"imported_at", "begun_as"},
    "comments": {"sent_key", "proof_key", "told_in"},
    "reminders": {"handed_over_at"},
}
DECIDE = """
Decide what becomes of these tables when a site moves, in webapp/portability/archive/tables.py.

What is the site's goes into TABLES, behind the tables it refers to: leave out secrets and what only means something to
the house it is in (`without`), and what can be made anew from the rest (`derived`, made in archive/arriving.py). Then
fill it in `lively` above. A secret, or what this house has done, goes into STAYS_BEHIND with its reason.
"""


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
    friend = Recipient(
        person_id=world.bob.id,
        address="friend@example.net",
        leave=Leave.ACCEPTED,
        requests=1,
        asked_at=NOW,
        accepted_at=NOW,
    )
    db.session.add_all([friend, ClosedAddress(address="nobody@example.net")])
    db.session.flush()
    later = factories.reminder(
        world.bob,
        "Later",
        due_at=NOW + timedelta(days=30),
        post_id=post.id,
        recipient_id=friend.id,
        with_me=False,
    )
    history.note(later, What.EDITED, now=NOW, origin=Origin.MAIL)
    picture = harbour(world.alice)
    post.cover_id = picture.id
    body = f"Look: ![]({addresses.path(picture)})"
    html = markdown.render(body, pictures=addresses.in_text).html
    factories.post(world.alice, "With others", with_others=[world.bob], body=body, html=html)
    db.session.add(ReviewNote(post_id=waiting.id, person_id=world.bob.id, step=ReviewStep.CHANGES, note="More."))
    typed = {"title": "Two", "body": "Not saved"}
    db.session.add(WorkingCopy(post_id=post.id, person_id=world.alice.id, fields=typed, post_version=post.version))
    db.session.add(News(post_id=post.id, appeared_at=post.published_at, is_old=True))
    db.session.add(Conversation(post_id=post.id, is_open=False, changed_at=NOW))
    first = factories.comment(post, world.bob, "*Fine*.")
    factories.comment(post, None, "An answer", parent_id=first.id, wants_replies=True, told_in="comment:said:1:1")
    db.session.add(Mute(subject=Subject.REPLIES, address="tomas@example.org", post_id=post.id, created_at=NOW))
    db.session.add(Suppression(address="bounced@example.org", reason="no such mailbox"))
    db.session.add(SiteSetting(name="look", value={"accent": "ink"}))
    db.session.commit()
    return world


def harbour(owner: Person) -> Image:
    """A picture that was sent."""
    raw = io.BytesIO()
    PIL.Image.new("RGB", (60, 40), "teal").save(raw, "PNG")
    return images.keep(images.receive(raw.getvalue(), "Harbour.png"), owner=owner, alt="The harbour", now=NOW)


@pytest.fixture(autouse=True)
def uploads(data_dir):
    """The folder of pictures, empty before and after."""
    folder = data_dir / "uploads" / "images"
    shutil.rmtree(folder, ignore_errors=True)
    yield folder
    shutil.rmtree(folder, ignore_errors=True)


@pytest.fixture
def empty(db, uploads):
    """A function that makes the site new, with a day of installation of its own."""

    def renew() -> None:
        db.session.expire_all()
        for table in reversed(db.metadata.sorted_tables):
            db.session.execute(table.delete())
        db.session.add(SiteSetting(name="installed_at", value={"at": NOW.isoformat()}))
        db.session.commit()
        db.session.expunge_all()
        shutil.rmtree(uploads, ignore_errors=True)

    return renew


def field_by_field(db) -> dict[str, list[dict]]:
    """Every kept column of every kept table; rows that refer to others name what those are called, not their ids."""
    names = {}
    for kept in tables.TABLES:
        if kept.has_id:
            column = kept.table.c[kept.title] if kept.name != "posts" else kept.table.c.slug
            names[kept.name] = dict(db.session.execute(select(kept.table.c.id, column)).all())
    found = {}
    for kept in tables.TABLES:
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


@pytest.fixture
def on_postgres(tmp_path):
    """A function that makes a site on PostgreSQL of an archive, by commands alone, and returns the archive of it."""
    made = []

    def move(source: Path, name: str) -> Path:
        url, database = houses.own_postgres()
        made.append(database)
        target = tmp_path / f"{name}.zip"
        environ = {
            "PATH": os.environ["PATH"],
            "WEBAPP_ENV": "dev",
            "DATA_DIR": str(tmp_path / name),
            "DATABASE_URL": url,
        }
        for words in (("db", "upgrade"), ("import", "almanac", str(source), "--move"), ("export", str(target))):
            done = subprocess.run(
                [sys.executable, "manage.py", *words],
                cwd=houses.ROOT,
                env=environ,
                capture_output=True,
                text=True,
                timeout=120,
                check=False,
            )
            assert done.returncode == 0, done.stdout + done.stderr
        return target

    yield move
    for database in made:
        houses.drop_postgres(database)


def rows_of(path: Path) -> dict[str, list[str]]:
    """All that an archive holds; rows that refer to others name what those are called, not their ids."""
    with zipfile.ZipFile(path) as archive:
        found = {
            kept.name: [json.loads(line) for line in archive.read(f"tables/{kept.name}.jsonl").splitlines()]
            for kept in tables.TABLES
        }
        files = sorted((each.filename, each.CRC) for each in archive.infolist() if each.filename.startswith("media/"))
    called = {
        (kept.name, row["id"]): row[kept.title if kept.name != "posts" else "slug"]
        for kept in tables.TABLES
        for row in found[kept.name]
        if kept.has_id
    }
    for kept in tables.TABLES:
        refers = {c.name: next(iter(c.foreign_keys)).column.table.name for c in kept.table.columns if c.foreign_keys}
        for row in found[kept.name]:
            row.pop("id", None)
            row |= {name: called.get((table, row[name])) for name, table in refers.items()}
            if kept.name == "imported_things":
                row["local_id"] = called[f"{row['kind']}s", row["local_id"]]
                row.pop("created_at")
            for name, value in row.items():  # SQLite and PostgreSQL write the same instant in two ways
                if name.endswith("_at") and isinstance(value, str):
                    row[name] = str(datetime.fromisoformat(value).astimezone(UTC))
    return {name: sorted(json.dumps(row, sort_keys=True) for row in rows) for name, rows in found.items()} | {
        "files": files
    }


@pytest.mark.services
def test_a_site_moves_from_sqlite_to_postgres_field_by_field(lively, runner, on_postgres, tmp_path):
    assert runner("export", str(tmp_path / "sqlite.zip")).exit_code == 0
    before = rows_of(tmp_path / "sqlite.zip")
    assert all(before.values()), [name for name, rows in before.items() if not rows]
    assert rows_of(on_postgres(tmp_path / "sqlite.zip", "postgres")) == before


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
    letter = digests.preview(reader, now=NOW + timedelta(minutes=1))
    assert "One" in letter.subject + letter.text
    assert "noon boat" not in letter.text


def test_readers_follow_the_same_authors_and_tags_under_their_new_numbers(
    lively, db, runner, empty, imported, tmp_path
):
    tag = db.session.scalars(select(Tag).where(Tag.slug == "sea")).one()
    factories.subscription("follower@example.org", follows=f"@{lively.alice.id} #{tag.id}")
    db.session.commit()
    runner("export", str(tmp_path / "all.zip"))
    empty()
    for number in range(30):
        factories.tag(f"here before {number}")
    factories.person("before@example.org")
    db.session.commit()
    imported("almanac", tmp_path / "all.zip", "--move")
    reader = db.session.scalars(select(Subscription).where(Subscription.address == "follower@example.org")).one()
    alice = db.session.scalars(select(Person).where(Person.email == "alice@example.org")).one()
    sea = db.session.scalars(select(Tag).where(Tag.slug == "sea")).one()
    assert reader.follows == f"@{alice.id} #{sea.id}"


def test_readers_keep_their_own_paces_and_what_they_have_had_under_new_numbers(
    lively, db, runner, empty, imported, tmp_path
):
    numbers = lively.alice.id, db.session.scalars(select(Post.id).where(Post.slug == "two")).one()
    factories.subscription(
        "follower@example.org", follows=f"site @{numbers[0]}=daily", had_since=f"{numbers[1]} 999999"
    )
    db.session.commit()
    runner("export", str(tmp_path / "all.zip"))
    empty()
    for _ in range(30):
        factories.post(factories.person(role=Role.AUTHOR))  # whoever comes now has another number
    db.session.commit()
    imported("almanac", tmp_path / "all.zip", "--move")
    reader = db.session.scalars(select(Subscription).where(Subscription.address == "follower@example.org")).one()
    alice = db.session.scalars(select(Person).where(Person.email == "alice@example.org")).one()
    post = db.session.scalars(select(Post).where(Post.slug == "two")).one()
    assert alice.id != numbers[0]
    assert post.id != numbers[1]
    assert reader.follows == f"site @{alice.id}=daily"
    assert reader.had_since == str(post.id)


def test_a_second_import_of_an_archive_changes_nothing(lively, db, runner, empty, imported, tmp_path):
    runner("export", str(tmp_path / "all.zip"))
    empty()
    imported("almanac", tmp_path / "all.zip")
    before = field_by_field(db)
    report = imported("almanac", tmp_path / "all.zip")
    assert {outcome for by in report.counts.values() for outcome in by} == {"unchanged"}
    assert field_by_field(db) == before


@pytest.mark.parametrize(
    "name", ["instance", "last_backup", "lateness_alarm", "search_elsewhere", "search_reindexed", "look"]
)
def test_what_a_house_says_of_itself_does_not_travel(name, world, db, runner, empty, imported, tmp_path):
    db.session.add(SiteSetting(name=name, value={"of": "there"}))
    db.session.commit()
    runner("export", str(tmp_path / "all.zip"))
    empty()
    imported("almanac", tmp_path / "all.zip")
    came = db.session.scalar(select(SiteSetting.value).where(SiteSetting.name == name)) == {"of": "there"}
    assert came is (name == "look"), "only what is the site's"


def test_pages_that_are_kept_show_the_settings_of_an_archive(world, app, db, runner, imported, tmp_path):
    def title():
        return BeautifulSoup(app.test_client().get("/").data, "html.parser").title.get_text()

    choices.save(Choices(name="The Ferry House"), seen="")
    db.session.commit()
    runner("export", str(tmp_path / "all.zip"))
    db.session.execute(delete(SiteSetting).where(SiteSetting.name == choices.NAME))
    caching.renew_pages()
    db.session.commit()
    assert "The Ferry House" not in title()
    report = imported("almanac", tmp_path / "all.zip")
    assert report.counts["site_settings"]["imported"] == 1
    assert "The Ferry House" in title()


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


def test_pictures_go_along_with_their_files(lively, db, client, runner, empty, imported, tmp_path, jobs):
    runner("export", str(tmp_path / "all.zip"))
    before = db.session.scalars(select(Image)).one()
    address, file = addresses.path(before), storage.here().read(before.file)
    empty()
    jobs.sent.clear()
    assert imported("almanac", tmp_path / "all.zip").counts["images"] == {"imported": 1}
    after = db.session.scalars(select(Image)).one()
    assert (addresses.path(after), storage.here().read(after.file), after.bytes) == (address, file, len(file))
    assert client.get(address).data == file
    assert 'width="60"' in db.session.scalar(select(Post.html).where(Post.title == "With others"))
    assert jobs.named("images.render")
    jobs.run()
    db.session.expire_all()
    assert after.rendered_at is not None


@pytest.mark.parametrize("damage", ["missing", "another", "none"])
def test_a_picture_whose_file_is_wrong_is_not_kept_and_the_post_is(
    damage, lively, db, runner, empty, imported, tmp_path, uploads
):
    runner("export", str(tmp_path / "all.zip"))
    empty()
    other = io.BytesIO()
    PIL.Image.new("RGB", (9, 9)).save(other, "PNG")
    with zipfile.ZipFile(tmp_path / "all.zip") as source:
        files = {name: source.read(name) for name in source.namelist()}
    media = next(name for name in files if name.startswith("media/"))
    if damage == "missing":
        del files[media]
    else:
        files[media] = other.getvalue() if damage == "another" else b"<script>"
    with zipfile.ZipFile(tmp_path / "all.zip", "w") as target:
        for name, content in files.items():
            target.writestr(name, content)
    assert imported("almanac", tmp_path / "all.zip").counts["images"] == {"failed": 1}
    assert not uploads.exists()
    assert db.session.scalar(select(Post.cover_id).where(Post.title == "One")) is None


def test_a_comment_is_rendered_anew_and_its_secrets_stay_behind(lively, db, runner, empty, imported, tmp_path):
    said = db.session.scalars(select(Comment).where(Comment.body == "*Fine*.")).one()
    said.html, said.sent_key, said.proof_key = "<script>x()</script>", "form-key", "proof-of-work"
    db.session.commit()
    runner("export", str(tmp_path / "all.zip"))
    with zipfile.ZipFile(tmp_path / "all.zip") as archive:
        rows = archive.read("tables/comments.jsonl").decode()
    assert not [each for each in ("script", "form-key", "proof-of-work", "comment:said") if each in rows]
    empty()
    imported("almanac", tmp_path / "all.zip")
    said = db.session.scalars(select(Comment).where(Comment.body == "*Fine*.")).one()
    assert said.html == "<p><em>Fine</em>.</p>\n"


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
    undecided = {table.name for table in db.metadata.sorted_tables} - decided
    assert not undecided, f"{', '.join(sorted(undecided))}{DECIDE}"


def test_no_column_of_an_archive_is_a_secret():
    """What its name says to be one is left out, or only there when asked for."""
    kept = {f"{each.name}.{column.name}" for each in tables.TABLES for column in each.columns(with_secrets=False)}
    assert not [
        name for name in kept if re.search(r"password|secret|token|_key$|hash$", name) and name not in NO_SECRET
    ]


def test_an_export_does_not_replace_a_file_that_is_none(runner, tmp_path):
    (tmp_path / "letter.txt").write_text("dear all")
    done = runner("export", str(tmp_path / "letter.txt"))
    assert done.exit_code == 1
    assert (tmp_path / "letter.txt").read_text() == "dear all"
