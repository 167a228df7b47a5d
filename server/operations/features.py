"""Feature flags: list them, turn them on and off."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import msgspec

from projections.columns import maybe_instant
from server.command_bus import CommandContext
from server.features import FeatureState, FeatureWish, list_features, switch_feature
from server.operations.operation import CLI, Operation, Report, read_wish
from server.wiring import System


class _Wish(msgspec.Struct):
    name: str
    expected_version: int | None = None


_wish_decoder = msgspec.json.Decoder(_Wish)


def feature_list(system: System, _body: bytes, _report: Report) -> dict[str, Any]:
    """Return all flags."""
    initially = system.settings.features
    found = system.reads.blocking(lambda rows: list_features(rows, initially))
    return {"features": [_shown(one) for one in found]}


def feature_on(system: System, body: bytes, _report: Report) -> dict[str, Any]:
    """Turn a flag on; raises `domain.errors.Refused`."""
    return _switched(system, body, on=True)


def feature_off(system: System, body: bytes, _report: Report) -> dict[str, Any]:
    """Turn a flag off; raises `domain.errors.Refused`."""
    return _switched(system, body, on=False)


def _switched(system: System, body: bytes, *, on: bool) -> dict[str, Any]:
    asked = read_wish(_wish_decoder, body)
    context = CommandContext(CLI, system.clock(), system.new_id())
    wish = FeatureWish(asked.name, on, asked.expected_version)
    done = system.bus.call_blocking(lambda work: switch_feature(work, wish, context))
    return {
        "feature": asked.name,
        "state": "on" if on else "off",
        "changed": done.changed,
        "version": done.version,
    }


def _shown(one: FeatureState) -> dict[str, Any]:
    return {
        "name": one.name,
        "state": "on" if one.on else "off",
        "words": one.words,
        "version": one.version,
        "switched_at": maybe_instant(one.switched_at),
        "switched_by": one.switched_by,
        "via": one.via,
    }


OPERATIONS: Mapping[str, Operation] = {
    "feature list": feature_list,
    "feature on": feature_on,
    "feature off": feature_off,
}
