"""The streams of Doorward on JetStream: what each keeps, for how long, and on how many servers. They are
made if absent; if one stands already with other settings, the difference is reported and left alone,
since it may be an operator's own."""

from __future__ import annotations

from dataclasses import dataclass, replace

import nats.errors
from nats.js import JetStreamContext
from nats.js.api import DiscardPolicy, RetentionPolicy, StorageType, StreamConfig, StreamInfo
from nats.js.errors import APIError, NotFoundError

EVENTS = "DOORWARD_EVENTS"
COMMANDS = "DOORWARD_COMMANDS"
OUTCOMES = "DOORWARD_OUTCOMES"
DEAD_LETTERS = "DOORWARD_DLQ"
CHECKPOINTS = "DOORWARD_CHECKPOINTS"
AUTOMATIC = 0
"""As many copies of each stream as the server can keep sensibly: three in a cluster, one on a server
alone. Two would stand still whenever one of them is away."""
IN_A_CLUSTER = 3
_NOT_A_CLUSTER, _TOO_FEW_SERVERS = 10_074, 10_005
MINUTE = 60.0
DAY = 24 * 60 * MINUTE
KIB = 1024
COMPARED = (
    "subjects",
    "retention",
    "storage",
    "discard",
    "max_age",
    "max_bytes",
    "max_msgs",
    "max_msg_size",
    "max_msgs_per_subject",
    "deny_delete",
    "deny_purge",
)


@dataclass(frozen=True, slots=True)
class Drift:
    """A setting of a stream that is not as Doorward would have it."""

    stream: str
    setting: str
    expected: object
    actual: object

    def __str__(self) -> str:
        return f"{self.stream}: {self.setting} is {self.actual}, not {self.expected}"


def events_stream(tenant: str) -> str:
    """Return the name of a tenant's event stream; the default tenant's has no suffix."""
    return _named(EVENTS, tenant)


def commands_stream(tenant: str) -> str:
    """Return the name of the stream that keeps a tenant's incoming commands."""
    return _named(COMMANDS, tenant)


def outcomes_stream(tenant: str) -> str:
    """Return the name of the stream that keeps what became of commands."""
    return _named(OUTCOMES, tenant)


def dead_letters_stream(tenant: str) -> str:
    """Return the name of the stream that keeps what could not be taken."""
    return _named(DEAD_LETTERS, tenant)


def checkpoints_stream(tenant: str) -> str:
    """Return the name of the stream that keeps signed checkpoints of a tenant's log."""
    return _named(CHECKPOINTS, tenant)


def _named(name: str, tenant: str) -> str:
    return name if tenant == "main" else f"{name}_{tenant}"


SETTINGS: dict[str, dict[str, object]] = {
    "evt": {
        "name": EVENTS,
        "discard": DiscardPolicy.NEW,
        "max_age": 0.0,
        "max_msg_size": 256 * KIB,
        "max_msgs_per_subject": -1,
        "duplicate_window": 2 * MINUTE,
        "deny_delete": True,
        "deny_purge": True,
        "allow_direct": True,
    },
    "cmd": {
        "name": COMMANDS,
        "discard": DiscardPolicy.NEW,
        "max_age": 30 * DAY,
        "max_msg_size": 64 * KIB,
        "max_msgs_per_subject": -1,
        "duplicate_window": 10 * MINUTE,
        "deny_delete": True,
        "deny_purge": True,
    },
    "out": {
        "name": OUTCOMES,
        "discard": DiscardPolicy.OLD,
        "max_age": 7 * DAY,
        "max_msg_size": 64 * KIB,
        "max_msgs_per_subject": 1,
    },
    "chk": {
        "name": CHECKPOINTS,
        "discard": DiscardPolicy.NEW,
        "max_age": 0.0,
        "max_msg_size": 64 * KIB,
        "max_msgs_per_subject": -1,
        "deny_delete": True,
        "deny_purge": True,
        "allow_direct": True,
    },
    "dlq": {
        "name": DEAD_LETTERS,
        "discard": DiscardPolicy.OLD,
        "max_age": 90 * DAY,
        "max_msg_size": 256 * KIB,
        "max_msgs_per_subject": -1,
    },
}
"""What each branch of the subjects is kept in; event history and
checkpoints are never deleted or purged."""


def stream_configs(tenant: str) -> list[StreamConfig]:
    """Return how the tenant's streams should be."""
    return [_config(tenant, branch, **settings) for branch, settings in SETTINGS.items()]


def _config(tenant: str, branch: str, name: object = "", **settings: object) -> StreamConfig:
    return StreamConfig(
        name=_named(str(name), tenant),
        subjects=[f"doorward.{tenant}.{branch}.>"],
        retention=RetentionPolicy.LIMITS,
        storage=StorageType.FILE,
        max_bytes=-1,
        max_msgs=-1,
        **settings,  # type: ignore[arg-type]  # each is a field of StreamConfig
    )


class TooFewServers(nats.errors.Error):
    """The cluster cannot keep as many copies as it should; it may have servers that are not up yet."""

    def __init__(self, stream: str, replicas: int) -> None:
        super().__init__(
            f"{stream} is to be kept on {replicas} servers, and the NATS cluster has not so many with "
            "JetStream; start them, or set DOORWARD_NATS_REPLICAS"
        )


async def ensure_streams(
    jetstream: JetStreamContext, tenant: str, replicas: int = AUTOMATIC
) -> list[Drift]:
    """Make the streams that are absent; return where those that stand differ."""
    drift: list[Drift] = []
    for wanted in stream_configs(tenant):
        try:
            standing = await jetstream.stream_info(str(wanted.name))
        except NotFoundError:
            await _make(jetstream, wanted, replicas)
        else:
            drift += _differences(wanted, standing, replicas)
    return drift


async def _make(jetstream: JetStreamContext, wanted: StreamConfig, replicas: int) -> None:
    copies = replicas or IN_A_CLUSTER
    try:
        await jetstream.add_stream(replace(wanted, num_replicas=copies))
    except APIError as refusal:
        if refusal.err_code == _TOO_FEW_SERVERS:
            raise TooFewServers(str(wanted.name), copies) from None
        if refusal.err_code != _NOT_A_CLUSTER or replicas != AUTOMATIC:
            raise
        await jetstream.add_stream(replace(wanted, num_replicas=1))


def _differences(wanted: StreamConfig, standing: StreamInfo, replicas: int) -> list[Drift]:
    name, drift = str(wanted.name), []
    for setting in COMPARED:
        expected, actual = getattr(wanted, setting), getattr(standing.config, setting)
        if (expected or None) != (actual or None):
            drift.append(Drift(name, setting, expected, actual))
    copies, kept = replicas or sensible_replicas(standing), standing.config.num_replicas or 1
    # More than asked for is an operator's caution; fewer may lose what was acknowledged.
    if kept < copies:
        drift.append(Drift(name, "num_replicas", copies, kept))
    return drift


def sensible_replicas(standing: StreamInfo) -> int:
    """Return how many copies the server of a stream would keep, left to itself."""
    clustered = standing.cluster is not None and standing.cluster.name
    return IN_A_CLUSTER if clustered else 1
