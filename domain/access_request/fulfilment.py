"""Reports of provisioners: who may give them, and on which items."""

from __future__ import annotations

from collections.abc import Sequence

from domain.access_request.commands import ReportFulfilment, Result
from domain.access_request.decisions import REASON_LIMIT
from domain.access_request.evolve import RequestEvent
from domain.access_request.facts import ActionFacts
from domain.access_request.guards import (
    acting,
    is_administrator,
    known_answer,
    sitting,
)
from domain.access_request.provisioning import UNDER_WAY, integration_of, settle
from domain.access_request.state import AccessRequest, Item, Request
from domain.access_request.unfolding import Unfolding
from domain.errors import IntegrationNotAllowed, NotAssigned, NothingUnderWay
from domain.values import clean_text, identifier
from domain.versions import check_version


def take_report(
    state: AccessRequest, command: ReportFulfilment, facts: ActionFacts
) -> Sequence[RequestEvent]:
    """Let a provisioner say how it went."""
    request = sitting(state, command.request_id)
    if known_answer(request, command.report_id, command.digest):
        return []
    identifier("report_id", command.report_id)
    if command.submitted_by is not None and not facts.integration_may:
        raise IntegrationNotAllowed(command.submitted_by)
    check_version(command.expected_version, facts.version)
    reason = clean_text("reason", command.reason or "", limit=REASON_LIMIT)
    unfolding = Unfolding(request, facts.approvers, command.now)
    for item in _reported(request, command, facts):
        settle(unfolding, item, command, reason)
    unfolding.close_if_finished()
    return unfolding.events


def _reported(request: Request, command: ReportFulfilment, facts: ActionFacts) -> tuple[Item, ...]:
    under_way = request.among(UNDER_WAY[command.action])
    if command.items is not None:
        named = frozenset(command.items)
        absent = sorted(named - {item.item_id for item in under_way})
        if absent or not named:
            raise NothingUnderWay(command.action, absent[0] if absent else "nothing")
        under_way = tuple(item for item in under_way if item.item_id in named)
    if not under_way:
        raise NothingUnderWay(command.action, "anything")
    mine = tuple(item for item in under_way if _assigned(request, item, command, facts))
    if not mine or (command.items is not None and mine != under_way):
        raise NotAssigned
    return mine


def _assigned(request: Request, item: Item, command: ReportFulfilment, facts: ActionFacts) -> bool:
    """An integration whose work was handed over may still say that it is done: it may have been
    done all along. A person may do what is assigned to him; an administrator may do all by hand."""
    task = item.task
    if task is None:
        return False
    if command.submitted_by is not None:
        done = command.result is Result.DONE
        former = done and integration_of(request.route_of(item)) == command.submitted_by
        return task.integration == command.submitted_by or former
    if command.reported_by is None:
        return False
    person = acting(facts.by, command.reported_by)
    by_hand = task.integration is None
    return is_administrator(person) or (by_hand and command.reported_by in task.assignees)
