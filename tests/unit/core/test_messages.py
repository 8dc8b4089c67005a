"""How often a message has come back, and that every task reads a newer version's message."""

from types import SimpleNamespace

from webapp.core.messages import misfit
from webapp.core.receiving import REMEMBERED, Returns
from webapp.extensions import celery


def message(number="4d", **headers):
    return SimpleNamespace(headers={"id": number, **headers}, delivery_info={"routing_key": "q"})


def test_rabbitmq_counts_itself():
    returns = Returns()
    first = message()
    first.delivery_info["redelivered"] = False
    again = message(**{"x-delivery-count": 4})
    again.delivery_info["redelivered"] = True
    assert [returns.of(each) for each in (first, again, first)] == [0, 4, 0]


def test_where_the_broker_does_not_count_the_worker_does():
    returns = Returns()
    assert [returns.of(message()) for _ in range(6)] == [0, 1, 2, 3, 4, 5]
    assert returns.of(message("4e")) == 0


def test_it_remembers_no_more_than_it_must():
    returns = Returns()
    for number in range(REMEMBERED + 1):
        returns.of(message(str(number)))
    assert returns.of(message("0")) == 0
    assert returns.of(message(str(REMEMBERED))) == 1


def test_a_message_without_headers_has_not_come_back():
    assert Returns().of(SimpleNamespace(headers=None, delivery_info=None)) == 0


def test_every_task_takes_more_arguments_than_it_knows(app):
    """Old code, new messages: both run while one version replaces the other."""
    own = [task for name, task in celery.tasks.items() if not name.startswith("celery.")]
    assert own
    for task in own:
        assert misfit(task.run, ("a", "b", "c", "d", "e"), {}) is None, task.name
