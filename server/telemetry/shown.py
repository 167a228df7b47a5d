"""What `prometheus_client` shows of this process, and of its fellow workers where there are any: they share a
folder (`PROMETHEUS_MULTIPROC_DIR`, set before a worker starts), in which each keeps its own values."""

from __future__ import annotations

import contextlib
import os
import threading
from collections.abc import Iterable, Sequence
from pathlib import Path

from prometheus_client import (
    CollectorRegistry,
    Counter,
    Gauge,
    Histogram,
    disable_created_metrics,
    values,
)
from prometheus_client.exposition import choose_encoder
from prometheus_client.metrics import MetricWrapperBase
from prometheus_client.metrics_core import Metric as Family
from prometheus_client.multiprocess import MultiProcessCollector, mark_process_dead
from prometheus_client.registry import Collector

from server.telemetry.catalogue import CATALOGUE, Kind, Metric, Source
from server.telemetry.tallies import Key


class _Given(Collector):
    """Families that were read before."""

    def __init__(self, families: Iterable[Family]) -> None:
        self._families = tuple(families)

    def collect(self) -> Iterable[Family]:
        """Return them."""
        return self._families


class ShownMetrics:
    """Every metric of the catalogue that is not the store's."""

    def __init__(self) -> None:
        # When a counter began says nothing here, and would be as many lines again.
        disable_created_metrics()  # type: ignore[no-untyped-call]  # it has no types
        self._registry = CollectorRegistry()
        made = [one for one in CATALOGUE if one.source is not Source.STORE]
        self._made = {one.name: _made(one, self._registry) for one in made}
        self._children: dict[Key, MetricWrapperBase] = {}
        self._lock = threading.Lock()

    def add(self, key: Key, amount: float) -> None:
        """Add to a counter."""
        child = self._child(key)
        assert isinstance(child, Counter)  # noqa: S101 - the catalogue says so
        child.inc(amount)

    def spread(self, key: Key, counts: Sequence[int], total: float) -> None:
        """Add many values to a distribution at once, for which the library has no way of its own."""
        child = self._child(key)
        assert isinstance(child, Histogram)  # noqa: S101 - the catalogue says so
        for bucket, count in zip(child._buckets, counts, strict=True):  # noqa: SLF001 - see above
            if count:
                bucket.inc(count)
        child._sum.inc(total)  # noqa: SLF001 - see above

    def put(self, metric: Metric, value: float, *labels: str) -> None:
        """Set a gauge of this process."""
        child = self._child((metric.name, labels))
        assert isinstance(child, Gauge)  # noqa: S101 - the catalogue says so
        child.set(value)

    def text(self, accepted: str, stored: Iterable[Family]) -> tuple[bytes, str]:
        """Return all metrics in the form that was asked for, and its media type; blocking."""
        registry = CollectorRegistry()
        folder = _shared_folder()
        if folder is None:
            registry.register(self._registry)
        else:
            _forget_the_dead(folder)
            MultiProcessCollector(registry, str(folder))  # type: ignore[no-untyped-call]  # it has none
        registry.register(_Given(stored))
        encode, media_type = choose_encoder(accepted)
        return encode(registry), media_type

    def _child(self, key: Key) -> MetricWrapperBase:
        found = self._children.get(key)
        if found is None:
            with self._lock:
                name, labels = key
                made = self._made[name]
                found = self._children[key] = made.labels(*labels) if labels else made
        return found


def _made(metric: Metric, registry: CollectorRegistry) -> MetricWrapperBase:
    if metric.kind is Kind.COUNTER:
        return Counter(metric.name, metric.help, metric.labels, registry=registry)
    if metric.kind is Kind.HISTOGRAM:
        return Histogram(
            metric.name, metric.help, metric.labels, buckets=metric.buckets, registry=registry
        )
    return Gauge(
        metric.name,
        metric.help,
        metric.labels,
        registry=registry,
        multiprocess_mode=metric.across,  # type: ignore[arg-type]  # one of the library's modes
    )


def _shared_folder() -> Path | None:
    """Return where workers keep their values; None if this process is alone. The library has read it."""
    if values.ValueClass is values.MutexValue:
        return None
    alone = MultiProcessCollector(None)  # type: ignore[no-untyped-call]  # it has none
    return Path(alone._path)  # noqa: SLF001 - only it knows


def _forget_the_dead(folder: Path) -> None:
    """Let the gauges of workers go that are no more, however they ended."""
    for file in folder.glob("gauge_live*_*.db"):
        worker = file.stem.rpartition("_")[2]
        if worker.isdecimal() and not _is_alive(int(worker)):
            with contextlib.suppress(OSError):
                mark_process_dead(int(worker), str(folder))  # type: ignore[no-untyped-call]  # likewise


def _is_alive(process: int) -> bool:
    try:
        os.kill(process, 0)
    except ProcessLookupError:
        return False
    except PermissionError:
        return True
    return True
