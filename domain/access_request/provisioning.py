"""Granting and removing: each is an order to an integration or a task for people. An order without an
answer has failed; what failed is tried again, ever later, and after the last attempt it is people's
work. So nothing is lost, and only an answer ends an order."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta

from domain.access_request.commands import Action, ReportFulfilment, Result
from domain.access_request.events import Route
from domain.access_request.fulfilment_events import (
    AccessCompleted,
    Deprovisioned,
    DeprovisioningFailed,
    DeprovisioningStarted,
    Ending,
    Provisioned,
    ProvisioningDenied,
    ProvisioningFailed,
    ProvisioningStarted,
    Task,
)
from domain.access_request.state import Item
from domain.access_request.status import DEPROVISIONING, PROVISIONING
from domain.access_request.unfolding import Unfolding, ids
from domain.values import Personal

FIRST_RETRY = timedelta(minutes=1)
LONGEST_RETRY = timedelta(hours=6)
UNDER_WAY = {Action.GRANT: PROVISIONING, Action.REMOVE: DEPROVISIONING}


def start_provisioning(unfolding: Unfolding, items: Sequence[Item]) -> None:
    """Order that approved items be granted, unless their time has not come. An extension is granted
    by what it extends: it is complete when approved."""
    submission = unfolding.request.submission
    if submission.extends is not None:
        unfolding.add(AccessCompleted(unfolding.request_id, unfolding.app_id, ids(items)))
    elif submission.starts_at is None or submission.starts_at <= unfolding.now:
        for item in items:
            _order_grant(unfolding, item, attempt=1)


def start_removal(unfolding: Unfolding, item: Item, ending: Ending) -> None:
    """Order that the item be taken away."""
    _order_removal(unfolding, item, ending, attempt=1)


def retry(unfolding: Unfolding, item: Item) -> None:
    """Order again what failed."""
    task = _task_of(item)
    if item.status in PROVISIONING:
        _order_grant(unfolding, item, task.attempt + 1)
    else:
        _order_removal(unfolding, item, _ending_of(item), task.attempt + 1)


def settle(unfolding: Unfolding, item: Item, report: ReportFulfilment, reason: str) -> None:
    """Take a report on an item."""
    match report.action, report.result:
        case _, Result.FAILED:
            fail(unfolding, item, report, reason)
        case Action.GRANT, Result.DONE:
            _grant(unfolding, item, report)
        case Action.GRANT, Result.REFUSED:
            _refuse(unfolding, item, report, reason)
        case Action.REMOVE, Result.DONE:
            _remove(unfolding, item, report)
        case _:
            # Access that its provisioner will not remove must not stand: people take over.
            fail(unfolding, item, report, reason, last=True)


def fail(
    unfolding: Unfolding,
    item: Item,
    report: ReportFulfilment | None,
    reason: str = "",
    *,
    last: bool = False,
) -> None:
    """Note that an order failed (`report` None: it was not answered in time); plan the next attempt
    or hand the work over to people."""
    task = _task_of(item)
    attempts = unfolding.request.route_of(item).provisioning.attempts
    again = task.integration is not None and task.attempt < attempts and not last
    kind = ProvisioningFailed if item.status in PROVISIONING else DeprovisioningFailed
    unfolding.add(
        kind(
            request_id=unfolding.request_id,
            app_id=unfolding.app_id,
            item_id=item.item_id,
            attempt=task.attempt,
            report_id=report.report_id if report else None,
            content_hash=report.digest if report else "",
            reason=_words(unfolding, reason),
            retry_at=_next_attempt(unfolding.now, task.attempt) if again else None,
        )
    )
    if task.integration is not None and not again:
        _hand_over(unfolding, item)


def _next_attempt(now: datetime, attempt: int) -> datetime:
    growth: int = 4 ** min(attempt - 1, 10)
    return now + min(FIRST_RETRY * growth, LONGEST_RETRY)


def _hand_over(unfolding: Unfolding, item: Item) -> None:
    attempt = _task_of(item).attempt + 1
    if item.status in PROVISIONING:
        _order_grant(unfolding, item, attempt, handed_over=True)
    else:
        _order_removal(unfolding, item, _ending_of(item), attempt, handed_over=True)


def _grant(unfolding: Unfolding, item: Item, report: ReportFulfilment) -> None:
    seconds = item.access_seconds
    expires_at = None if seconds is None else unfolding.now + timedelta(seconds=seconds)
    unfolding.add(
        Provisioned(
            request_id=unfolding.request_id,
            app_id=unfolding.app_id,
            target=unfolding.request.submission.target,
            item_id=item.item_id,
            report_id=report.report_id,
            content_hash=report.digest,
            reported_by=report.reported_by,
            submitted_by=report.submitted_by,
            expires_at=expires_at,
        )
    )
    if expires_at is None:
        done = (item.item_id,)
        unfolding.add(AccessCompleted(unfolding.request_id, unfolding.app_id, done))


def _refuse(unfolding: Unfolding, item: Item, report: ReportFulfilment, reason: str) -> None:
    unfolding.add(
        ProvisioningDenied(
            request_id=unfolding.request_id,
            app_id=unfolding.app_id,
            item_id=item.item_id,
            report_id=report.report_id,
            content_hash=report.digest,
            reported_by=report.reported_by,
            submitted_by=report.submitted_by,
            reason=_words(unfolding, reason),
        )
    )


def _remove(unfolding: Unfolding, item: Item, report: ReportFulfilment) -> None:
    unfolding.add(
        Deprovisioned(
            request_id=unfolding.request_id,
            app_id=unfolding.app_id,
            target=unfolding.request.submission.target,
            item_id=item.item_id,
            ending=_ending_of(item),
            report_id=report.report_id,
            content_hash=report.digest,
            reported_by=report.reported_by,
            submitted_by=report.submitted_by,
        )
    )


def _order_grant(
    unfolding: Unfolding, item: Item, attempt: int, *, handed_over: bool = False
) -> None:
    unfolding.add(
        ProvisioningStarted(
            request_id=unfolding.request_id,
            app_id=unfolding.app_id,
            target=unfolding.request.submission.target,
            item_id=item.item_id,
            access_seconds=item.access_seconds,
            task=_task(unfolding, item, attempt, handed_over=handed_over),
        )
    )


def _order_removal(
    unfolding: Unfolding, item: Item, ending: Ending, attempt: int, *, handed_over: bool = False
) -> None:
    unfolding.add(
        DeprovisioningStarted(
            request_id=unfolding.request_id,
            app_id=unfolding.app_id,
            target=unfolding.request.submission.target,
            item_id=item.item_id,
            ending=ending,
            task=_task(unfolding, item, attempt, handed_over=handed_over),
        )
    )


def _task(unfolding: Unfolding, item: Item, attempt: int, *, handed_over: bool) -> Task:
    """An integration that may not provision any more is as one that failed."""
    rules = unfolding.request.route_of(item).provisioning
    able = rules.integration in unfolding.approvers.provisioners and not handed_over
    if able:
        answer_by = unfolding.now + timedelta(seconds=rules.answer_seconds)
        return Task(rules.integration, (), rules.instructions, attempt, answer_by)
    people = {one for ref in rules.assignees for one in unfolding.approvers.people.get(ref, ())}
    failed = bool(rules.integration)
    return Task(None, tuple(sorted(people)), rules.instructions, attempt, None, handed_over=failed)


def integration_of(route: Route) -> str | None:
    """Return the integration that grants what goes this way, None where people do."""
    return route.provisioning.integration or None


def _words(unfolding: Unfolding, reason: str) -> Personal | None:
    """What is said about a person's access is about him."""
    return Personal(unfolding.request.submission.target, reason) if reason else None


def _task_of(item: Item) -> Task:
    if item.task is None:
        msg = f"no work on {item.item_id} is under way"
        raise AssertionError(msg)
    return item.task


def _ending_of(item: Item) -> Ending:
    if item.ending is None:
        msg = f"no removal of {item.item_id} is under way"
        raise AssertionError(msg)
    return item.ending
