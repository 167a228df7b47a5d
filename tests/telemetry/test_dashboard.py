"""The dashboard and the alerts speak of metrics that exist, in queries that Prometheus can read."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from typing import Any

import promql_parser
import pytest
import yaml

from server.__main__ import main
from server.command_line.metrics import shipped
from server.telemetry.catalogue import CATALOGUE, Kind

PARTS = ("_bucket", "_sum", "_count")
ADDED = {"job", "instance", "pid", "le"}
"""What Prometheus and the library put beside our own labels."""


def known(name: str) -> set[str]:
    """Return the labels of a series; fails for one that does not exist."""
    base = next((name.removesuffix(part) for part in PARTS if name.endswith(part)), name)
    (found,) = [
        one
        for one in CATALOGUE
        if one.sample == name or (one.kind is Kind.HISTOGRAM and one.name == base)
    ]
    return set(found.labels) | ADDED


def dashboard_queries() -> Iterator[str]:
    for panel in json.loads(shipped("grafana.json"))["panels"]:
        for target in panel.get("targets", ()):
            yield target["expr"].replace("$__rate_interval", "5m").replace("$job", "x")


def alerts() -> list[dict[str, Any]]:
    (group,) = yaml.safe_load(shipped("alerts.yaml"))["groups"]
    rules: list[dict[str, Any]] = group["rules"]
    return rules


def alert_queries() -> Iterator[str]:
    for rule in alerts():
        yield rule["expr"]


QUERIES = sorted({*dashboard_queries(), *alert_queries()})


@pytest.mark.parametrize("query", QUERIES)
def test_a_query_can_be_read_and_asks_for_what_there_is(query: str) -> None:
    promql_parser.parse(query)
    names = set(re.findall(r"\bdoorward_\w+", query))
    assert names or query.startswith("up{")
    labels = set().union(*map(known, names)) if names else ADDED
    grouped = re.findall(r"by \(([^)]*)\)", query)
    matched = re.findall(r"(\w+)\s*(?:=~|!=|!~|=)\s*\"", query)
    used = {one.strip() for group in grouped for one in group.split(",")} | set(matched)
    assert used <= labels


def test_every_metric_is_on_the_dashboard() -> None:
    text = " ".join(dashboard_queries())
    assert [one.sample for one in CATALOGUE if one.name not in text] == []


def test_legends_name_labels_that_their_query_keeps() -> None:
    for panel in json.loads(shipped("grafana.json"))["panels"]:
        for target in panel.get("targets", ()):
            named = set(re.findall(r"\{\{(\w+)\}\}", target["legendFormat"]))
            kept = {
                one.strip()
                for one in ",".join(re.findall(r"by \(([^)]*)\)", target["expr"])).split(",")
            }
            assert named <= kept | ({"instance", "pid"} if " by " not in target["expr"] else set())


def test_panels_have_ids_of_their_own_and_lie_beside_each_other() -> None:
    panels = json.loads(shipped("grafana.json"))["panels"]
    assert len({one["id"] for one in panels}) == len(panels)
    taken: set[tuple[int, int]] = set()
    for panel in panels:
        at = panel["gridPos"]
        cells = {(at["x"] + dx, at["y"] + dy) for dx in range(at["w"]) for dy in range(at["h"])}
        assert at["x"] + at["w"] <= 24
        assert not taken & cells
        taken |= cells


def test_every_alert_says_what_is_wrong_and_how_bad_that_is() -> None:
    names = [rule["alert"] for rule in alerts()]
    assert len(set(names)) == len(names)
    for rule in alerts():
        assert rule["labels"]["severity"] in {"warning", "critical"}
        assert rule["annotations"]["summary"]
        assert rule["annotations"]["description"]


def test_the_command_line_prints_them(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["metrics", "dashboard"]) == 0
    assert json.loads(capsys.readouterr().out)["title"] == "Doorward"
    assert main(["metrics", "alerts"]) == 0
    assert yaml.safe_load(capsys.readouterr().out)["groups"]
    assert main(["metrics", "list"]) == 0
    lines = capsys.readouterr().out.splitlines()
    assert [line.split()[0] for line in lines] == [one.sample for one in CATALOGUE]
