"""What others do with requests: approvers decide, on the web or in a chat, or never do; integrations and
the service desk grant and remove, sometimes only at the second attempt; security judges emergencies;
access is revoked before its time. Whoever acts looks at the request as it stands then, as people do."""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import partial

from domain.access_request import (
    HELD,
    UNDER_WAY,
    Action,
    Decide,
    DeprovisioningStarted,
    Item,
    NoteRefusedDecision,
    Provisioned,
    ProvisioningStarted,
    Reassign,
    ReportFulfilment,
    Request,
    Result,
    RevokeAccess,
    StageStarted,
    Verdict,
)
from domain.policy import Evidence
from domain.review import CompleteReview, Judgement, ReviewRequired
from domain.values import Actor, PersonId, RequestId, Via
from tests.bench.simulation import office
from tests.bench.simulation.directory import Directory
from tests.bench.simulation.rules import WORKFLOW
from tests.bench.simulation.scene import DAY, Scene

NEVER_DECIDED, REASSIGNED, REFUSED_DECISIONS = 0.015, 0.01, 0.01
DENIED, NARROWED, SHORTENED, IN_CHAT, SIGNED = 0.07, 0.1, 0.05, 0.35, 0.4
FAILS, DENIES, SILENT = 0.015, 0.003, 0.005
REVOKED, OBJECTED = 0.06, 0.1
DECIDES_WITHIN, BY_HAND_WITHIN, REVIEWS_WITHIN = 3.0, 5.0, 20.0
"""Hours, for half of them."""
NO = ("Ask your own team for this.", "The narrower role will do.", "Not before the audit is over.")
PROOF = "eyJhbGciOiJFZERTQSJ9." + "c2lnbmVk" * 40


class Answering:
    """Decisions, reports and reviews."""

    def __init__(self, scene: Scene, directory: Directory) -> None:
        self._scene = scene
        self._directory = directory
        self._orders: set[_Order] = set()
        scene.watch(StageStarted, self._asked)
        scene.watch(ProvisioningStarted, self._ordered)
        scene.watch(DeprovisioningStarted, self._ordered)
        scene.watch(Provisioned, self._granted)
        scene.watch(ReviewRequired, self._to_review)

    def _asked(self, event: StageStarted) -> None:
        scene = self._scene
        if scene.happens(NEVER_DECIDED):
            return
        if scene.happens(REASSIGNED):
            when = office.answer_time(scene.chance, scene.at, 1.0)
            scene.plan(when, partial(self._reassign, event.request_id))
        if scene.happens(REFUSED_DECISIONS):
            when = office.answer_time(scene.chance, scene.at, 1.0)
            scene.plan(when, partial(self._decide_in_vain, event.request_id))
        self._plan_decision(event.request_id, event.stage)

    def _plan_decision(self, request_id: RequestId, stage: int) -> None:
        scene = self._scene
        when = office.answer_time(scene.chance, scene.at, DECIDES_WITHIN)
        scene.plan(when, partial(self._decide, request_id, stage))

    def _decide(self, request_id: RequestId, stage: int) -> None:
        scene, request = self._scene, self._scene.request(request_id)
        waiting = _waiting(request, stage)
        able = sorted(
            {one for item in waiting for one in item.approvers if one not in item.voters}
        )
        if not able:
            return
        by = scene.chance.choice(able)
        mine = [one for one in waiting if by in one.approvers and by not in one.voters]
        self._take(request, by, mine)
        if _waiting(scene.request(request_id), stage):
            self._plan_decision(request_id, stage)

    def _take(self, request: Request, by: PersonId, items: list[Item]) -> None:
        scene, denied = self._scene, self._scene.happens(DENIED)
        some = not denied and len(items) > 1 and scene.happens(NARROWED)
        command = Decide(
            request_id=request.submission.request_id,
            decision_id=scene.new_id(),
            digest=scene.new_digest(),
            verdict=Verdict.DENY if denied else Verdict.APPROVE,
            now=scene.now,
            decided_by=by,
            evidence=Evidence.SESSION,
            items=(items[0].item_id,) if some else tuple(one.item_id for one in items),
            deny_rest=some,
            access_seconds=None if denied else self._shortened(items),
            reason=scene.chance.choice(NO) if denied or some else None,
        )
        least = {request.route_of(one).minimum_evidence for one in items}
        if least == {Evidence.ASSERTED} and scene.happens(IN_CHAT):
            scene.do(self._brought(command), Actor(Via.NATS, by, service=WORKFLOW))
        else:
            scene.do(command, Actor(Via.WEB, by))

    def _brought(self, command: Decide) -> Decide:
        """Return the decision as the chat brings it, with or without a signature."""
        if self._scene.happens(SIGNED):
            signed = Evidence.INTEGRATION_SIGNED
            return replace(command, submitted_by=WORKFLOW, evidence=signed, proof=PROOF)
        return replace(command, submitted_by=WORKFLOW, evidence=Evidence.ASSERTED)

    def _shortened(self, items: list[Item]) -> int | None:
        lengths = [one.access_seconds for one in items if one.access_seconds is not None]
        if not lengths or not self._scene.happens(SHORTENED):
            return None
        return max(1, min(lengths) // 2)

    def _reassign(self, request_id: RequestId) -> None:
        """Let somebody who was asked hand it to another, if one is enough."""
        scene, request = self._scene, self._scene.request(request_id)
        waiting = [one for one in request.items if one.waits]
        by = next((one for item in waiting for one in item.approvers), None)
        other, submission = self._directory.somebody(), request.submission
        concerned = {submission.requester, submission.target, by}
        voters = {voter for item in waiting for voter in item.voters}
        enough = all(one.needed == 1 for one in waiting)
        if by is None or not enough or other in concerned or other in voters:
            return
        command = Reassign(request_id, by, (other,), "Knows this better than I do.", scene.now)
        scene.do(command, Actor(Via.WEB, by))

    def _decide_in_vain(self, request_id: RequestId) -> None:
        """Let the chat bring a decision that was refused; that it was is kept."""
        scene, by = self._scene, self._directory.somebody()
        if not scene.request(request_id).closed:
            note = NoteRefusedDecision(request_id, scene.new_id(), by, WORKFLOW, "not_an_approver")
            scene.do(note, Actor(Via.NATS, by, service=WORKFLOW))

    def _ordered(self, event: ProvisioningStarted | DeprovisioningStarted) -> None:
        """Plan one report on all that the same party was ordered to do at once."""
        scene, action = self._scene, Action.GRANT
        if isinstance(event, DeprovisioningStarted):
            action = Action.REMOVE
        order = _Order(event.request_id, action, event.task.integration)
        if order in self._orders:
            return
        self._orders.add(order)
        if order.integration is None:
            when = office.answer_time(scene.chance, scene.at, BY_HAND_WITHIN)
        else:
            when = scene.at + 1 + scene.chance.expovariate(1 / 20)
        scene.plan(when, partial(self._report, order))

    def _report(self, order: _Order) -> None:
        scene = self._scene
        self._orders.remove(order)
        under_way = scene.request(order.request_id).among(UNDER_WAY[order.action])
        work = [one for one in under_way if one.retry_at is None]
        work = [one for one in work if one.task and one.task.integration == order.integration]
        if not work or (order.integration and scene.happens(SILENT)):
            return
        command = ReportFulfilment(
            request_id=order.request_id,
            report_id=scene.new_id(),
            digest=scene.new_digest(),
            action=order.action,
            result=Result.DONE,
            now=scene.now,
            items=tuple(one.item_id for one in work),
        )
        if order.integration is not None:
            told = replace(command, submitted_by=order.integration, result=self._result(order))
            scene.do(told, Actor(Via.NATS, service=order.integration))
            return
        assigned = {person for one in work if one.task for person in one.task.assignees}
        able = sorted(one for one in assigned if self._directory.works(one))
        by = scene.chance.choice(able or self._directory.administrators)
        scene.do(replace(command, reported_by=by), Actor(Via.WEB, by))

    def _result(self, order: _Order) -> Result:
        drawn = self._scene.chance.random()
        if drawn < FAILS:
            return Result.FAILED
        refused = order.action is Action.GRANT and drawn < FAILS + DENIES
        return Result.REFUSED if refused else Result.DONE

    def _granted(self, event: Provisioned) -> None:
        scene = self._scene
        if scene.happens(REVOKED):
            when = office.at_work(scene.chance, scene.at + scene.chance.uniform(0.5, 60) * DAY)
            scene.plan(when, partial(self._revoke, event))

    def _revoke(self, event: Provisioned) -> None:
        """Let the holder or an administrator end it, if it is held still."""
        scene = self._scene
        item = scene.request(event.request_id).item(event.item_id)
        if item is None or item.status not in HELD:
            return
        by = event.target
        if scene.happens(0.5) or not self._directory.works(by):
            by = scene.chance.choice(self._directory.administrators)
        why = "Not used any more."
        items = (event.item_id,)
        scene.do(RevokeAccess(event.request_id, by, why, scene.now, items), Actor(Via.WEB, by))

    def _to_review(self, event: ReviewRequired) -> None:
        scene = self._scene
        when = office.answer_time(scene.chance, scene.at, REVIEWS_WITHIN)
        scene.plan(when, partial(self._review, event))

    def _review(self, event: ReviewRequired) -> None:
        scene = self._scene
        able = [one for one in event.reviewers if self._directory.works(one)]
        by = scene.chance.choice(able or self._directory.administrators)
        found = Judgement.OBJECTED if scene.happens(OBJECTED) else Judgement.JUSTIFIED
        remark = "The incident was real." if found is Judgement.JUSTIFIED else "No incident then."
        scene.do(CompleteReview(event.request_id, by, found, remark), Actor(Via.WEB, by))


@dataclass(frozen=True, slots=True)
class _Order:
    """What an integration, or people by hand (None), are to do for a request."""

    request_id: RequestId
    action: Action
    integration: str | None


def _waiting(request: Request, stage: int) -> list[Item]:
    return [one for one in request.items if one.waits and one.stage == stage]
