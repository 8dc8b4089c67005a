import pytest

from tests.world import sign_in


def policy(answer):
    parts = (part.split() for part in answer.headers["Content-Security-Policy"].split(";"))
    return {name: values for name, *values in parts}


def test_no_script_or_style_runs_that_is_not_ours(client):
    rules = policy(client.get("/login"))

    assert rules["default-src"] == ["'self'"]
    assert not any("unsafe" in value for values in rules.values() for value in values)
    assert rules["base-uri"] == rules["object-src"] == rules["frame-ancestors"] == ["'none'"]
    assert rules["form-action"] == ["'self'"]


def test_a_page_neither_guesses_types_nor_tells_others_where_one_came_from(client):
    answer = client.get("/login")

    assert answer.headers["X-Content-Type-Options"] == "nosniff"
    assert answer.headers["Referrer-Policy"] == "same-origin"
    assert "camera=()" in answer.headers["Permissions-Policy"]


def test_error_pages_carry_the_same_headers(client):
    assert policy(client.get("/30-february"))["default-src"] == ["'self'"]


def test_only_https_is_told_to_stay_https(client):
    assert "Strict-Transport-Security" not in client.get("/login").headers
    assert "max-age=" in client.get("/login", base_url="https://localhost").headers["Strict-Transport-Security"]


def test_what_a_signed_in_person_sees_is_kept_nowhere(client, world):
    sign_in(client, world.alice)

    assert client.get("/settings").headers["Cache-Control"] == "no-store"


@pytest.mark.parametrize("path", ["/30-february", "/theme"])
def test_an_error_is_kept_nowhere(client, path):
    assert client.get(path).headers["Cache-Control"] == "no-store"


def test_a_static_file_may_be_kept_and_is_what_it_says(client):
    with client.get("/static/almanac.css") as answer:
        assert answer.headers["X-Content-Type-Options"] == "nosniff"
        assert "max-age=31536000" in answer.headers["Cache-Control"]
        assert answer.mimetype == "text/css"
