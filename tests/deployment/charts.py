"""The Helm chart, rendered by Helm."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import yaml

from server import deployment
from tests.conftest import missing

CHART = deployment.FOLDER / "helm" / "doorward"
NEEDED: dict[str, Any] = {
    "publicUrl": "https://doorward.example",
    "oidc": {"issuer": "https://login.example", "clientId": "doorward"},
}


def helm() -> Any:
    """Return Helm as a library."""
    try:
        import helm_python  # noqa: PLC0415 - large, and only some tests need it
    except ImportError:
        missing("helm-python-sdk")
    return helm_python


def rendered(**values: Any) -> list[dict[str, Any]]:
    """Return what the chart makes of these values beside those that it needs."""
    with helm().Chart.load(CHART) as chart:
        files = chart.render({**NEEDED, **values}, name="doorward", namespace="access")
    return [
        document
        for name, text in files.items()
        if Path(name).suffix == ".yaml"
        for document in yaml.safe_load_all(text)
        if document
    ]


def by_kind(documents: list[dict[str, Any]]) -> dict[str, dict[str, Any]]:
    """Return documents by kind and name."""
    return {f"{one['kind']} {one['metadata']['name']}": one for one in documents}


def schema() -> dict[str, Any]:
    """Return the schema of the chart's values."""
    return dict(json.loads((CHART / "values.schema.json").read_text()))
