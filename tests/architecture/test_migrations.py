"""The tables that migrations make are the tables that the models mean, forwards and backwards."""

import os
import subprocess
import sys
from pathlib import Path

import pytest
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import create_engine, inspect, text

from webapp.core.db import Model
from webapp.extensions import db
from webapp.search import schema

ROOT = Path(__file__).resolve().parents[2]


@pytest.fixture(scope="module")
def migrated(tmp_path_factory, app):
    """A function that runs a `db` command on a database of its own; and that database."""
    folder = tmp_path_factory.mktemp("migrations")
    engine = create_engine(f"sqlite:///{folder / 'almanac.db'}")
    environ = {"PATH": os.environ["PATH"], "WEBAPP_ENV": "dev", "DATA_DIR": str(folder)}

    def command(*words: str) -> None:
        done = subprocess.run(
            [sys.executable, ROOT / "manage.py", "db", *words],
            cwd=ROOT,
            env=environ,
            capture_output=True,
            text=True,
            check=False,
        )
        assert done.returncode == 0, done.stderr

    command("upgrade")
    yield command, engine
    engine.dispose()


def differences(engine) -> list:
    """All but foreign keys: of one that came with its column SQLAlchemy cannot read from SQLite what it does."""
    options = {"compare_type": True, "include_object": is_a_table_of_rows}
    with engine.connect() as connection:
        found = compare_metadata(MigrationContext.configure(connection, opts=options), Model.metadata)
    return [each for each in found if each[0] not in {"remove_fk", "add_fk"}]


def is_a_table_of_rows(_object, name, kind, _reflected, _compare_to) -> bool:
    """Not the index of all words, which SQLite keeps in tables of its own."""
    return not (kind == "table" and name.startswith(schema.INDEX))


def test_migrations_make_what_the_models_mean(migrated):
    _, engine = migrated
    assert differences(engine) == []


def test_every_index_of_the_models_is_made_as_they_say(migrated, app):
    _, engine = migrated
    with app.app_context():
        meant = definitions(db.engine)
    assert definitions(engine) == meant


def test_every_foreign_key_does_what_the_models_say(migrated, app):
    _, engine = migrated
    with app.app_context():
        meant = foreign_keys(db.engine)
    assert foreign_keys(engine) == meant
    assert ("posts", "cover_id", "images", "id", "NO ACTION", "SET NULL") in meant


def test_the_day_of_the_installation_is_written_down(migrated):
    _, engine = migrated
    with engine.connect() as connection:
        assert connection.scalar(text("SELECT value FROM site_settings WHERE name = 'installed_at'"))


def test_down_to_nothing_and_up_again(migrated):
    command, engine = migrated
    before = definitions(engine)
    command("downgrade", "base")
    assert set(inspect(engine).get_table_names()) <= {"alembic_version"}
    command("upgrade")
    assert definitions(engine) == before
    assert differences(engine) == []


def definitions(engine) -> dict[str, str]:
    """Every index, trigger and view by name, in SQLite's own words."""
    query = "SELECT name, sql FROM sqlite_master WHERE type IN ('index', 'trigger', 'view') AND sql IS NOT NULL"
    with engine.connect() as connection:
        return {name: " ".join(sql.split()) for name, sql in connection.execute(text(query))}


def foreign_keys(engine) -> set[tuple[str, ...]]:
    """Every foreign key in SQLite's own words: the column, where it leads, and what an update and a delete do."""
    query = (
        'SELECT t.name, k."from", k."table", k."to", k.on_update, k.on_delete'
        " FROM sqlite_master AS t JOIN pragma_foreign_key_list(t.name) AS k WHERE t.type = 'table'"
    )
    with engine.connect() as connection:
        return {tuple(row) for row in connection.execute(text(query))}


def test_what_was_once_installed_stays_at_the_beginning():
    """A revision put in front of one that houses are at would count as done there, and never be."""
    script = ScriptDirectory(str(ROOT / "migrations"))
    in_order = [each.revision for each in script.walk_revisions()][::-1]
    assert in_order[:10] == ["0001", "0002", "0003", "0009", "0004", "0005", "0007", "0014", "0008", "0012"]


def test_a_house_of_the_first_search_comes_to_the_present(migrated):
    command, engine = migrated
    command("downgrade", "0009")
    command("upgrade")
    assert differences(engine) == []
