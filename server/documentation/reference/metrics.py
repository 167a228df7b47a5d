"""The metrics, from the one list that they are made from."""

from __future__ import annotations

from server.documentation.markdown import code, table
from server.telemetry.catalogue import CATALOGUE


def metrics() -> str:
    """Return a table of all metrics."""
    rows = [
        (code(one.sample), str(one.kind), ", ".join(map(code, one.labels)), one.help)
        for one in CATALOGUE
    ]
    return table(("metric", "kind", "labels", "what it says"), rows)
