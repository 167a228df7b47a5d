"""Which integrations stand and may do what for which app."""

from __future__ import annotations

from domain.ports import Rows
from domain.values import AppId


def allowed_integrations(_rows: Rows, _right: str, _app_id: AppId) -> frozenset[str]:
    """Return the names of the integrations that may `decide` or `fulfil` for this app."""
    return frozenset()
