"""The command line's words for metrics: a table of them, a dashboard for Grafana, alerts for Prometheus."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Callable, Mapping
from importlib import resources

from server.command_line.wishes import Fill
from server.config import Settings
from server.telemetry.catalogue import CATALOGUE


def _metrics(parser: argparse.ArgumentParser) -> None:
    actions = parser.add_subparsers(required=True, metavar="ACTION")
    listing = actions.add_parser("list", help="print every metric, its labels and what it says")
    listing.set_defaults(run=_printing(table))
    board = actions.add_parser("dashboard", help="print a dashboard for Grafana, to be imported")
    board.set_defaults(run=_printing(lambda: shipped("grafana.json")))
    alerts = actions.add_parser("alerts", help="print alerts, a rule file for Prometheus")
    alerts.set_defaults(run=_printing(lambda: shipped("alerts.yaml")))


def _printing(text: Callable[[], str]) -> Callable[[Settings, argparse.Namespace], int]:
    def run(_settings: Settings, _asked: argparse.Namespace) -> int:
        sys.stdout.write(text())
        return 0

    return run


def shipped(name: str) -> str:
    """Return a file that comes with Doorward."""
    return (resources.files("server.telemetry") / name).read_text(encoding="utf-8")


def table() -> str:
    """Return all metrics, a line each: name, kind, labels, help."""
    rows = [(one.sample, one.kind, ", ".join(one.labels), one.help) for one in CATALOGUE]
    widths = [max(len(row[column]) for row in rows) for column in range(3)]
    return "".join(
        "  ".join((*map(str.ljust, row[:3], widths), row[3])).rstrip() + "\n" for row in rows
    )


COMMANDS: Mapping[str, Fill] = {"metrics": _metrics}
