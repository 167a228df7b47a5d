"""Policies as an administrator reads them, and what they do: explained for one person, tried on the requests of
the past. Both ask the very deciders; trying goes through the log, one at a time, on a thread."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import timedelta
from functools import partial
from typing import Any

import anyio.to_thread
import msgspec

from domain.errors import NothingThere, TooMuchForACall
from domain.lengths import format_length
from domain.policy import DECIDER, DEFAULT, Policy, policy_stream
from domain.ports import Rows
from projections.catalog.overview import naming
from projections.pages import Page
from projections.policies import policies
from server.bad_file import BadFile
from server.bearer import AccessGrant
from server.mcp.administration.catalog_planning import plain
from server.mcp.administration.policy_planning import LIST, policy_in
from server.mcp.answers import Answer, Json, line, listing
from server.mcp.arguments import Arguments, BadArguments
from server.mcp.taking_time import may_take_time
from server.policies.writing import entry_of
from server.turns import Turns
from server.wiring import INLINE, System

MOST_EVENTS = 50_000
"""So long a log is tried in a call: some twenty seconds."""
ASKED = ("person", "items", "requester", "length", "emergency")


@dataclass(frozen=True, slots=True)
class PolicyReading:
    """Answers the tools that only read. `turns` bound how many policies are tried at once."""

    system: System
    turns: Turns

    def list(self, rows: Rows, _grant: AccessGrant, arguments: Arguments) -> Answer:
        """Answer list_policies."""
        may_take_time()
        every, page, size = policies(rows), arguments["page"], arguments["size"]
        found = every[(page - 1) * size : page * size]
        items = [_listed(rows, one) for one in found]
        lines = [line(str(one["id"]), f"edition {one['edition']}", _stages(one)) for one in items]
        empty = "None is published: the built-in default policy rules everything."
        return listing(Page(found, len(every), page, size), items, empty, lines, "policy")

    def get(self, rows: Rows, _grant: AccessGrant, arguments: Arguments) -> Answer:
        """Answer get_policy."""
        may_take_time()
        policy_id = arguments["policy_id"]
        events = self.system.store.stream(policy_stream(policy_id))
        policy = DECIDER.fold(
            one.envelope.event  # type: ignore[misc]  # a policy's stream holds nothing else
            for one in events
        ).policy
        built_in = policy is None and policy_id == DEFAULT.policy_id
        if policy is None and not built_in:
            raise NothingThere("policy", f"“{policy_id}”", LIST)
        apps, permissions = naming(rows, policy_id)
        fields: Json = {
            "version": len(events),
            "built_in": built_in,
            "policy": plain(entry_of(policy or DEFAULT)),
            "apps": apps,
            "permissions": permissions,
        }
        head = f"{policy_id}, version {len(events)}{', built in' if built_in else ''}"
        return Answer(fields, f"{head}\n{_text(fields['policy'])}")

    async def explain(self, _grant: AccessGrant, arguments: Arguments) -> Answer:
        """Answer explain_policy."""
        return await anyio.to_thread.run_sync(partial(self._explained, arguments))

    def _explained(self, arguments: Arguments) -> Answer:
        from server.operations.policies import policy_explain  # noqa: PLC0415 - late

        if not arguments["items"]:
            raise BadArguments("items: name at least one.")
        asked = {name: arguments[name] for name in ASKED if name in arguments}
        if "policy" in arguments:
            policy = entry_of(policy_in(arguments["policy"]))
            file = {"policies": [policy], "apps": [], "permissions": []}
            asked["file"] = _text(file)
        try:
            found = policy_explain(self.system, msgspec.json.encode(asked), _unheard)
        except (BadFile, ValueError) as fault:
            raise BadArguments(str(fault)) from None
        except NothingThere as none:
            hint = "find_people" if none.kind == "person" else "find_catalog_entries"
            raise NothingThere(none.kind, none.name, f"{hint} finds those there are") from None
        fields: Json = msgspec.json.decode(msgspec.json.encode(found))
        return Answer(fields, _text(found))

    async def simulate(self, _grant: AccessGrant, arguments: Arguments) -> Answer:
        """Answer simulate_policies."""
        if not arguments["policies"]:
            raise BadArguments("policies: give at least one.")
        proposed = [
            policy_in(one, f"policies[{place}]") for place, one in enumerate(arguments["policies"])
        ]
        return await self.turns.on_thread(partial(self._simulated, proposed, arguments))

    def _simulated(self, proposed: Sequence[Policy], arguments: Arguments) -> Answer:
        from server.simulation.simulating import simulate  # noqa: PLC0415 - late
        from server.simulation.telling import lines, moment_text  # noqa: PLC0415 - late

        system = self.system
        if system.store.head() > MOST_EVENTS:
            raise TooMuchForACall(
                "Trying policies on so long a log", "doorward policy simulate FILE does it"
            )
        since = system.clock() - timedelta(days=arguments["days"])
        found = simulate(system.store, system.scratch, INLINE, proposed, since, _uncounted)
        told = list(lines(found))
        counts = {str(kind): count for kind, count in found.counts.items() if count}
        heads = 1 + len(counts)
        shown = told[heads : heads + arguments["size"]]
        fields: Json = {
            "since": moment_text(since),
            "requests": found.requests,
            "changed": found.elsewhere,
            "counts": counts,
            "changes": shown,
        }
        left = len(told) - heads - len(shown)
        more = [f"and {left} more"] if left else []
        return Answer(fields, "\n".join([*told[:heads], *shown, *more]))


def _listed(rows: Rows, one: Policy) -> Json:
    apps, permissions = naming(rows, one.policy_id)
    return {
        "id": one.policy_id,
        "edition": one.version,
        "stages": [stage.name for stage in one.stages],
        "access_lengths": list(map(format_length, one.access_lengths)),
        "apps": apps,
        "permissions": permissions,
    }


def _stages(one: Json) -> str:
    stages: Any = one["stages"]
    return f"{' > '.join(stages) or 'nobody is asked'}; {one['apps']} apps, {one['permissions']} permissions"


def _text(value: object) -> str:
    return msgspec.json.encode(value).decode()


def _unheard(_progress: Mapping[str, int]) -> None:
    """Tell nobody how far it is."""


def _uncounted(_done: int, _total: int) -> None:
    """Tell nobody how far it is."""
