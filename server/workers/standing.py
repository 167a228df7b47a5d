"""How all workers fare together, out of what each has said last."""

from __future__ import annotations

import time
from collections.abc import Sequence

from server.supervision.notices import Condition
from server.workers.worker import Worker

SILENT_SECONDS = 30.0
"""A worker that serves and says nothing for so long is stuck, unless the watchdog has less patience."""


def standing(workers: Sequence[Worker], wanted: int, watchdog_seconds: float) -> Condition:
    """Return how the family fares; `workers` are those that are not about to end."""
    patience = min(watchdog_seconds or SILENT_SECONDS, SILENT_SECONDS)
    serving = [one for one in workers if one.ready]
    faults = [fault for one in serving if (fault := _fault(one, patience))]
    reasons = [f"{len(serving)} of {wanted} workers answer"] if len(serving) < wanted else []
    for one in serving:
        said = (
            ("it has not said how it fares",) if one.condition is None else one.condition.reasons
        )
        reasons += [f"worker {one.pid}: {reason}" for reason in said]
    return Condition(faults[0] if faults else "", tuple(reasons))


def _fault(worker: Worker, patience: float) -> str:
    if time.monotonic() - worker.heard_at > patience:
        return f"worker {worker.pid} has said nothing for {patience:.0f} seconds"
    fault = worker.condition.fault if worker.condition else ""
    return f"worker {worker.pid}: {fault}" if fault else ""
