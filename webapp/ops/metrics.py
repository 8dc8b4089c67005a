"""What Prometheus asks for, read from database and broker at each scrape, so that every process says the same."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime

from prometheus_client import CollectorRegistry, Metric, generate_latest
from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily, HistogramMetricFamily, InfoMetricFamily
from sqlalchemy import case, func, select

from webapp.core import site
from webapp.core.version import VERSION
from webapp.extensions import db
from webapp.mail.models import ENDED, Delivery, DeliveryAttempt, Kind, State
from webapp.ops import broker, queries
from webapp.ops.lateness import lateness
from webapp.ops.spans import seconds_between

BOUNDS = (0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 5.0, 30.0, 60.0, 300.0, 3600.0)
"""Seconds of lateness. The alarm rings at 300."""

FINAL = ENDED - {State.UNCERTAIN}


def exposition(now: datetime) -> bytes:
    """The text that Prometheus reads."""
    registry = CollectorRegistry()
    registry.register(House(now))
    return generate_latest(registry)


class House:
    """A collector in the sense of prometheus-client. It keeps no count of its own."""

    def __init__(self, now: datetime) -> None:
        self.now = now

    def describe(self) -> list[Metric]:
        """Nothing beforehand: registering this must not ask the database."""
        return []

    def collect(self) -> Iterator[Metric]:
        yield InfoMetricFamily("almanac", "This program.", value={"version": VERSION})
        yield from self._deliveries()
        yield self._attempts()
        yield self._overdue()
        yield self._heartbeats()
        yield self._held()
        yield from self._queues()

    def _deliveries(self) -> Iterator[Metric]:
        """One pass over the ledger serves the counts and the histogram."""
        ended = CounterMetricFamily("almanac_deliveries", "Mails that came to an end.", labels=["kind", "state"])
        open_ = GaugeMetricFamily("almanac_deliveries_open", "Mails without an end yet.", labels=["kind", "state"])
        seconds = seconds_between(Delivery.due_at, Delivery.sent_at)
        bucket = case(
            (Delivery.sent_at.is_(None), None),
            *((seconds <= bound, number) for number, bound in enumerate(BOUNDS)),
            else_=len(BOUNDS),
        )
        rows = db.session.execute(
            select(Delivery.kind, Delivery.state, bucket, func.count(), func.sum(seconds)).group_by(
                Delivery.kind, Delivery.state, bucket
            )
        )
        counted: dict[tuple[Kind, State], int] = {}
        late: dict[Kind, list[int]] = {}
        total: dict[Kind, float] = {}
        for kind, state, number, count, seconds_late in rows:
            counted[kind, state] = counted.get((kind, state), 0) + count
            if number is not None:
                late.setdefault(kind, [0] * (len(BOUNDS) + 1))[number] += count
                total[kind] = total.get(kind, 0.0) + max(0.0, seconds_late)
        for (kind, state), count in sorted(counted.items()):
            (ended if state in FINAL else open_).add_metric([kind, state], count)
        yield ended
        yield open_
        yield _histogram(late, total)

    def _attempts(self) -> Metric:
        found = CounterMetricFamily(
            "almanac_attempts", "Tries to hand a mail over, by how far they came.", labels=["phase", "outcome"]
        )
        for phase, outcome, count in db.session.execute(
            select(DeliveryAttempt.phase, DeliveryAttempt.outcome, func.count())
            .group_by(DeliveryAttempt.phase, DeliveryAttempt.outcome)
            .order_by(DeliveryAttempt.phase, DeliveryAttempt.outcome)
        ):
            found.add_metric([phase, outcome], count)
        return found

    def _overdue(self) -> Metric:
        found = GaugeMetricFamily(
            "almanac_oldest_overdue_seconds", "How late the oldest is that is due; 0 when none is.", labels=["what"]
        )
        late = lateness(self.now)
        for what, since in (("reminders", late.reminders), ("mail", late.mail)):
            found.add_metric([what], max(0.0, (self.now - since).total_seconds()) if since else 0.0)
        return found

    def _heartbeats(self) -> Metric:
        found = GaugeMetricFamily(
            "almanac_heartbeat_age_seconds", "Since the last sign of life.", labels=["part", "version"]
        )
        for each in queries.heartbeats():
            found.add_metric([each.name, each.detail], max(0.0, (self.now - each.seen_at).total_seconds()))
        return found

    def _held(self) -> Metric:
        found = GaugeMetricFamily("almanac_mail_held", "1 while no mail leaves the house.")
        found.add_metric([], 1 if queries.holds() else 0)
        return found

    def _queues(self) -> Iterator[Metric]:
        """Only RabbitMQ knows its queues' depth. A broker that does not answer is a fact too."""
        url = site.config().celery_broker_url
        is_up = GaugeMetricFamily("almanac_broker_up", "1 when the broker answered.", labels=["kind"])
        depth = GaugeMetricFamily("almanac_queue_messages", "Messages that wait.", labels=["queue"])
        heard = GaugeMetricFamily("almanac_queue_consumers", "Workers that listen.", labels=["queue"])
        try:
            found = broker.depths(url)
        except broker.Unreachable:
            is_up.add_metric([broker.kind(url)], 0)
        else:
            is_up.add_metric([broker.kind(url)], 1)
            for name, (waiting, listening) in found.items():
                depth.add_metric([name], waiting)
                if listening is not None:
                    heard.add_metric([name], listening)
        yield from (is_up, depth, heard)


def _histogram(late: dict[Kind, list[int]], total: dict[Kind, float]) -> Metric:
    found = HistogramMetricFamily(
        "almanac_lateness_seconds", "From when a mail was due to when it was accepted.", labels=["kind"]
    )
    for kind, counts in sorted(late.items()):
        so_far, buckets = 0, []
        for bound, count in zip((*map(str, BOUNDS), "+Inf"), counts, strict=True):
            so_far += count
            buckets.append((bound, so_far))
        found.add_metric([kind], buckets, sum_value=total[kind])
    return found
