"""What the tests of imports share: a command that reads its own report, and posts by their slugs."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import Any

import pytest
from sqlalchemy import select
from sqlalchemy.orm import joinedload, selectinload

from webapp.posts.models import Post


@dataclass(frozen=True)
class Report:
    """What `manage.py import … --json` said."""

    exit_code: int
    counts: dict[str, dict[str, int]]
    items: list[dict[str, str]]
    error: str

    def of(self, title: str) -> dict[str, str]:
        found = [each for each in self.items if each["title"] == title]
        assert len(found) == 1, [each["title"] for each in self.items]
        return found[0]


@pytest.fixture
def imported(runner):
    """A function that imports a file and reads the report."""

    def run(system: str, path: Any, *options: str) -> Report:
        done = runner("import", system, str(path), *options, "--json")
        if done.exception and not isinstance(done.exception, SystemExit):
            raise done.exception
        found = json.loads(done.stdout) if done.stdout.strip() else {}
        return Report(done.exit_code, found.get("counts", {}), found.get("items", []), done.stderr)

    return run


@pytest.fixture
def post(db):
    """A function that finds a post by its slug."""

    def find(slug: str) -> Post:
        query = select(Post).options(joinedload(Post.author), selectinload(Post.tags)).where(Post.slug == slug)
        return db.session.scalars(query).one()

    return find
