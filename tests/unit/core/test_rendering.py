import hashlib
import json
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
import time_machine
from flask import render_template_string

from webapp.core import rendering

NOW = datetime(2026, 11, 25, 1, 40, tzinfo=UTC)  # Wednesday, 09:40 in Shanghai
STATIC = Path(rendering.__file__).parents[1] / "static"


@pytest.fixture(autouse=True)
def a_wednesday():
    with time_machine.travel(NOW, tick=False):
        yield


@pytest.fixture
def page(app, db):
    with app.test_request_context("/"):
        yield


def moment(at, zone="Asia/Shanghai"):
    source = '{% from "components/time.html" import moment %}{{ moment(at, zone) }}'
    return " ".join(render_template_string(source, at=at, zone=zone).split())


@pytest.mark.parametrize(
    ("at", "words"),
    [
        (datetime(2026, 11, 28, 2, tzinfo=UTC), "Sat 28 Nov, 10:00</time> · Shanghai · in 3 days"),
        (datetime(2026, 11, 25, 8, 30, tzinfo=UTC), "Wed 25 Nov, 16:30</time> · Shanghai · in 7 hours"),
        (datetime(2026, 12, 1, 0, tzinfo=UTC), "Tue 1 Dec, 08:00</time> · Shanghai · in 6 days"),
        (datetime(2027, 5, 24, 1, tzinfo=UTC), "Mon 24 May 2027, 09:00</time> · Shanghai · in 6 months"),
        (datetime(2026, 11, 24, 3, 2, tzinfo=UTC), "Tue 24 Nov, 11:02</time> · Shanghai · 23 hours ago"),
        (datetime(2026, 11, 4, 2, tzinfo=UTC), "Wed 4 Nov, 10:00</time> · Shanghai</span>"),
        (NOW + timedelta(seconds=20), "Wed 25 Nov, 09:40</time> · Shanghai · in less than a minute"),
    ],
)
def test_a_moment_says_the_time_the_place_and_how_far(page, at, words):
    assert words in moment(at)


def test_a_moment_carries_its_instant_for_machines(page):
    assert '<time datetime="2026-11-28T02:00:00Z">' in moment(datetime(2026, 11, 28, 2, tzinfo=UTC))


def test_a_moment_is_told_in_the_zone_of_the_site_to_a_stranger(page):
    assert "Sat 28 Nov, 02:00</time> · UTC" in moment(datetime(2026, 11, 28, 2, tzinfo=UTC), None)


@pytest.mark.parametrize(
    ("at", "numeral", "word", "is_today"),
    [
        (NOW, "25", "Today", True),
        (NOW - timedelta(days=1), "24", "Tuesday", False),
        (NOW + timedelta(days=6), "1", "December", False),
        (NOW - timedelta(days=20), "5", "November", False),
        (NOW + timedelta(days=180), "24", "May 2027", False),
    ],
)
def test_a_day_has_a_numeral_and_the_word_that_places_it(page, at, numeral, word, is_today):
    assert rendering.day_parts(at) == (numeral, word, is_today)


def test_the_theme_is_kept_in_a_cookie_and_leads_back(client):
    answer = client.post("/theme", data={"theme": "dark", "next": "/login?next=/write"})

    assert answer.status_code == 303
    assert answer.location == "/login?next=/write"
    assert 'data-theme="dark"' in client.get("/login").text


@pytest.mark.parametrize("elsewhere", ["https://evil.example/", "//evil.example", "/\\evil.example"])
def test_the_theme_button_leads_to_no_other_site(client, elsewhere):
    assert client.post("/theme", data={"theme": "dark", "next": elsewhere}).location == "/"


def test_an_unknown_theme_changes_nothing(client):
    assert "Set-Cookie" not in client.post("/theme", data={"theme": 'x" onload="'}).headers


def test_a_static_address_names_the_content(page):
    digest = hashlib.sha256((STATIC / "almanac.css").read_bytes()).hexdigest()

    assert rendering.static_url("almanac.css") == f"/static/almanac.css?v={digest[:10]}"


def test_vendored_files_are_what_their_manifest_says():
    listed = json.loads((STATIC / "vendor" / "manifest.json").read_text())
    files = {file["path"]: file["sha256"] for package in listed for file in package["files"]}

    for path, digest in files.items():
        assert hashlib.sha256((STATIC / path).read_bytes()).hexdigest() == digest, path
    vendored = [*(STATIC / "vendor").glob("*.js"), *(STATIC / "fonts").glob("*.woff2")]
    assert {str(path.relative_to(STATIC)) for path in vendored} == set(files)
    assert all((STATIC / package["licence_file"]).is_file() for package in listed)


def test_the_stylesheet_asks_no_one_else():
    assert "//" not in (STATIC / "almanac.css").read_text().replace("/* ", "").replace(" */", "")
