"""The streams of Doorward on JetStream: what each keeps and for how long. They are made if absent;
if one stands already with other settings, the difference is reported and left alone, since it may
be an operator's own."""

from __future__ import annotations

from dataclasses import dataclass

from nats.js import JetStreamContext
from nats.js.api import DiscardPolicy, RetentionPolicy, StorageType, StreamConfig
from nats.js.errors import NotFoundError

EVENTS = "DOORWARD_EVENTS"
COMMANDS = "DOORWARD_COMMANDS"
OUTCOMES = "DOORWARD_OUTCOMES"
DEAD_LETTERS = "DOORWARD_DLQ"
CHECKPOINTS = "DOORWARD_CHECKPOINTS"
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


async def ensure_streams(jetstream: JetStreamContext, tenant: str) -> list[Drift]:
    """Make the streams that are absent; return where those that stand differ."""
    drift: list[Drift] = []
    for wanted in stream_configs(tenant):
        name = str(wanted.name)
        try:
            standing = (await jetstream.stream_info(name)).config
        except NotFoundError:
            await jetstream.add_stream(wanted)
            continue
        for setting in COMPARED:
            expected, actual = getattr(wanted, setting), getattr(standing, setting)
            if (expected or None) != (actual or None):
                drift.append(Drift(name, setting, expected, actual))
    return drift
