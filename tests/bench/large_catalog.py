"""Catalogs of any size: the permissions of a real one where it is at hand, else those of the demo, and
copies of them, each bound to a team, an environment and a region. The same every time."""

from __future__ import annotations

import json
import random
from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from domain.catalog import AppAdded, AppRecord, PermissionAdded, PermissionRecord
from domain.policy import DEFAULT, PolicyPublished
from domain.values import AppId, PermissionId
from server import demo

LARGE = Path(__file__).parents[3] / "shared" / "catalog" / "catalog-large.json"
DEMO = Path(demo.__file__).with_name("catalog-demo.json")
SYLLABLES = (
    "al bor cas dor el fan gor hel is jan kor lan mar nor or pel qua ran sol ta ur vor wes zen"
)
GROUPS = tuple(f"group-{at}" for at in range(1, 401))
"""Each has a policy of its own, and four of ten permissions are for one of them alone."""


@dataclass(frozen=True, slots=True)
class LargeCatalog:
    """Events that make a catalog of so many permissions."""

    permissions: int

    @property
    def source(self) -> Path:
        """The file whose permissions it is made of."""
        return LARGE if LARGE.exists() else DEMO

    def policies(self) -> Iterator[PolicyPublished]:
        """Yield the policies."""
        for group in GROUPS:
            yield PolicyPublished(
                replace(DEFAULT, policy_id=f"for-{group}", requestable_by=(group,))
            )

    def events(self) -> Iterator[AppAdded | PermissionAdded]:
        """Yield the apps, then the permissions."""
        content: dict[str, list[dict[str, Any]]] = json.loads(self.source.read_text("utf-8"))
        for app in content["apps"]:
            record = AppRecord(
                app["name"], app.get("description", ""), tuple(app.get("categories", ()))
            )
            yield AppAdded(AppId(app["id"]), record)
        yield from self._permissions(content["permissions"])

    def _permissions(self, real: list[dict[str, Any]]) -> Iterator[PermissionAdded]:
        chance = random.Random(7)
        syllables = SYLLABLES.split()
        teams = sorted({"".join(chance.choices(syllables, k=3)) for _ in range(9_000)})
        for at in range(self.permissions):
            copy = at >= len(real)
            one = real[int(len(real) * chance.random() ** 1.5)] if copy else real[at]
            label, key = one["label"], one["id"]
            if copy:
                where = chance.choice(("prod", "staging", "dev", "sandbox"))
                region = f"{chance.choice(('eu', 'us', 'ap'))}{chance.randint(1, 3)}"
                label, key = f"{label} - {chance.choice(teams)}-{where}-{region}", f"{key}#{at}"
            policy = "" if chance.random() < 0.6 else f"for-{chance.choice(GROUPS)}"
            record = PermissionRecord(
                AppId(one["app_id"]), label, one.get("description", ""), policy=policy
            )
            yield PermissionAdded(PermissionId(key), record)
