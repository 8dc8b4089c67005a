"""A cluster of RabbitMQ loses a node, PostgreSQL its primary or the line to it."""

from tests.faults.protections.clocks import DISPATCHER
from tests.faults.protections.kinds import Edit, Protection
from tests.faults.protections.sending import A_CLAIM_ENDS

FAILOVER = "tests/faults/test_failover.py::"

PROTECTIONS = (
    Protection(
        "a house knows every node of its cluster",
        (
            # The mail would go even so: the dispatcher does what no worker does.
            Edit(
                "webapp/core/broker.py",
                '        "broker_connection_max_retries": None,\n',
                '        "broker_connection_max_retries": None,\n'
                '        "broker_failover_strategy": lambda servers: iter(lambda: servers[0], None),\n',
            ),
            Edit(DISPATCHER, "            sending.drain(most=A_FEW)\n", "            pass\n"),
        ),
        {"tests/faults/test_cluster.py::test_the_letter_goes_on_without_the_leader_of_its_queues": r"of 400 mails"},
        is_long=True,
    ),
    Protection(
        "a claim ends with its lease, whoever had it and whatever became of the database",
        (A_CLAIM_ENDS,),
        {FAILOVER + "test_a_replica_that_takes_over_in_mid_letter_sends_the_rest": r"of 300 ended"},
        is_long=True,
    ),
    Protection(
        "an error in one chore ends no dispatcher",
        (
            Edit(
                DISPATCHER,
                '        except Exception:\n            log.exception("dispatcher.failed", chore=chore.__name__)\n        finally:\n',
                "        finally:\n",
            ),
        ),
        {FAILOVER + "test_a_worker_without_its_database_sends_nothing_and_recovers": r"(?i)assert False|mails after"},
        is_long=True,
    ),
)
