"""What Prometheus asks for, read from database and broker at each scrape, so that every process says the same."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime
from itertools import accumulate

from prometheus_client import CollectorRegistry, Metric, generate_latest
from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily, HistogramMetricFamily, InfoMetricFamily
from sqlalchemy import case, func, select

from webapp.core import site
from webapp.core.broker import DEAD_QUEUE
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
        yield self._lateness()
        yield self._attempts()
        yield self._overdue()
        yield self._heartbeats()
        yield self._held()
        yield from self._queues()

    def _deliveries(self) -> Iterator[Metric]:
        ended = CounterMetricFamily("almanac_deliveries", "Mails that came to an end.", labels=["kind", "state"])
        open_ = GaugeMetricFamily("almanac_deliveries_open", "Mails without an end yet.", labels=["kind", "state"])
        for kind, state, count in db.session.execute(
            select(Delivery.kind, Delivery.state, func.count())
            .group_by(Delivery.kind, Delivery.state)
            .order_by(Delivery.kind, Delivery.state)
        ):
            (ended if state in FINAL else open_).add_metric([kind, state], count)
        yield from (ended, open_)

    def _lateness(self) -> Metric:
        """Of reminders: what is sent to many at once has one due time and many times of leaving."""
        late = (
            select(seconds_between(Delivery.due_at, Delivery.sent_at).label("seconds"))
            .where(Delivery.kind == Kind.REMINDER, Delivery.sent_at.is_not(None))
            .cte("late")
            .prefix_with("MATERIALIZED")  # or each bound below would reckon it anew
        )
        bucket = case(*((late.c.seconds <= bound, number) for number, bound in enumerate(BOUNDS)), else_=len(BOUNDS))
        rows = db.session.execute(
            select(bucket.label("bucket"), func.count(), func.sum(late.c.seconds)).group_by("bucket")
        ).all()
        counts = {number: count for number, count, _ in rows}
        so_far = accumulate(counts.get(number, 0) for number in range(len(BOUNDS) + 1))
        found = HistogramMetricFamily(
            "almanac_lateness_seconds", "Of reminders: from when one was due to when it was accepted."
        )
        buckets = list(zip((*map(str, BOUNDS), "+Inf"), so_far, strict=True))
        found.add_metric([], buckets, sum_value=max(0.0, sum(seconds for _, _, seconds in rows)))
        return found

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
        dead = GaugeMetricFamily("almanac_dead_letters", "Messages that no worker could do anything with.")
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
                if name == DEAD_QUEUE:
                    dead.add_metric([], waiting)
        yield from (is_up, depth, heard, dead)
