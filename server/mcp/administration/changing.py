"""The one rule for every change that an administrator's client makes. A tool plans the change, over the state
that will be changed; whether it is shown, asked about or made is decided here, all in one transaction:

    idempotency_key      was used before              the first answer again
    expected_version     is not the present one       refused (`StaleVersion`)
    the decider          says no                      refused, as anywhere else
    dry_run              or nothing would change      what would change; nothing is appended
    destroying           not confirmed yet            asked, see below
    else                                              made, by the person, through his client

What destroys, gives power or takes protection is confirmed by a person who has read what will happen. A client that shows forms shows him
one; its name stands for exactly this change at this version, so that a yes to something else, or to what has
moved since, is none. Of a client that shows none the name of the thing is asked for, which a model that
mixes things up does not have; whether it has asked anybody, nobody can know."""

from __future__ import annotations

import hashlib
import logging
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

import anyio.to_thread
import msgspec

from domain.decider import Decider
from domain.errors import NotConfirmed
from domain.person import check_administrator
from domain.ports import Unavailable
from domain.values import StreamId, clean_text
from domain.versions import check_version
from server.bearer import AccessGrant
from server.command_bus import CommandContext, Executed, UnitOfWork
from server.handlers import HANDLERS
from server.idempotency import (
    StoredResult,
    store_result,
    stored_result,
)
from server.known_facts import known_person
from server.mcp.administration.backing import Backing
from server.mcp.answers import Answer, Json
from server.mcp.arguments import Arguments
from server.mcp.commands import context_of, idempotency_of, unkeyed
from server.mcp.definitions import ToolDefinition
from server.mcp.elicitation import Call
from server.mcp.schemas.parts import ID
from server.mcp.tools import ServedTool
from server.oauth.resources import ADMINISTRATORS, TOOLSETS

FORM = "confirm_"
"""How the names of forms begin."""
SHOWN = 120
"""Most characters of a value in a line of text."""
YES, CHANGED = "yes", "changed"
UNFINISHED = "It is done, but what should follow could not be: the operator sees why in the log."
_log = logging.getLogger(__name__)
Make = Callable[[UnitOfWork, CommandContext], Executed]


@dataclass(frozen=True, slots=True)
class Plan:
    """A change. `name` is what the thing is called, `says` what will happen, in a sentence; `shown` are the
    fields of the aggregate's state that a person would know it by. `make` does it where that takes more
    than the command; `then` is done on a thread when all is durable, and returns what else is answered.
    `now` is the moment that the command speaks of, if it speaks of one. `asks` is False where nobody has to
    agree, since it is not this change for which the tool asks."""

    command: object
    name: str
    says: str
    shown: Callable[[Any], Json]
    make: Make | None = None
    then: Callable[[], Json | None] | None = None
    now: datetime | None = None
    asks: bool = True


Planner = Callable[[UnitOfWork, AccessGrant, Arguments], Plan]
"""Plans a change for a caller, inside the transaction; raises `domain.errors.Refused` or `BadArguments`."""


@dataclass(frozen=True, slots=True)
class _Wish:
    grant: AccessGrant
    arguments: Arguments
    call: Call


@dataclass(frozen=True, slots=True)
class _Outcome:
    outcome: str
    plan: Plan | None
    version: int
    changes: Sequence[Json] = ()
    form: Json | None = None


def changes(
    toolset: str,
    definition: ToolDefinition,
    planner: Planner,
    backing: Backing,
    feature: str | None = None,
) -> ServedTool:
    """Return a tool of a toolset that changes something; `feature` is the flag that it takes, if any."""
    scopes = TOOLSETS[toolset].scopes
    act = Changing(definition, planner, backing)
    return ServedTool(definition, scopes, act=act, roles=ADMINISTRATORS, feature=feature)


@dataclass(frozen=True, slots=True)
class Changing:
    """Runs one tool that changes something."""

    definition: ToolDefinition
    planner: Planner
    backing: Backing

    async def __call__(self, grant: AccessGrant, arguments: Arguments, call: Call) -> Answer:
        """Answer a call."""
        system = self.backing.system
        context = context_of(grant, system.clock(), system.new_id)
        wish = _Wish(grant, arguments, call)
        done = await system.bus.call(lambda work: self._job(work, wish, context))
        plan = done.plan
        if done.outcome != CHANGED or plan is None or plan.then is None:
            return _told(done)
        try:
            return _told(done, await anyio.to_thread.run_sync(plan.then))
        except Unavailable as why:
            _log.warning(
                "%s is done, but what should follow is not: %s", self.definition.name, why
            )
            return _told(done, {"unfinished": UNFINISHED})

    def _job(self, work: UnitOfWork, wish: _Wish, context: CommandContext) -> _Outcome:
        key = idempotency_of(self.definition.name, wish.grant, wish.arguments)
        first = stored_result(work.rows, key) if key else None
        if first is not None:
            return _Outcome(CHANGED if first.changed else "unchanged", None, first.version)
        _check_role(work, wish.grant)
        plan = _legible(self.planner(work, wish.grant, wish.arguments))
        context = replace(context, now=plan.now or context.now)
        would = self._would(work, wish, plan, context)
        if would.outcome != CHANGED:
            return would
        made = plan.make(work, context) if plan.make else work.execute(plan.command, context)
        if key is not None:
            # Here, not by the command: a change may be made of several, and the key is for all of it.
            told = StoredResult(made.stream, made.version, made.position, changed=True)
            store_result(work.rows, key, told)
        return replace(would, version=made.version)

    def _would(
        self, work: UnitOfWork, wish: _Wish, plan: Plan, context: CommandContext
    ) -> _Outcome:
        """Return what the change comes to: `CHANGED` if it is to be made now, else why it is not."""
        stream, decider = _target(work, plan.command)
        version, before = work.state_of(decider, stream)
        check_version(wish.arguments.get("expected_version"), version)
        tried = work.execute(plan.command, context, dry_run=True)
        if not tried.changed:
            return _Outcome("unchanged", plan, version)
        after = decider.after(before, tried.events)
        found = _differences(plan.shown(before), plan.shown(after))
        would = _Outcome(CHANGED, plan, version, found)
        if wish.arguments["dry_run"]:
            return replace(would, outcome="would_change")
        asks = self.definition.annotations.destructive and plan.asks
        return self._asked(wish, plan, would) if asks else would

    def _asked(self, wish: _Wish, plan: Plan, would: _Outcome) -> _Outcome:
        """Return what is answered instead of making the change; `would` itself where it is confirmed."""
        call, arguments = wish.call, wish.arguments
        if not call.forms:
            name = plan.name[: ID["maxLength"]]
            if arguments.get("confirm") == name:
                return would
            raise NotConfirmed(plan.says, name)
        form = FORM + _digest(self.definition.name, arguments, would)
        said = call.responses.get(form)
        if said is None:
            return replace(would, outcome="needs_confirmation", form=_form(form, plan.says))
        agreed = said.action == "accept" and (said.content or {}).get(YES) is True
        return would if agreed else replace(would, outcome="declined")


def _legible(plan: Plan) -> Plan:
    """Return the plan in one line without what nobody sees: a person decides by these words, and some of them
    are those of a client, as it sent them."""

    def shown(text: str) -> str:
        return " ".join(clean_text("confirm", text, limit=len(text)).split())

    return replace(plan, name=shown(plan.name), says=shown(plan.says))


def _check_role(work: UnitOfWork, grant: AccessGrant) -> None:
    """Raise `AdministratorsOnly` for whom the role was taken from since the call was let in: not every
    decider asks who wishes."""
    known = known_person(work, grant.person.person_id)
    check_administrator(grant.person.person_id, known.record if known else None)


def _target(work: UnitOfWork, command: object) -> tuple[StreamId, Decider[Any, Any, Any, Any]]:
    handler = HANDLERS[type(command)]
    stream, _facts = handler.resolve(work, command)
    return stream, handler.decider


def _differences(before: Mapping[str, Any], after: Mapping[str, Any]) -> list[Json]:
    return [
        {"field": name, "before": before.get(name), "after": after.get(name)}
        for name in dict.fromkeys([*before, *after])
        if before.get(name) != after.get(name)
    ]


def _digest(tool: str, arguments: Arguments, would: _Outcome) -> str:
    says = would.plan.says if would.plan else ""
    content = msgspec.json.encode([tool, unkeyed(arguments), would.version, says], order="sorted")
    return hashlib.sha256(content).hexdigest()[:24]


def _form(name: str, says: str) -> Json:
    schema = {
        "type": "object",
        "properties": {YES: {"type": "boolean", "title": "Yes, do it", "default": False}},
        "required": [YES],
    }
    params = {"mode": "form", "message": says, "requestedSchema": schema}
    return {name: {"method": "elicitation/create", "params": params}}


_SAID = {
    CHANGED: "Done.",
    "unchanged": "Nothing to change: it is so already.",
    "would_change": "Nothing was changed yet.",
    "needs_confirmation": "Nothing was changed: the person has to agree first.",
    "declined": "Nothing was changed: the person said no.",
}


def _told(done: _Outcome, result: Json | None = None) -> Answer:
    plan = done.plan
    fields: Json = {
        "outcome": done.outcome,
        "name": plan.name if plan else "",
        "version": done.version,
        "changes": list(done.changes),
        "replayed": plan is None,
    }
    if result:
        fields["result"] = result
    says = f" {plan.says}" if plan and done.outcome != "unchanged" else ""
    lines = [
        f"- {one['field']}: {_short(one['before'])} -> {_short(one['after'])}"
        for one in done.changes
    ]
    head = f"{_SAID[done.outcome]}{says} (version {done.version})"
    return Answer(fields, "\n".join([head, *lines]), done.form)


def _short(value: object) -> str:
    if value in (None, "", [], {}):
        return "nothing"
    text = msgspec.json.encode(value).decode() if isinstance(value, list | dict) else str(value)
    return text if len(text) <= SHOWN else text[: SHOWN - 1] + "…"


async def version_of(
    backing: Backing, decider: Decider[Any, Any, Any, Any], stream: StreamId
) -> int:
    """Return the version of an aggregate, as changes expect it; 0 where there is none yet."""
    version, _state = await backing.system.bus.call(lambda work: work.state_of(decider, stream))
    return version
