"""What people do to get and keep access: they look, they ask, for themselves or for a report, they say
more, think better of it, ask for longer, and in an emergency take what they need."""

from __future__ import annotations

from datetime import timedelta
from functools import partial

from domain.access_request import (
    CANCELLABLE,
    CancelRequest,
    CommentOnRequest,
    Provisioned,
    RequestSubmitted,
    Status,
    SubmitRequest,
)
from domain.policy import Extension, Policy, may_see, merged_fields
from domain.values import Actor, PermissionId, PersonId, RequestId, Via
from tests.bench.simulation import office
from tests.bench.simulation.connections import Connections
from tests.bench.simulation.directory import Directory
from tests.bench.simulation.holdings import Holdings
from tests.bench.simulation.rules import ON_CALL
from tests.bench.simulation.scene import DAY, HOUR, MINUTE, Scene
from tests.bench.simulation.shelf import App, Shelf

ASKS, STAYS = 0.5, 0.5
"""In which share of the visits somebody asks, and uses his client once more later."""
FOR_A_REPORT, APP_ITSELF, LATER, UNLIMITED, BREAKS_GLASS = 0.1, 0.05, 0.05, 0.15, 0.2
"""Shares of the requests; the last one of those made by people on call."""
COMMENTED, CANCELLED, EXTENDED = 0.12, 0.04, 0.1
WHY = (
    "Quarter-end report for {app}, until the books are closed.",
    "I take over the on-call duty of a colleague and need {app} for it.",
    "Investigating an incident that customers reported about {app}; the ticket has the details.",
    "Onboarding: my team works with {app} every day.",
    "Migration of our dashboards; afterwards the access can go.",
    "Audit asks for evidence out of {app}.",
)
SAID = (
    "Is there anything missing to decide on this?",
    "We need it before the release on Thursday, if that is possible.",
    "My manager is on holiday; could somebody else look at it?",
    "The narrower role would do as well.",
)


class Asking:
    """Visits, and what follows from them for those who ask."""

    def __init__(
        self, scene: Scene, directory: Directory, shelf: Shelf, connections: Connections
    ) -> None:
        self._scene = scene
        self._directory = directory
        self._shelf = shelf
        self._connections = connections
        self._holdings = Holdings(scene)
        scene.watch(RequestSubmitted, self._submitted)
        scene.watch(Provisioned, self._provisioned)

    def visit(self) -> None:
        """Let somebody use his client: to look, and perhaps to ask."""
        scene, person = self._scene, self._directory.somebody()
        if scene.happens(ASKS):
            self._ask(person)
        else:
            self._look(person)
        if scene.happens(STAYS):
            scene.plan(
                scene.at + scene.chance.uniform(31, 180) * MINUTE, partial(self._look, person)
            )

    def _look(self, person: PersonId) -> None:
        if self._directory.works(person):
            self._connections.leave(self._connections.used(person, writing=False))

    def _ask(self, person: PersonId) -> None:
        scene, target = self._scene, self._target(person)
        app = self._shelf.app_for(self._directory.records[target])
        items = self._items(app, target) if app else ()
        if app is None or not items:
            self._look(person)
            return
        policies = [self._shelf.policy_of(app, one) for one in items]
        emergency = person == target and self._breaks_glass(person, policies)
        length, given = (None, False) if emergency else self._length(policies)
        starts_at = None
        if not emergency and scene.happens(LATER):
            starts_at = scene.now + timedelta(days=scene.chance.uniform(1, 7))
        command = SubmitRequest(
            request_id=RequestId(scene.new_id()),
            requester=person,
            target=target,
            app_id=app.app_id,
            permission_ids=tuple(PermissionId(one) for one in items if one != app.app_id),
            justification=scene.chance.choice(WHY).format(app=app.record.name),
            now=scene.now,
            access_seconds=length,
            length_given=given,
            starts_at=starts_at,
            answers=self._answers(policies),
            emergency=emergency,
        )
        scene.do(command, self._asker(person, emergency=emergency))

    def _asker(self, person: PersonId, *, emergency: bool) -> Actor:
        """Return who asks: a client for the person, but in an emergency he himself."""
        if emergency:
            return Actor(Via.WEB, person)
        return self._connections.used(person, writing=True).actor(Via.MCP)

    def _target(self, person: PersonId) -> PersonId:
        chance = self._scene.chance
        reports = self._directory.reports.get(person)
        return chance.choice(reports) if reports and chance.random() < FOR_A_REPORT else person

    def _items(self, app: App, target: PersonId) -> tuple[str, ...]:
        """Return what the person might ask of the app; nothing of what he has or waits for."""
        chance, taken = self._scene.chance, self._holdings.of(target)
        if chance.random() < APP_ITSELF:
            return () if app.app_id in taken else (app.app_id,)
        free = [one for one in app.permissions if one not in taken]
        (wanted,) = chance.choices((1, 2, 3, 5), (50, 26, 14, 10))
        return tuple(chance.sample(free, min(wanted, len(free))))

    def _breaks_glass(self, person: PersonId, policies: list[Policy]) -> bool:
        """Say whether it is an emergency, for somebody who may call it so."""
        may = ON_CALL in self._directory.records[person].groups
        return (
            may and all(one.break_glass for one in policies) and self._scene.happens(BREAKS_GLASS)
        )

    def _length(self, policies: list[Policy]) -> tuple[int | None, bool]:
        """Return how long access is asked for, and whether that is said at all."""
        chance = self._scene.chance
        if chance.random() < 0.5:
            return None, False
        offered = set(policies[0].access_lengths).intersection(
            *(p.access_lengths for p in policies)
        )
        if None in offered and chance.random() < UNLIMITED:
            return None, True
        return chance.choice(sorted(one for one in offered if one is not None)), True

    def _answers(self, policies: list[Policy]) -> tuple[tuple[str, str], ...]:
        """Return what the form requires; everything that it does is a ticket."""
        fields = merged_fields(policies)
        return tuple((one.field_id, f"T-{self._scene.chance.randrange(10**5)}") for one in fields)

    def _submitted(self, event: RequestSubmitted) -> None:
        scene = self._scene
        if event.extends is not None:
            return
        if scene.happens(COMMENTED):
            when = office.at_work(scene.chance, scene.at + scene.chance.uniform(0.2, 8) * HOUR)
            scene.plan(when, partial(self._comment, event.request_id, event.requester))
        if scene.happens(CANCELLED):
            when = scene.at + scene.chance.uniform(0.1, 8) * HOUR
            scene.plan(when, partial(self._cancel, event.request_id, event.requester))

    def _comment(self, request_id: RequestId, person: PersonId) -> None:
        scene = self._scene
        if self._directory.works(person) and not scene.request(request_id).closed:
            connection = self._connections.used(person, writing=True)
            words = scene.chance.choice(SAID)
            scene.do(
                CommentOnRequest(request_id, person, words, scene.now), connection.actor(Via.MCP)
            )

    def _cancel(self, request_id: RequestId, person: PersonId) -> None:
        scene = self._scene
        if self._directory.works(person) and scene.request(request_id).among(CANCELLABLE):
            connection = self._connections.used(person, writing=True)
            command = CancelRequest(request_id, person, "Not needed any more.", scene.now)
            scene.do(command, connection.actor(Via.MCP))

    def _provisioned(self, event: Provisioned) -> None:
        scene = self._scene
        if event.expires_at is not None and scene.happens(EXTENDED):
            when = event.expires_at.timestamp() - scene.chance.uniform(0.2, 3) * DAY
            if when > scene.at:
                act = partial(self._extend, event.request_id, event.item_id, event.target)
                scene.plan(when, act)

    def _extend(self, request_id: RequestId, item_id: str, person: PersonId) -> None:
        """Ask for a week more of what is held still."""
        scene, request = self._scene, self._scene.request(request_id)
        item, app = request.item(item_id), self._shelf.apps.get(request.submission.app.app_id)
        held = item is not None and item.status is Status.PROVISIONED
        if not held or app is None or not self._directory.works(person):
            return
        known = item_id == app.app_id or item_id in app.permissions
        if not known or not may_see(app.record, self._directory.records[person]):
            return
        policy = self._shelf.policy_of(app, item_id)
        if policy.extension is Extension.REFUSED:
            return
        command = SubmitRequest(
            request_id=RequestId(scene.new_id()),
            requester=person,
            target=person,
            app_id=app.app_id,
            permission_ids=() if item_id == app.app_id else (PermissionId(item_id),),
            justification="It is needed for longer than I thought.",
            now=scene.now,
            access_seconds=7 * int(DAY),
            length_given=True,
            answers=self._answers([policy]),
            extends=request_id,
        )
        scene.do(command, self._connections.used(person, writing=True).actor(Via.MCP))
