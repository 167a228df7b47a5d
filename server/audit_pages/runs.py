"""Many events of one kind that one actor brought about in the same minute, told as one: an import of a catalog is one
line of the timeline and not hundreds. What a run is of stands below it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from itertools import groupby

from domain.envelope import Recorded

FEWEST = 4
"""Fewer of a kind are told one by one."""
TOLD: Mapping[str, str] = {
    "app.added": "added {count} apps",
    "app.changed": "changed {count} apps",
    "app.retired": "took {count} apps out of the catalog",
    "permission.added": "added {count} permissions",
    "permission.changed": "changed {count} permissions",
    "permission.retired": "took {count} permissions out of the catalog",
    "person.registered": "registered {count} people",
    "person.changed": "changed what is known of {count} people",
    "group.added": "added {count} groups",
    "group.changed": "changed {count} groups",
    "group.removed": "removed {count} groups",
    "policy.published": "published {count} versions of policies",
    "policy.retired": "retired {count} policies",
    "integration.added": "added {count} integrations",
}
"""What is brought about in great numbers, after the name of who did it."""


def runs_of(events: Sequence[Recorded]) -> list[list[Recorded]]:
    """Return the events in their order, each run of many together and each other one alone."""
    entries: list[list[Recorded]] = []
    for (topic, *_), some in groupby(events, key=_key):
        run = list(some)
        if topic in TOLD and len(run) >= FEWEST:
            entries.append(run)
        else:
            entries += [[one] for one in run]
    return entries


def run_told(who: str, run: Sequence[Recorded]) -> str:
    """Return the sentence of a run."""
    topic = run[0].envelope.event.TOPIC
    return f"{who} {TOLD[topic].format(count=len(run))}"


def _key(recorded: Recorded) -> tuple[object, ...]:
    envelope, actor = recorded.envelope, recorded.envelope.actor
    client = actor.client.client_id if actor.client else None
    who = (actor.subject, actor.service, actor.via, client)
    return envelope.event.TOPIC, who, envelope.recorded_at.replace(second=0, microsecond=0)
