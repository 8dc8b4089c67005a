"""Journeys: each begins at a public address and ends with what a person sees or receives."""

import pytest

from tests.door import Visitor


@pytest.fixture
def visitor(client):
    """Someone at a browser without JavaScript."""
    return Visitor(client)


@pytest.fixture
def another(app, db):
    """A function that opens one more browser."""
    return lambda: Visitor(app.test_client())
