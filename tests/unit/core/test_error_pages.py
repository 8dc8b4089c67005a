import errno
import sqlite3

import psycopg
import pytest
from sqlalchemy.exc import OperationalError
from structlog.testing import capture_logs
from werkzeug.exceptions import ImATeapot, RequestEntityTooLarge, TooManyRequests


@pytest.fixture
def failing(app, monkeypatch):
    """Lets the theme's address fail in a chosen way, as it would outside the tests."""
    monkeypatch.setitem(app.config, "PROPAGATE_EXCEPTIONS", False)
    monkeypatch.setitem(app.config, "TRAP_HTTP_EXCEPTIONS", False)

    def fail_with(error):
        def view():
            raise error

        monkeypatch.setitem(app.view_functions, "look.choose_theme", view)

    return fail_with


def locked(message="database is locked"):
    return OperationalError("UPDATE posts", {}, sqlite3.OperationalError(message))


def test_a_missing_page_is_30_february_and_shows_ways_on(client):
    answer = client.get("/no-such-page")

    assert answer.status_code == 404
    assert "<b>30</b>February" in answer.text
    assert 'href="/archive"' in answer.text


def test_a_wrong_method_says_which_are_right(client):
    answer = client.get("/theme")

    assert answer.status_code == 405
    assert "POST" in answer.headers["Allow"]
    assert "Nothing happened." in answer.text


def test_a_form_without_its_token_says_what_to_do(client):
    answer = client.post("/login", data={"email": "alice@example.org", "password": "x"})

    assert answer.status_code == 400
    assert "This form is no longer good." in answer.text
    assert "load the page again" in answer.text


@pytest.mark.parametrize(
    ("error", "status", "title"),
    [
        (RequestEntityTooLarge(), 413, "That is more than we take."),
        (TooManyRequests(), 429, "That was a lot at once."),
        (ImATeapot(), 418, "That did not work."),
    ],
)
def test_each_error_has_a_page_of_the_site(client, failing, error, status, title):
    failing(error)
    answer = client.post("/theme")

    assert answer.status_code == status
    assert f"<h1>{title}</h1>" in answer.text
    assert 'class="mast"' in answer.text


def test_an_error_of_ours_shows_the_reference_that_is_in_the_log(client, failing):
    failing(RuntimeError("a fault with a secret in it"))
    with capture_logs() as logged:
        answer = client.post("/theme")

    assert answer.status_code == 500
    (line,) = [line for line in logged if line["event"] == "error.page"]
    assert line["status"] == 500
    assert line["reference"] in answer.text
    assert "secret" not in answer.text


def test_a_locked_database_is_a_503_that_says_when_to_come_back(client, failing):
    failing(locked())
    answer = client.post("/theme")

    assert answer.status_code == 503
    assert int(answer.headers["Retry-After"]) > 0
    assert "We are busy for a moment." in answer.text


def full_sqlite():
    error = sqlite3.OperationalError("database or disk is full")
    error.sqlite_errorcode = sqlite3.SQLITE_FULL
    return OperationalError("INSERT INTO posts", {}, error)


@pytest.mark.parametrize(
    "error",
    [
        full_sqlite(),
        OperationalError("INSERT INTO posts", {}, psycopg.errors.DiskFull("could not extend file")),
        OSError(errno.ENOSPC, "No space left on device"),
        OSError(errno.EDQUOT, "Disk quota exceeded"),
    ],
)
def test_a_full_disk_is_a_503_that_says_so(client, failing, error):
    failing(error)
    with capture_logs() as logged:
        answer = client.post("/theme")

    assert answer.status_code == 503
    assert int(answer.headers["Retry-After"]) > 0
    assert "The disk of this site is full, so nothing was changed." in answer.text
    assert "disk.full" in [line["event"] for line in logged]


def test_another_fault_of_a_file_is_ours(client, failing):
    failing(FileNotFoundError(errno.ENOENT, "No such file"))

    assert client.post("/theme").status_code == 500


def test_another_database_fault_is_ours(client, failing):
    failing(locked("no such table: posts"))

    assert client.post("/theme").status_code == 500


def test_the_page_for_a_locked_database_does_not_ask_the_database(client, failing, app, monkeypatch):
    def load(_self):
        raise locked()

    failing(locked())
    monkeypatch.setattr(type(app.login_manager), "_load_user", load)

    assert client.post("/theme").status_code == 503


def test_a_request_to_a_wrong_host_gets_a_page_and_no_crash(client):
    answer = client.get("/", headers={"Host": "evil.example"})

    assert answer.status_code == 400
    assert "This is not our address." in answer.text
    assert "evil.example" not in answer.text


def test_errors_of_the_api_are_left_to_the_api(client):
    answer = client.get("/api/v1/no-such-thing")

    assert answer.status_code == 404
    assert answer.mimetype == "application/problem+json"
