"""What each person has or waits for, as far as somebody who asks must know it: nothing is asked for
twice."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping

from domain.access_request import (
    Deprovisioned,
    DeprovisioningStarted,
    ProvisioningDenied,
    RequestCancelled,
    RequestDenied,
    RequestExpired,
    RequestSubmitted,
)
from domain.values import PersonId, RequestId
from tests.bench.simulation.scene import Scene


class Holdings:
    """The items of each person, with the request that each came by."""

    def __init__(self, scene: Scene) -> None:
        self._items: dict[PersonId, dict[str, RequestId]] = defaultdict(dict)
        self._targets: dict[RequestId, PersonId] = {}
        scene.watch(RequestSubmitted, self._submitted)
        scene.watch(RequestDenied, self._settled)
        scene.watch(RequestExpired, self._settled)
        scene.watch(RequestCancelled, self._settled)
        scene.watch(ProvisioningDenied, lambda event: self._gone(event.request_id, event.item_id))
        scene.watch(DeprovisioningStarted, self._removing)
        scene.watch(Deprovisioned, lambda event: self._gone(event.request_id, event.item_id))

    def of(self, person: PersonId) -> Mapping[str, RequestId]:
        """Return what the person has or waits for."""
        return self._items[person]

    def _submitted(self, event: RequestSubmitted) -> None:
        if event.extends is None:
            self._targets[event.request_id] = event.target
            self._items[event.target].update(dict.fromkeys(event.item_ids, event.request_id))

    def _settled(self, event: RequestDenied | RequestExpired | RequestCancelled) -> None:
        for item_id in event.items:
            self._gone(event.request_id, item_id)

    def _removing(self, event: DeprovisioningStarted) -> None:
        """What is withdrawn half-granted is there until it is removed."""
        self._items[event.target][event.item_id] = event.request_id

    def _gone(self, request_id: RequestId, item_id: str) -> None:
        target = self._targets.get(request_id)
        if target is not None and self._items[target].get(item_id) == request_id:
            del self._items[target][item_id]
