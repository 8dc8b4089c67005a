"""How long a process waits for a database whose machine has vanished without a word."""

import os
import socket

import pytest
from sqlalchemy import create_engine

import config
from tests import house as houses


@pytest.fixture
def connection(tmp_path):
    url, database = houses.own_postgres()
    settings = config.load({"WEBAPP_ENV": "dev", "DATA_DIR": str(tmp_path), "DATABASE_URL": url}).flask()
    engine = create_engine(url, **settings["SQLALCHEMY_ENGINE_OPTIONS"])
    with engine.connect() as made:
        yield made
    engine.dispose()
    houses.drop_postgres(database)


@pytest.mark.parametrize(("option", "most"), [("TCP_KEEPIDLE", 60), ("TCP_USER_TIMEOUT", 60_000)])
def test_a_database_that_vanished_is_given_up_within_a_minute_or_so(connection, option, most):
    with socket.socket(fileno=os.dup(connection.connection.driver_connection.fileno())) as wire:
        assert 0 < wire.getsockopt(socket.IPPROTO_TCP, getattr(socket, option)) <= most
        assert wire.getsockopt(socket.SOL_SOCKET, socket.SO_KEEPALIVE)
