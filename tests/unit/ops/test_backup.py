"""`manage.py backup` and `restore` on SQLite: a whole file or none, a whole restore or none."""

import json
import os
import shutil
import sqlite3
import stat
import subprocess
import sys
import tarfile
import textwrap
from contextlib import closing
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import create_engine, inspect, text

from tests import factories
from tests.house import PYTHON, ROOT
from webapp.extensions import db as database
from webapp.mail import holds
from webapp.ops import migrations
from webapp.ops.checks import all_checks


@dataclass
class Site:
    """The application with its database, as the command line meets them."""

    folder: Path
    runner: Any

    @property
    def file(self):
        return self.folder / "almanac.db"

    def manage(self, *words):
        done = self.runner(*map(str, words))
        assert done.exit_code == 0, done.output
        return done.stdout

    def refuses(self, *words):
        """Runs a command that must fail with one line and change nothing; returns the line."""
        before = self.people() if self.file.exists() else None
        database.session.remove()
        database.engine.dispose()
        done = self.runner(*map(str, words))
        assert done.exit_code == 1, done.output
        assert done.stdout == ""
        (line,) = done.stderr.splitlines()
        assert (self.people() if self.file.exists() else None) == before
        assert [each.name for each in self.folder.iterdir() if each.name.startswith(".")] == []
        return line.removeprefix("Error: ")

    def add(self, email):
        factories.person(email=email)
        database.session.commit()

    def people(self):
        with closing(sqlite3.connect(f"{self.file.as_uri()}?mode=ro", uri=True)) as opened:
            return sorted(row[0] for row in opened.execute("SELECT email FROM people"))

    def holds(self):
        database.session.rollback()
        return [each.kind for each in holds.active()]


@pytest.fixture
def site(db, runner, data_dir):
    """A site with one person, that is not running. Its tables are said to come from the migrations."""
    db.session.execute(text("CREATE TABLE alembic_version (version_num VARCHAR(32) NOT NULL)"))
    db.session.execute(text("INSERT INTO alembic_version VALUES (:head)"), {"head": migrations.wanted()})
    db.session.commit()
    made = Site(data_dir, runner)
    made.add("ada@example.org")
    yield made
    db.session.rollback()
    db.session.execute(text("DROP TABLE alembic_version"))
    db.session.commit()
    for leftover in data_dir.glob("almanac.db.before-restore-*"):
        leftover.unlink()
    (data_dir / "run.json").unlink(missing_ok=True)
    shutil.rmtree(data_dir / "uploads", ignore_errors=True)


@pytest.fixture
def backup(site, tmp_path):
    file = tmp_path / "almanac.tar"
    site.manage("backup", file)
    return file


def test_a_backup_is_one_file_for_its_owner_that_says_what_it_is(site, backup):
    assert stat.S_IMODE(backup.stat().st_mode) == 0o600
    assert sorted(each.name for each in backup.parent.iterdir()) == ["almanac.tar"], "something was left lying"
    with tarfile.open(backup) as tar:
        assert tar.getnames() == ["manifest.json", "almanac.db"]
        said = json.load(tar.extractfile("manifest.json"))
    assert said["format"] == "almanac backup 1"
    assert said["revision"] == migrations.wanted()
    assert said["database"] == "sqlite"
    assert said["made_at"]
    (check,) = [each for each in all_checks() if each.name == "backup"]
    assert f"ago: {backup}" in check.detail


def test_a_restored_site_is_as_it_was_and_mails_nobody_until_released(site, backup):
    site.add("bob@example.org")
    line = site.refuses("restore", backup)
    assert "newer than the backup" in line
    assert "--force" in line
    said = site.manage("restore", backup, "--force").replace("\n", " ")
    assert site.people() == ["ada@example.org"]
    assert site.holds() == ["copy"]
    assert "mail release" in said
    kept = site.folder / "almanac.db.before-restore-1"
    assert str(kept) in said
    with closing(sqlite3.connect(kept)) as opened:
        assert opened.execute("SELECT count(*) FROM people").fetchone() == (2,)
    assert "restored from a backup" in site.manage("mail", "release")
    assert site.manage("mail", "release") == "Nothing is held.\n"


def test_what_was_uploaded_comes_back_too(site, tmp_path):
    (site.folder / "uploads" / "2026").mkdir(parents=True)
    (site.folder / "uploads" / "2026" / "a hill.png").write_bytes(b"a picture")
    site.manage("backup", tmp_path / "b.tar")
    (site.folder / "uploads" / "2026" / "a hill.png").write_bytes(b"another")
    site.manage("restore", tmp_path / "b.tar")
    assert (site.folder / "uploads" / "2026" / "a hill.png").read_bytes() == b"a picture"
    for older in site.folder.glob("uploads.before-restore-*"):
        shutil.rmtree(older)


def test_a_backup_can_be_put_into_an_empty_place_and_mails_nobody_there(site, backup, app, monkeypatch, tmp_path):
    """The file is what counts here: the engine of the application stays with the old place."""
    new = replace(app.config["ALMANAC"], data_dir=tmp_path / "new", database_url=f"sqlite:///{tmp_path}/new/almanac.db")
    monkeypatch.setitem(app.config, "ALMANAC", new)
    site.manage("restore", backup)
    there = Site(tmp_path / "new", site.runner)
    assert there.people() == ["ada@example.org"]
    assert [each.name for each in there.folder.iterdir()] == ["almanac.db"]
    assert stat.S_IMODE(there.file.stat().st_mode) == 0o600
    with closing(sqlite3.connect(there.file)) as opened:
        assert opened.execute("SELECT kind FROM mail_holds WHERE released_at IS NULL").fetchall() == [("copy",)]


def damaged(file):
    content = bytearray(file.read_bytes())
    content[len(content) // 2] ^= 0xFF
    file.write_bytes(content)


def cut_short(file):
    os.truncate(file, file.stat().st_size // 2)


def cut_to_the_manifest(file):
    os.truncate(file, 600)


def foreign(file):
    file.write_text("SELECT 1;\n")


def foreign_tar(file):
    with tarfile.open(file, "w") as tar:
        tar.add(__file__, "manifest.json")


def newer(file):
    content = file.read_bytes()
    file.write_bytes(content.replace(f'"revision": "{migrations.wanted()}"'.encode(), b'"revision": "9999"'))


def of_postgresql(file):
    content = file.read_bytes()
    file.write_bytes(content.replace(b'"almanac.db"', b'"other.dump"', 1))


def missing(file):
    file.unlink()


def empty(file):
    file.write_bytes(b"")


@pytest.mark.parametrize(
    "harm",
    [damaged, cut_short, cut_to_the_manifest, foreign, foreign_tar, newer, of_postgresql, missing, empty],
    ids=lambda each: each.__name__,
)
def test_a_file_that_is_not_a_whole_backup_of_ours_changes_nothing(site, backup, harm):
    harm(backup)
    assert site.refuses("restore", "--force", backup).startswith("Nothing was restored: ")
    assert site.holds() == []


def test_nothing_is_restored_while_somebody_has_the_database_open(site, backup):
    with closing(sqlite3.connect(site.file)) as opened:
        opened.execute("SELECT count(*) FROM people").fetchone()
        assert "stop the house first" in site.refuses("restore", "--force", backup)


def test_nothing_is_restored_while_the_house_is_running(site, backup):
    with subprocess.Popen([sys.executable, "-c", "import time; time.sleep(60)", "supervise.py"]) as house:
        (site.folder / "run.json").write_text(json.dumps({"pid": house.pid}))
        assert "the house is running" in site.refuses("restore", "--force", backup)
        house.kill()
    site.manage("restore", "--force", backup)


@pytest.mark.parametrize("moment", ["when it is ready", "before the rename"])
def test_a_restore_that_is_killed_leaves_the_old_database_whole(tmp_path, moment):
    old, new = tmp_path / "almanac.db", tmp_path / "new.db"
    for file, words in ((old, "old"), (new, "new")):
        with closing(sqlite3.connect(file)) as opened:
            opened.execute("PRAGMA journal_mode=WAL")
            opened.execute("CREATE TABLE words (word)")
            opened.execute("INSERT INTO words VALUES (?)", [words])
            opened.commit()
    killer = textwrap.dedent(
        f"""
        import os, shutil, signal
        from pathlib import Path
        from webapp.ops.backups import sqlite
        def die(*_, **__): os.kill(os.getpid(), signal.SIGKILL)
        if {moment!r} == "before the rename":
            Path.replace = die
        else:
            sqlite._swap = die
        sqlite.replace(Path({str(old)!r}), lambda to: shutil.copyfile({str(new)!r}, to), lambda connection: None)
        """
    )
    died = subprocess.run([PYTHON, "-c", killer], cwd=ROOT, capture_output=True, check=False)
    assert died.returncode == -9, died.stderr
    with closing(sqlite3.connect(old)) as opened:
        assert opened.execute("SELECT word FROM words").fetchall() == [("old",)]
        assert opened.execute("PRAGMA integrity_check").fetchone() == ("ok",)


def test_a_backup_never_overwrites_what_is_not_one(site, backup, tmp_path):
    letter = tmp_path / "letter.txt"
    letter.write_text("Dear Ada")
    assert "choose another name" in site.refuses("backup", letter)
    assert letter.read_text() == "Dear Ada"
    site.add("bob@example.org")
    site.manage("backup", backup)
    site.manage("restore", backup)
    assert site.people() == ["ada@example.org", "bob@example.org"]


def test_a_backup_that_cannot_be_written_leaves_nothing(site, tmp_path):
    assert "cannot be written" in site.refuses("backup", tmp_path / "nowhere" / "b.tar")
    assert not (tmp_path / "nowhere").exists()


def test_a_site_without_tables_has_nothing_to_keep(db, runner, data_dir, tmp_path):
    assert "nothing to keep" in Site(data_dir, runner).refuses("backup", tmp_path / "b.tar")


def test_an_older_database_is_brought_to_this_version_before_it_is_put_in_place(app, db, tmp_path):
    engine = create_engine(f"sqlite:///{tmp_path / 'older.db'}")
    with engine.begin() as connection:
        migrations.upgrade_over(connection)
    with engine.begin() as connection:
        migrations.upgrade_over(connection)
        assert set(database.metadata.tables) <= set(inspect(connection).get_table_names())
    engine.dispose()
