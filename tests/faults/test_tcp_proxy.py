"""What the other fault tests lean on has to do what it says."""

import socket
import threading
import time

import pytest

from tests.faults.tcp_proxy import Proxy


@pytest.fixture
def echo():
    """The port of a server that says everything once more."""
    listener = socket.create_server(("127.0.0.1", 0))

    def serve():
        while True:
            try:
                client, _ = listener.accept()
            except OSError:
                return
            threading.Thread(target=answer, args=(client,), daemon=True).start()

    def answer(client):
        with client:
            try:
                while piece := client.recv(100):
                    client.sendall(piece)
            except OSError:
                pass

    threading.Thread(target=serve, daemon=True).start()
    yield listener.getsockname()[1]
    listener.shutdown(socket.SHUT_RDWR)
    listener.close()


@pytest.fixture
def proxy(echo):
    with Proxy(echo) as made:
        yield made


def call(proxy):
    return socket.create_connection(("127.0.0.1", proxy.port), timeout=1)


def says(client, words=b"hello"):
    client.sendall(words)
    return client.recv(100)


def says_twice(client):
    """The first words into a connection that is gone may still go unanswered."""
    says(client)
    says(client)


def test_it_passes_everything_on(proxy):
    with call(proxy) as client:
        assert says(client) == b"hello"


def test_it_refuses_who_comes_and_ends_who_is_there(proxy):
    with call(proxy) as client:
        says(client)
        proxy.refuse()
        with pytest.raises(ConnectionRefusedError):
            call(proxy)
        with pytest.raises(ConnectionError):
            says_twice(client)
    proxy.restore()
    with call(proxy) as client:
        assert says(client) == b"hello"


def test_it_hangs_and_lets_everything_through_afterwards(proxy):
    with call(proxy) as before:
        says(before)
        proxy.hang()
        with call(proxy) as client:
            for each in (before, client):
                with pytest.raises(TimeoutError):
                    says(each)
            proxy.restore()
            assert before.recv(100) == client.recv(100) == b"hello"


def test_it_cuts_and_serves_who_comes_next(proxy):
    with call(proxy) as client:
        says(client)
        proxy.cut()
        with pytest.raises(ConnectionError):
            says_twice(client)
    with call(proxy) as client:
        assert says(client) == b"hello"


def test_it_is_slow(proxy):
    proxy.delay(0.2)
    with call(proxy) as client:
        began = time.monotonic()
        assert says(client) == b"hello"
        assert 0.4 <= time.monotonic() - began < 0.9
