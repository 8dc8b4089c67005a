"""The embedded broker: messages are whole, taken once, and survive the loss of their folder."""

import threading

import pytest
from kombu import Connection, Exchange, Queue

from webapp.core import folder_broker


@pytest.fixture
def connect(tmp_path):
    def open_() -> Connection:
        return Connection(
            f"{folder_broker.SCHEME}://",
            transport_options={
                "data_folder_in": str(tmp_path / "messages"),
                "data_folder_out": str(tmp_path / "messages"),
                "control_folder": str(tmp_path / "control"),
                "processed_folder": str(tmp_path / "processed"),
            },
        )

    return open_


def queue(connection, name="work"):
    return connection.SimpleQueue(Queue(name, Exchange(""), routing_key=name))  # as Celery names its queues


def test_messages_come_out_in_the_order_they_went_in(connect):
    with connect() as connection, queue(connection) as work:
        for number in range(20):
            work.put({"number": number})
        assert [work.get(timeout=1).payload["number"] for _ in range(20)] == list(range(20))


def test_a_reader_beside_a_busy_writer_never_sees_half_a_message(connect):
    """Kombu's own transport ends with a JSON error here within a second."""
    expected, failures = 400, []

    def write() -> None:
        with connect() as connection, queue(connection) as work:
            for number in range(expected):
                work.put({"number": number, "padding": "x" * 4000})

    with connect() as connection, queue(connection) as work:
        writer = threading.Thread(target=write)
        writer.start()
        seen = []
        try:
            while len(seen) < expected:
                message = work.get(timeout=10)
                seen.append(message.payload["number"])
                message.ack()
        except ValueError as error:
            failures.append(error)
        writer.join()
    assert failures == []
    assert seen == list(range(expected))


def test_two_readers_share_the_messages_without_a_repeat(connect):
    with connect() as writing, queue(writing) as work:
        for number in range(200):
            work.put({"number": number})
    seen: list[int] = []

    def read() -> None:
        with connect() as connection, queue(connection) as work:
            while True:
                try:
                    message = work.get(block=False)
                    seen.append(message.payload["number"])
                    message.ack()
                except work.Empty:
                    return

    readers = [threading.Thread(target=read) for _ in range(2)]
    for reader in readers:
        reader.start()
    for reader in readers:
        reader.join()
    assert sorted(seen) == list(range(200))


def test_a_message_that_cannot_be_read_is_left_out_and_the_queue_moves(connect, tmp_path):
    with connect() as connection, queue(connection) as work:
        work.put({"number": 1})
        (tmp_path / "messages" / "0_damaged.work.msg").write_text("{half a mess")
        assert work.get(timeout=1).payload["number"] == 1


def test_a_deleted_folder_is_made_again(connect, tmp_path):
    with connect() as connection, queue(connection) as work:
        work.put({"number": 1})
        for file in sorted(tmp_path.rglob("*"), reverse=True):
            file.unlink() if file.is_file() else file.rmdir()
        with pytest.raises(work.Empty):
            work.get(block=False)
        work.put({"number": 2})
        assert work.get(timeout=1).payload["number"] == 2


@pytest.mark.parametrize("scheme", [folder_broker.SCHEME, "filesystem"])
def test_it_stands_behind_the_public_name_too_which_celery_reads_from_the_environment_itself(scheme):
    assert isinstance(Connection(f"{scheme}:///somewhere").transport, folder_broker.Transport)
