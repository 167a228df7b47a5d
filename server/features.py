"""Feature flags listed and switched, by whatever door: the command line, the web and MCP all come through
`switch_feature`. Which flags there are, and when one is on, is said in `domain.feature`."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime

from domain.feature import FEATURES, DisableFeature, EnableFeature, features_on
from domain.ports import Rows
from domain.values import PersonId, Via
from projections.features import switched_features
from server.command_bus import CommandContext, Executed, UnitOfWork


@dataclass(frozen=True, slots=True)
class FeatureState:
    """A flag: what it brings, whether it is on, and who switched it when and through what door. As long as
    nobody has, `version` is 0, the rest is None, and the setting alone says whether it is on."""

    name: str
    words: str
    on: bool
    version: int = 0
    switched_at: datetime | None = None
    switched_by: PersonId | None = None
    via: Via | None = None


@dataclass(frozen=True, slots=True)
class FeatureWish:
    """Which flag shall be on or off. `expected_version` is that of the flag as the page or tool showed it, None
    where that does not matter."""

    name: str
    on: bool
    expected_version: int | None = None


def list_features(rows: Rows, initially: Collection[str]) -> tuple[FeatureState, ...]:
    """Return all flags by name; `initially` are those that the setting names."""
    rows_by_name = switched_features(rows)
    on = features_on({name: one.on for name, one in rows_by_name.items()}, initially)
    states = []
    for name, words in sorted(FEATURES.items()):
        row = rows_by_name.get(name)
        told = (row.version, row.switched_at, row.switched_by, row.via) if row else ()
        states.append(FeatureState(name, words, name in on, *told))
    return tuple(states)


def switch_feature(
    work: UnitOfWork, wish: FeatureWish, context: CommandContext, *, dry_run: bool = False
) -> Executed:
    """Switch a flag in the name of the context's actor, inside one transaction; with `dry_run` only say what
    would happen. Whoever acts as a person has to be an administrator at that very moment; an actor without a
    person is the operator. The next call of every client sees it, whichever process answers. Raises
    `domain.errors.Refused`."""
    command = EnableFeature if wish.on else DisableFeature
    said = command(wish.name, context.actor.subject, wish.expected_version)
    return work.execute(said, context, dry_run=dry_run)
