"""Passwords, whatever they are made of."""

from __future__ import annotations

import pytest

from webapp.accounts import passwords
from webapp.core.errors import Refused

pytestmark = pytest.mark.usefixtures("app")


@pytest.mark.parametrize(
    "password",
    [
        "a" * 8,
        "a" * 72,
        "a" * 73,
        "a" * 500,
        "é" * 72,
        "暮" * 500,
        "🌿" * 8,
        "👩\u200d🌾" * 8,
        " " * 8,
        " leading and trailing ",
        "with\0a NUL in it",
        "tab\tand\nnewline",
    ],
)
def test_every_character_counts(password):
    kept = passwords.hashed(password)
    assert passwords.matches(kept, password)
    assert not passwords.matches(kept, password[:-1])
    assert not passwords.matches(kept, password + password[-1])
    assert not passwords.matches(kept, "\0" + password[1:])


@pytest.mark.parametrize("password", ["", "a" * 7, "暮" * 7, "🌿" * 7, "a" * 501, "🌿" * 501, "e\u0301" * 7])
def test_length_is_counted_in_characters(password):
    with pytest.raises(Refused) as refused:
        passwords.hashed(password)
    assert refused.value.field == "password"


def test_half_a_character_is_refused_and_matches_nothing():
    with pytest.raises(Refused):
        passwords.hashed("\ud800" * 8)
    assert not passwords.matches(passwords.hashed("a" * 8), "\ud800" * 8)


def test_two_keyboards_type_the_same_password():
    assert passwords.matches(passwords.hashed("caf\u00e9 au lait"), "cafe\u0301 au lait")


@pytest.mark.parametrize("kept", [None, passwords.UNUSABLE])
def test_nothing_matches_no_password(kept):
    for password in ("", "!", "." * 31, passwords.UNUSABLE):
        assert not passwords.matches(kept, password)
