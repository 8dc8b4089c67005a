"""Every page is valid HTML: asked of the Nu Html Checker, once for all of them, for it takes seconds to start."""

import json
import os
import re
import shutil
import subprocess
from contextlib import suppress
from pathlib import Path

import pytest
from werkzeug.exceptions import MethodNotAllowed, NotFound

from bin.checker import JAR
from tests import pages
from tests.house import needed
from tests.world import sign_in

NO_PAGES = re.compile(
    r"/api/v1/|/static/|/feed\.|/@<handle>/feed|/tags/<slug>/feed|/sitemap|/robots|/favicon|/apple-touch|/manifest"
    r"|/opensearch|/healthz|/readyz|/metrics|/look\.css|/comments/challenge|/images/<key>/<name>|/reminders/reading"
    r"|.*\.(zip|ics|json|csv)$|/settings/transfers/<int:transfer_id>/file"
)
"""Addresses that answer with something else, or with a part of a page."""

ELSEWHERE = {"/setup/<token>", "/inbox/<key>/html", "/letters/preview.html"}
"""Before there is an administrator, and a mail as it arrived."""


def test_every_page_is_looked_at(app, places):
    """In `tests/pages.py`, which the checks of HTML, of access and of width go by."""
    routes = app.url_map.bind("localhost")
    looked_at = set()
    for _who, path in pages.PAGES:
        with suppress(NotFound, MethodNotAllowed):
            rule, _values = routes.match(path.format(**places).partition("?")[0], return_rule=True)
            looked_at.add(rule.rule)
    all_pages = {
        rule.rule for rule in app.url_map.iter_rules() if "GET" in rule.methods and not NO_PAGES.match(rule.rule)
    }
    assert all_pages - looked_at == ELSEWHERE
    assert looked_at <= all_pages


@pytest.fixture
def checker():
    """The command that checks files: `TEST_VNU_JAR` names the jar, or `bin/checker.py` has brought it."""
    jar = Path(os.environ.get("TEST_VNU_JAR") or JAR)
    if not jar.exists() or not shutil.which("java"):
        needed("The Nu Html Checker", FileNotFoundError("it needs Java, and what bin/checker.py brings"))
    return ["java", "-Xss8m", "-XX:TieredStopAtLevel=1", "-jar", str(jar), "--format", "json", "--stdout"]


def test_the_nu_html_checker_finds_no_error_on_any_page(checker, places, app, tmp_path):
    clients = {who: sign_in(app.test_client(), person) for who, person in places["people"].items()}
    shown = {}
    for number, (who, path) in enumerate(pages.PAGES):
        client = clients[who] if who else app.test_client()
        language = {"Accept-Language": "zh-CN" if number % 2 else "en"}
        answer = client.get(path.format(**places), headers=language, follow_redirects=True)
        assert answer.status_code == pages.status(who, path), f"{who} {path}"
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
