"""Finding people by what stands in an address."""

from __future__ import annotations

import pytest

from webapp.accounts import queries


def test_a_person_is_found_by_handle_and_by_address(world):
    assert queries.by_handle("alice") == world.alice
    assert queries.by_email("Alice@Example.ORG") == world.alice


@pytest.mark.parametrize("odd", ["", "\0", "al\0ice", "ALICE", "%", "_lice", "a" * 10_000])
def test_anything_else_is_nobody(world, odd):
    assert queries.by_handle(odd) is None
    assert queries.by_email(odd) is None
