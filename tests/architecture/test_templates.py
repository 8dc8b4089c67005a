"""What no page may do."""

import re
from pathlib import Path

import pytest
from flask import url_for
from werkzeug.routing import BuildError

from webapp.extensions import csrf

WEBAPP = Path(__file__).resolve().parents[2] / "webapp"
TEMPLATES = sorted(WEBAPP.rglob("templates/**/*.html"))
STORED_HTML = re.compile(r"\b(?:post|comment|parent)\.html\s*\|\s*safe\b")
ENDPOINT = re.compile(r"(?:url_for|absolute)\(\s*[\"']([\w.]+)[\"']")
BY_ITSELF = {"templates/components/masthead.html"}  # the theme: at worst another site turns the light on
BY_SIGNED_LINK = {  # the token in the address is what proves the right; RFC 8058 asks for a POST without cookies
    "comments/templates/comments/decide.html",
    "comments/templates/comments/mute.html",
    "posts/templates/posts/quiet.html",
    "reminders/templates/reminders/act.html",
    "reminders/templates/reminders/answer.html",
    "subscriptions/templates/subscriptions/leave.html",
    "subscriptions/templates/subscriptions/settings.html",
}


def is_mail(file: Path) -> bool:
    return "mail" in file.relative_to(WEBAPP).parts[:-1]


def shown(file: Path) -> str:
    return str(file.relative_to(WEBAPP))


PAGES = [file for file in TEMPLATES if not is_mail(file)]
MAILS = [file for file in TEMPLATES if is_mail(file)]


def test_there_are_pages_and_mails_to_look_at():
    assert len(PAGES) > 10
    assert len(MAILS) > 3


@pytest.mark.parametrize("file", TEMPLATES, ids=shown)
def test_nothing_but_a_stored_post_or_comment_is_called_safe(file):
    words = STORED_HTML.sub("", file.read_text())
    assert not re.search(r"\|\s*safe\b|autoescape\s+false|Markup\(", words)


def test_no_code_marks_text_as_safe_except_where_it_is_rendered():
    allowed = {"core/markdown.py", "core/rendering.py", "mail/rendering.py"}
    marked = {
        str(file.relative_to(WEBAPP)) for file in WEBAPP.rglob("*.py") if re.search(r"\bMarkup\(", file.read_text())
    }
    assert marked <= allowed


@pytest.mark.parametrize("file", PAGES, ids=shown)
def test_a_page_holds_no_inline_style_or_script(file):
    words = re.sub(r"{#.*?#}", "", file.read_text(), flags=re.DOTALL)
    assert not re.search(r"<style\b|\sstyle\s*=", words, re.IGNORECASE)
    assert not re.search(r"\son[a-z]+\s*=\s*[\"']", words, re.IGNORECASE), "an inline handler"
    for script in re.findall(r"<script\b([^>]*)>", words, re.IGNORECASE):
        assert "src=" in script or "application/ld+json" in script
    assert "javascript:" not in words


@pytest.mark.parametrize("file", PAGES, ids=shown)
def test_a_page_fetches_nothing_from_elsewhere(file):
    words = file.read_text()
    assert not re.search(r"(?:src|srcset|action)\s*=\s*[\"'](?:https?:)?//", words)
    for link in re.findall(r"<link\b[^>]*>", words):
        assert not re.search(r"href\s*=\s*[\"'](?:https?:)?//", link)


@pytest.mark.parametrize("file", TEMPLATES, ids=shown)
def test_every_document_names_its_language(file):
    words = file.read_text()
    if "<html" in words:
        assert re.search(r"<html[^>]*\blang\s*=", words)
    elif "{% block" in words and "{% macro" not in words:
        assert "{% extends" in words, "a document of its own must say its language"


@pytest.mark.parametrize("file", PAGES, ids=shown)
def test_every_form_that_posts_carries_the_token(file):
    words = file.read_text()
    forms = re.findall(r"<form\b[^>]*method\s*=\s*[\"']?post[^>]*>.*?</form>", words, re.IGNORECASE | re.DOTALL)
    without = [form for form in forms if "csrf" not in form]
    assert bool(without) == (shown(file) in BY_ITSELF | BY_SIGNED_LINK), without


def test_only_what_proves_itself_goes_without_a_token(app):
    views = {name.removeprefix("webapp.") for name in csrf._exempt_views}
    assert views == {
        "subscriptions.views.asking.unsubscribe",
        "reminders.views.mailed.act",
        "reminders.views.others.answer",
        "reminders.views.others.stop",
        "accounts.views.language.choose_language",  # asks for the token of whoever is signed in, itself
        "comments.views.own.mute",
        "comments.views.deciding.decide",
        "posts.views.quiet.quiet",
    }
    exempt = {name for name, blueprint in app.blueprints.items() if blueprint in csrf._exempt_blueprints}
    assert {name for name in exempt if not name.startswith("api")} == {"look"}


@pytest.mark.parametrize("file", [*TEMPLATES, *WEBAPP.rglob("templates/**/*.txt")], ids=shown)
def test_what_the_administrator_may_choose_is_not_read_from_the_environment(file):
    assert not re.search(r"ALMANAC\.(site_name|postal_address)", file.read_text()), "use site_name, site.postal_address"


@pytest.mark.parametrize("file", MAILS, ids=shown)
def test_a_mail_has_a_subject_and_a_text_beside_its_html(file):
    if file.name == "layout.html" or "{% extends" not in file.read_text():
        return
    assert file.with_suffix(".txt").exists()
    assert file.with_suffix(".subject.txt").exists()


def test_every_page_that_is_linked_exists(app):
    linked = {
        (shown(file), endpoint)
        for file in [*TEMPLATES, *WEBAPP.rglob("*.txt"), *WEBAPP.rglob("*.py")]
        for endpoint in ENDPOINT.findall(file.read_text())
    }
    assert {link for link in linked if link[1] not in app.view_functions} == set()


def test_a_link_to_a_page_that_does_not_exist_is_an_error(app):
    with app.test_request_context(), pytest.raises(BuildError):
        url_for("posts.nowhere")
