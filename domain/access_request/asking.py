"""Whether a person may ask this, whatever else is under way: who asks for whom, what the catalog
holds for the target, and whether the form is filled in. An app or permission that the target may
not request is answered as one that does not exist."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from domain.access_request.commands import ItemId, SubmitRequest
from domain.access_request.events import RequestedApp, RequestedPermission
from domain.access_request.facts import KnownPerson, SubmissionFacts
from domain.errors import (
    InputMissing,
    OnBehalfNotAllowed,
    OnePermissionOnly,
    PermissionOfOtherApp,
    PersonDisabled,
    RepeatedPermission,
    StartInThePast,
    StartNotAllowed,
    TooMany,
    UnknownApp,
    UnknownPermission,
    UnknownPerson,
)
from domain.person import PersonRecord
from domain.policy import (
    FormField,
    Policy,
    check_length,
    check_on_behalf,
    checked_answers,
    may_request,
    may_see,
    merged_fields,
    shortest,
    usual_length,
)
from domain.values import PermissionId, Personal, clean_text

JUSTIFICATION_LIMIT = 2_000
MOST_PERMISSIONS = 50
MOST_ANSWERS = 50


@dataclass(frozen=True, slots=True)
class Asked:
    """A submission that was found in order, with what it asks for as the catalog names it."""

    requester: KnownPerson
    target: KnownPerson
    app: RequestedApp
    permissions: tuple[RequestedPermission, ...]
    access_seconds: int | None
    justification: Personal | None
    fields: tuple[FormField, ...]
    answers: Mapping[str, str]

    @property
    def item_ids(self) -> tuple[ItemId, ...]:
        """The items asked for; the app itself where no permission is named."""
        return tuple(one.permission_id for one in self.permissions) or (self.app.app_id,)


def examined(command: SubmitRequest, facts: SubmissionFacts) -> Asked:
    """Return what is asked; raises a refusal."""
    requester, target = _people(command, facts)
    for policy in facts.policies:
        check_on_behalf(policy, command.requester, command.target, target.record)
    app = _app(command, facts, target.record)
    permissions = _permissions(command, facts, target.record)
    _check_start(command)
    fields = merged_fields(facts.policies)
    answers, justification = _form(command, facts.policies, fields)
    return Asked(
        requester=requester,
        target=target,
        app=app,
        permissions=permissions,
        access_seconds=_length(command, facts.policies),
        justification=justification,
        fields=fields,
        answers=answers,
    )


def _people(command: SubmitRequest, facts: SubmissionFacts) -> tuple[KnownPerson, KnownPerson]:
    if facts.requester is None:
        raise UnknownPerson(command.requester)
    if facts.requester.record.disabled:
        raise PersonDisabled(command.requester)
    if facts.target is None:
        # As for somebody who is not a report: ids of people cannot be probed.
        raise OnBehalfNotAllowed(command.target)
    return facts.requester, facts.target


def _app(command: SubmitRequest, facts: SubmissionFacts, target: PersonRecord) -> RequestedApp:
    known = facts.app
    if known is None or not may_see(known.record, target):
        raise UnknownApp(command.app_id)
    if not command.permission_ids and not may_request(facts.policies[0], target):
        raise UnknownApp(command.app_id)
    return RequestedApp(command.app_id, known.record.name, known.version)


def _permissions(
    command: SubmitRequest, facts: SubmissionFacts, target: PersonRecord
) -> tuple[RequestedPermission, ...]:
    if len(command.permission_ids) > MOST_PERMISSIONS:
        raise TooMany("requestable_permission_ids", MOST_PERMISSIONS)
    if len(command.permission_ids) > 1 and facts.app and not facts.app.record.multiple_permissions:
        raise OnePermissionOnly(command.app_id)
    asked: dict[PermissionId, RequestedPermission] = {}
    for permission_id, known, policy in zip(
        command.permission_ids, facts.permissions, facts.policies, strict=False
    ):
        if known is None or known.app is None or not may_see(known.app, target):
            raise UnknownPermission(permission_id)
        if not may_request(policy, target):
            raise UnknownPermission(permission_id)
        if known.record.app_id != command.app_id:
            raise PermissionOfOtherApp(permission_id, command.app_id)
        if permission_id in asked:
            raise RepeatedPermission(permission_id)
        asked[permission_id] = RequestedPermission(
            permission_id, known.record.label, known.version
        )
    return tuple(asked.values())


def _check_start(command: SubmitRequest) -> None:
    if command.starts_at is None:
        return
    if command.starts_at < command.now:
        raise StartInThePast
    if command.extends is not None or command.emergency:
        raise StartNotAllowed


def _form(
    command: SubmitRequest, policies: Sequence[Policy], fields: Sequence[FormField]
) -> tuple[Mapping[str, str], Personal | None]:
    """Return answers and justification; what is missing is named all at once."""
    if len(command.answers) > MOST_ANSWERS:
        raise TooMany("custom_fields", MOST_ANSWERS)
    text = clean_text(
        "business_justification", command.justification or "", limit=JUSTIFICATION_LIMIT
    )
    answers, missing = checked_answers(fields, dict(command.answers))
    if not text and any(policy.justification_required for policy in policies):
        missing = ("business_justification", *missing)
    if missing:
        raise InputMissing(missing)
    return answers, Personal(command.requester, text) if text else None


def _length(command: SubmitRequest, policies: Sequence[Policy]) -> int | None:
    """Return the length of access: the asked one if all policies offer it, else the shortest that
    they have as their default, or, in an emergency, the longest that is allowed then."""
    if command.length_given:
        seconds = command.access_seconds
    else:
        seconds = usual_length(policies)
        if command.emergency:
            rules = [policy.break_glass for policy in policies if policy.break_glass]
            seconds = shortest([seconds, *(rule.longest_seconds for rule in rules)])
    if not command.emergency:
        for policy in policies:
            check_length(policy, seconds)
    return seconds
