"""Feature flags: parts of Doorward that an installation may do without. Which there are, and what each
brings, is one table here.

The rule, which stands here alone: a flag is as it was last switched, by an event; one that nobody has
switched yet is on where the setting ``DOORWARD_FEATURES`` names it, and off elsewhere. The setting never
switches back what somebody has switched."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from typing import ClassVar, assert_never

from domain.decider import Decider
from domain.errors import Missing
from domain.person import PersonRecord, check_administrator
from domain.values import PersonId, StreamId, stream_id
from domain.versions import check_version

DECIDE_BY_CLIENT = "decide_request"
"""Switched on by people at the command line or on a web page alone: no AI client gives itself the leave."""
FEATURES: Mapping[str, str] = {
    "get_access_request": "AI clients can show one request with its whole history.",
    "cancel_access_request": "AI clients can cancel a request that is still open, in its owner's name.",
    "comment_on_access_request": "AI clients can comment on a request, in a person's name.",
    DECIDE_BY_CLIENT: (
        "AI clients of administrators can approve and deny requests. Off unless people turn it on: nobody can tell a "
        "person's own decision from one that a text in the request has talked the client into, so it is weak evidence."
    ),
}
"""Every flag there is, and what it brings."""


@dataclass(eq=True, unsafe_hash=True)
class UnknownFeature(Missing):
    """No feature has this name."""

    code = "unknown_feature"
    template = "There is no feature {name}; there are {known}."
    name: str
    known: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class EnableFeature:
    """Let a feature be on. `by` is the administrator who switches it, None the operator at the command line;
    `expected_version` is that of the flag's stream as he saw it, 0 where nobody has switched it yet."""

    name: str
    by: PersonId | None = None
    expected_version: int | None = None


@dataclass(frozen=True, slots=True)
class DisableFeature:
    """Let a feature be off; the fields are those of `EnableFeature`."""

    name: str
    by: PersonId | None = None
    expected_version: int | None = None


@dataclass(frozen=True, slots=True)
class FeatureFacts:
    """What the switching rests on: the version of the flag's stream, and the record of who switches."""

    version: int = 0
    switcher: PersonRecord | None = None


@dataclass(frozen=True, slots=True)
class FeatureEnabled:
    """A feature is on from now on, whatever the setting says."""

    TOPIC: ClassVar[str] = "feature.enabled"
    SCHEMA: ClassVar[int] = 1
    name: str


@dataclass(frozen=True, slots=True)
class FeatureDisabled:
    """A feature is off from now on, whatever the setting says."""

    TOPIC: ClassVar[str] = "feature.disabled"
    SCHEMA: ClassVar[int] = 1
    name: str


FeatureCommand = EnableFeature | DisableFeature
FeatureEvent = FeatureEnabled | FeatureDisabled


@dataclass(frozen=True, slots=True)
class Feature:
    """State of a flag: on, off, or None as long as nobody has switched it."""

    on: bool | None = None


def decide(state: Feature, command: FeatureCommand, facts: FeatureFacts) -> Sequence[FeatureEvent]:
    """Decide on one flag."""
    check_administrator(command.by, facts.switcher)
    if command.name not in FEATURES:
        raise unknown_feature(command.name)
    wanted = isinstance(command, EnableFeature)
    if state.on is wanted:
        return []
    check_version(command.expected_version, facts.version)
    return [FeatureEnabled(command.name) if wanted else FeatureDisabled(command.name)]


def unknown_feature(name: str) -> UnknownFeature:
    """Return the refusal of a name that is no feature's."""
    return UnknownFeature(name[:100], tuple(sorted(FEATURES)))


def evolve(_state: Feature, event: FeatureEvent) -> Feature:
    """Fold one event of a flag."""
    match event:
        case FeatureEnabled():
            return Feature(on=True)
        case FeatureDisabled():
            return Feature(on=False)
        case _ as never:
            assert_never(never)


DECIDER: Decider[Feature, FeatureCommand, FeatureFacts, FeatureEvent] = Decider(
    category="feature", initial=Feature(), decide=decide, evolve=evolve
)


def feature_stream(name: str) -> StreamId:
    """Return the stream of one flag."""
    return stream_id(DECIDER.category, name)


def features_on(switched: Mapping[str, bool], initially: Collection[str]) -> frozenset[str]:
    """Return the flags that are on: by how each was last switched, else by the setting."""
    return frozenset(one for one in FEATURES if switched.get(one, one in initially))
