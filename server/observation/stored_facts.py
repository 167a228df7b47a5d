"""What the store says of lags and backlogs, read at each scrape in one consistent read, so that it is true
and the same from whichever worker is asked. Every question finds little: none goes through the log, nor
through a table that grows with the years."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime

from prometheus_client.metrics_core import GaugeMetricFamily

from domain.ports import Clock, EventStore, PublisherState, PublisherStatus, Rows
from projections.columns import number
from projections.timers import next_due
from server.mail import outbox
from server.telemetry import catalogue
from server.telemetry.catalogue import Metric
from server.telemetry.lags import Lags, lags_of

Fact = tuple[Metric, tuple[str, ...], float]
"""A metric, the values of its labels, and its own."""


@dataclass(frozen=True, slots=True)
class StoredFacts:
    """Asks the store. `followed` are the names of the followed read models; `published` returns where publishing
    stands, None where NATS is off."""

    store: EventStore
    followed: Sequence[str]
    published: Callable[[], PublisherStatus | None]
    clock: Clock

    def __call__(self, rows: Rows) -> list[Fact]:
        """Return all facts; blocking."""
        lags = lags_of(rows, self.store.head(), self.followed, self.published())
        return [
            (catalogue.STORE_UP, (), 1.0),
            *_of_lags(lags),
            *self._of_webhooks(rows, lags.head),
            *self._of_checkpoints(rows, lags.head),
            *self._of_timers(rows),
            *_counted(catalogue.OUTBOX, rows, OUTBOX_STATES),
            *_counted(catalogue.WEBHOOK_FAILURES, rows, FAILURE_STATES),
            *_counted(catalogue.OPEN_ITEMS, rows, OPEN_KINDS),
            *_counted(catalogue.WAITING_FOR, rows, INBOX_KINDS),
        ]

    def _of_webhooks(self, rows: Rows, head: int) -> Iterator[Fact]:
        found = rows.select(
            "SELECT MIN(c.position) FROM webhook_cursor c JOIN webhook w ON w.name = c.webhook "
            "WHERE w.state = ?",
            ("active",),
        )
        least = found[0][0]
        if least is None:
            return
        yield catalogue.WEBHOOK_LAG, (), float(max(head - number(least), 0))
        yield catalogue.WEBHOOK_OLDEST, (), self._age_after(number(least))

    def _of_checkpoints(self, rows: Rows, head: int) -> Iterator[Fact]:
        found = rows.select("SELECT COALESCE(MAX(position), 0) FROM checkpoint")
        position = number(found[0][0])
        yield catalogue.CHECKPOINT_POSITION, (), float(position)
        yield catalogue.CHECKPOINT_AGE, (), self._age_after(position) if position < head else 0.0

    def _of_timers(self, rows: Rows) -> Iterator[Fact]:
        due = next_due(rows)
        yield catalogue.TIMER_OVERDUE, (), 0.0 if due is None else self._since(due)

    def _age_after(self, position: int) -> float:
        """Return for how long the first event after a position has been there."""
        found = self.store.events_after(position, 1)
        return self._since(found[0].envelope.recorded_at) if found else 0.0

    def _since(self, moment: datetime) -> float:
        return max((self.clock() - moment).total_seconds(), 0.0)


OUTBOX_STATES = (
    "SELECT state, COUNT(*) FROM mail_outbox GROUP BY state",
    (outbox.QUEUED, outbox.SENT, outbox.DEAD),
)
FAILURE_STATES = (
    "SELECT CASE WHEN due_at IS NULL THEN 'dead' ELSE 'retrying' END AS fate, COUNT(*) "
    "FROM webhook_failure GROUP BY fate",
    ("retrying", "dead"),
)
OPEN_KINDS = ("SELECT kind, COUNT(*) FROM open_item GROUP BY kind", ("access", "removal"))
INBOX_KINDS = (
    "SELECT kind, COUNT(*) FROM inbox GROUP BY kind",
    ("decision", "grant", "removal", "review"),
)


def _counted(metric: Metric, rows: Rows, asked: tuple[str, tuple[str, ...]]) -> Iterator[Fact]:
    """Count rows by a column; what is not there at all is 0, not absent."""
    sql, known = asked
    found = {str(name): number(count) for name, count in rows.select(sql)}
    for name in sorted({*known, *found}):
        yield metric, (name,), float(found.get(name, 0))


def _of_lags(lags: Lags) -> Iterator[Fact]:
    yield catalogue.POSITION, (), float(lags.head)
    for name, lag in lags.followed.items():
        yield catalogue.PROJECTION_LAG, (name,), float(lag)
    status = lags.published
    if status is not None:
        yield catalogue.PUBLISHER_POSITION, (), float(status.position)
        yield catalogue.PUBLISHER_LAG, (), float(max(lags.head - status.position, 0))
        yield catalogue.PUBLISHER_HALTED, (), float(status.state is PublisherState.HALTED)


def unknown() -> list[Fact]:
    """Return what is known where the store does not answer."""
    return [(catalogue.STORE_UP, (), 0.0)]


def families(facts: Iterable[Fact]) -> list[GaugeMetricFamily]:
    """Return facts as the library shows them."""
    by_metric: dict[str, GaugeMetricFamily] = {}
    for metric, labels, value in facts:
        family = by_metric.get(metric.name)
        if family is None:
            family = GaugeMetricFamily(metric.name, metric.help, labels=metric.labels)
            by_metric[metric.name] = family
        family.add_metric(labels, value)
    return list(by_metric.values())
