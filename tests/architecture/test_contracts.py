"""Who may import whom; and that each of these rules can fail."""

import re
import shutil
import subprocess
import sys
import tomllib
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]

PLANTED = [
    ("Features point downwards", "webapp/core/clock.py", "from webapp.posts import models\n"),
    ("Features point downwards", "webapp/subscriptions/models.py", "from webapp.reminders import models\n"),
    ("Features point downwards", "webapp/ops/models.py", "from webapp.feeds import views\n"),
    ("Features point downwards", "webapp/gossip/__init__.py", ""),
    ("Edges, then rules, then rows", "webapp/posts/models.py", "from webapp.posts import views\n"),
    ("Edges, then rules, then rows", "webapp/reminders/models.py", "from webapp.reminders import tasks\n"),
    ("Rules know neither HTTP nor the broker", "webapp/accounts/models.py", "import flask\n"),
    ("Rules know neither HTTP nor the broker", "webapp/mail/models.py", "from celery import shared_task\n"),
]


def broken(folder: Path) -> list[str]:
    """The names of the contracts that do not hold in a folder."""
    done = subprocess.run(
        [Path(sys.executable).with_name("lint-imports"), "--no-cache"],
        cwd=folder,
        capture_output=True,
        text=True,
        check=False,
    )
    names = re.findall(r"^(.+) BROKEN$", done.stdout, re.MULTILINE)
    assert bool(names) == (done.returncode != 0), done.stdout + done.stderr
    return names


@pytest.fixture
def copied_house(tmp_path):
    shutil.copytree(ROOT / "webapp", tmp_path / "webapp", ignore=shutil.ignore_patterns("__pycache__", "static"))
    shutil.copy(ROOT / "pyproject.toml", tmp_path)
    return tmp_path


def test_every_contract_holds():
    assert broken(ROOT) == []


@pytest.mark.parametrize(("contract", "file", "line"), PLANTED)
def test_a_planted_violation_is_found(contract, file, line, copied_house):
    path = copied_house / file
    path.parent.mkdir(exist_ok=True)
    path.write_text((path.read_text() if path.exists() else "") + "\n" + line)
    assert contract in broken(copied_house)


def test_every_contract_has_been_planted_against():
    contracts = tomllib.loads((ROOT / "pyproject.toml").read_text())["tool"]["importlinter"]["contracts"]
    assert {contract["name"] for contract in contracts} == {contract for contract, _, _ in PLANTED}


@pytest.mark.parametrize("library", ["alembic", "flask_migrate", "bs4", "markdownify", "redis", "dkim", "dateparser"])
def test_a_worker_does_not_carry_what_few_of_its_tasks_need(carried, library):
    assert library not in carried


@pytest.fixture(scope="module")
def carried(tmp_path_factory):
    """The modules that a worker has before its first task."""
    listing = "import celery_runner, sys; print(*sys.modules)"
    environ = {"PATH": "/usr/bin:/bin", "WEBAPP_ENV": "dev", "DATA_DIR": str(tmp_path_factory.mktemp("worker"))}
    done = subprocess.run(
        [sys.executable, "-c", listing], cwd=ROOT, env=environ, capture_output=True, text=True, check=True
    )
    return set(done.stdout.split())
