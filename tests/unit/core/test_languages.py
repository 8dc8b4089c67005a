"""Which language a page is in: the person's, the cookie's, the browser's, the site's, in this order."""

import re
from dataclasses import replace
from datetime import UTC, datetime

import pytest
import time_machine
from flask import render_template_string

from tests.world import csrf, post_form, sign_in
from webapp.core import zones
from webapp.extensions import db


def language_of(answer):
    return re.search(r'<html lang="([^"]+)"', answer.text)[1]


def asking_for(client, wanted, path="/login"):
    return client.get(path, headers={"Accept-Language": wanted})


@pytest.fixture
def chinese_site(app, monkeypatch):
    monkeypatch.setitem(app.config, "ALMANAC", replace(app.config["ALMANAC"], site_language="zh-Hans"))


@pytest.mark.parametrize(
    ("wanted", "language"),
    [
        ("zh-CN,zh;q=0.9,en;q=0.8", "zh-Hans"),
        ("zh", "zh-Hans"),
        ("zh-Hans-CN", "zh-Hans"),
        ("zh-TW,en;q=0.5", "zh-Hans"),
        ("en-GB,en;q=0.9,zh;q=0.8", "en"),
        ("fr,zh-CN;q=0.7,en;q=0.3", "zh-Hans"),
        ("zh;q=0,en", "en"),
        ("fr", "en"),
        ("*", "en"),
        ("", "en"),
        ("zh_CN", "zh-Hans"),
        (";;q=,\x00é", "en"),
    ],
)
def test_a_browser_gets_the_language_it_likes_best(client, wanted, language):
    assert language_of(asking_for(client, wanted)) == language


def test_a_browser_that_asks_for_neither_gets_the_sites(client, chinese_site):
    assert language_of(asking_for(client, "fr")) == "zh-Hans"
    assert language_of(asking_for(client, "en")) == "en"


def test_a_page_names_its_language_and_what_it_depends_on(client):
    answer = asking_for(client, "zh-CN")
    assert answer.headers["Content-Language"] == "zh-Hans"
    assert {"accept-language", "cookie"} <= {each.lower() for each in answer.vary}
    assert "登录" in answer.text


def test_the_button_in_the_foot_goes_before_the_browser_and_leads_back(client):
    page = asking_for(client, "en", "/archive?x=1")
    assert 'lang="zh-Hans">简体中文</button>' in page.text
    answer = client.post("/language", data={"language": "zh-Hans", "next": "/archive?x=1"})
    assert (answer.status_code, answer.location) == (303, "/archive?x=1")
    assert language_of(asking_for(client, "en")) == "zh-Hans"
    assert 'lang="en">English</button>' in client.get("/").text


@pytest.mark.parametrize("unknown", ["fr", "zh", "", "zh-Hans\r\nX: y", "../en"])
def test_a_language_that_is_none_of_ours_is_not_kept(client, unknown):
    answer = client.post("/language", data={"language": unknown, "next": "//evil.example"})
    assert (answer.status_code, answer.location) == (303, "/")
    assert "Set-Cookie" not in answer.headers
    client.set_cookie("language", unknown.partition("\r")[0])
    assert language_of(asking_for(client, "zh")) == "zh-Hans"


def test_a_setting_goes_before_the_cookie_and_the_browser(client, world):
    world.bob.language = "zh-Hans"
    sign_in(client, world.bob)
    client.set_cookie("language", "en")
    assert language_of(asking_for(client, "en", "/settings")) == "zh-Hans"


def test_the_button_changes_the_setting_of_whoever_is_signed_in(client, world):
    sign_in(client, world.bob)
    post_form(client, "/language", page="/settings", language="zh-Hans")
    assert world.bob.language == "zh-Hans"


def test_nobody_else_can_press_it_for_them(client, world):
    sign_in(client, world.bob)
    assert client.post("/language", data={"language": "zh-Hans"}).status_code == 400
    assert world.bob.language is None


def test_a_language_is_chosen_in_the_settings_and_said_in_it(client, world):
    sign_in(client, world.bob)
    token = csrf(client, "/settings")
    sent = {"csrf_token": token, "name": "Bob", "zone": "Shanghai", "language": "zh-Hans"}
    page = client.post("/settings", data=sent, follow_redirects=True)
    assert world.bob.language == "zh-Hans"
    assert "已保存。" in page.text
    page = client.post("/settings", data=sent | {"language": "", "zone": "上海"}, follow_redirects=True)
    assert (world.bob.language, world.bob.zone) == (None, "Asia/Shanghai")


def test_an_unknown_language_in_the_settings_is_refused_beside_its_field(client, world):
    sign_in(client, world.bob)
    answer = post_form(client, "/settings", name="Bob", zone="Shanghai", language="fr")
    assert answer.status_code == 422
    assert 'id="language-error"' in answer.text


def test_what_a_rule_refuses_is_said_in_the_readers_language(client, world):
    world.bob.language = "zh-Hans"
    sign_in(client, world.bob)
    answer = post_form(client, "/settings", name="Bob", zone="Moon/Tycho", language="zh-Hans")
    assert "我们不认识这个地方。" in answer.text


def test_an_error_page_that_asks_nobody_follows_the_browser(app, client, monkeypatch):
    monkeypatch.setitem(app.config, "PROPAGATE_EXCEPTIONS", False)
    monkeypatch.setitem(app.view_functions, "posts.archive", lambda: 1 / 0)
    answer = asking_for(client, "zh-CN", "/archive")
    assert answer.status_code == 500
    assert "有东西坏了" in answer.text


def test_a_program_is_answered_in_english_whoever_runs_it(client, world):
    answer = client.get("/api/v1/posts/0", headers={"Accept-Language": "zh-CN"})
    assert answer.text.isascii()


def test_commands_speak_english_on_a_chinese_site(runner, chinese_site):
    result = runner("user", "create", "--email", "not an address", "--name", "x")
    assert result.exit_code != 0
    assert result.output.isascii()


def test_a_moment_is_written_as_chinese_writes_it(app, db):
    source = '{% from "components/time.html" import moment %}{{ moment(at, "Asia/Shanghai") }}'
    at = datetime(2026, 11, 28, 2, tzinfo=UTC)
    with time_machine.travel(datetime(2026, 11, 25, 1, 40, tzinfo=UTC), tick=False):
        with app.test_request_context("/", headers={"Accept-Language": "zh"}):
            assert "11月28日 周六 10:00</time> · 上海 · 3 天后" in render_template_string(source, at=at)
        with app.test_request_context("/", headers={"Accept-Language": "zh"}):
            assert "2027年1月1日 周五 08:00" in render_template_string(source, at=datetime(2027, 1, 1, tzinfo=UTC))


def test_a_city_is_known_in_every_language(app):
    assert zones.named("纽约") == zones.named("new york") == "America/New_York"
    assert zones.named("加尔各答") == "Asia/Kolkata"


def test_reading_does_not_write_the_language_down(client, world):
    sign_in(client, world.bob)
    asking_for(client, "zh-CN", "/settings")
    db.session.refresh(world.bob)
    assert world.bob.language is None
