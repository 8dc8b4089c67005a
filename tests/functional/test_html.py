"""Every main page is valid HTML: asked of the Nu Html Checker, once for all of them, for it takes seconds to start."""

import json
import os
import shutil
import subprocess
from pathlib import Path

import pytest

from bin.checker import JAR
from tests import factories, pages
from tests.house import needed
from tests.world import sign_in
from webapp.accounts.models import Role

FOR_ADMINISTRATORS = [
    *("/ops", "/ops/mails", "/ops/forecast", "/ops/dead", "/ops/explain?q=alice@example.org"),
    *("/settings/site", "/settings/import", "/settings/mail", "/comments/settings", "/api/docs", "/ops/mails/999"),
]


@pytest.fixture
def checker():
    """The command that checks files: `TEST_VNU_JAR` names the jar, or `bin/checker.py` has brought it."""
    jar = Path(os.environ.get("TEST_VNU_JAR") or JAR)
    if not jar.exists() or not shutil.which("java"):
        needed("The Nu Html Checker", FileNotFoundError("it needs Java, and what bin/checker.py brings"))
    return ["java", "-Xss8m", "-XX:TieredStopAtLevel=1", "-jar", str(jar), "--format", "json", "--stdout"]


def test_the_nu_html_checker_finds_no_error_on_any_page(checker, world, app, tmp_path):
    places = pages.fill(world)
    ada = factories.person("Ada", role=Role.ADMIN)
    clients = {None: app.test_client()} | {person: sign_in(app.test_client(), person) for person in (world.alice, ada)}
    visits = [(world.alice if is_author else None, path) for is_author, path in pages.PAGES]
    visits += [(ada, path) for path in FOR_ADMINISTRATORS]
    shown = {}
    for number, (person, path) in enumerate(visits):
        answer = clients[person].get(path.format(**places))
        assert answer.status_code == (404 if path in {"/nowhere", "/ops/mails/999"} else 200), path
        file = tmp_path / f"{number}.html"
        file.write_text(answer.text)
        shown[file.name] = path
    found = subprocess.run(
        [*checker, *map(str, sorted(tmp_path.iterdir()))], check=False, capture_output=True, text=True
    )
    messages = json.loads(found.stdout)["messages"]
    wrong = {
        f"{shown[Path(each['url']).name]}: {each['message']} {each.get('extract', '').strip()}"
        for each in messages
        if each["type"] == "error"
    }
    assert wrong == set()
