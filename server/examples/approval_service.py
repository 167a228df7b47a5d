"""An approval service: it decides by a small file of rules and asks nobody. Needs `nats-py[nkeys]`.

    doorward integration add auto --may decide,subscribe     # prints the seed and the URL
    python approval_service.py --url nats://127.0.0.1:4222 --name auto --seed auto.nk --rules rules.json

The file of rules is JSON, the first rule that fits an item decides, and an item that none fits is
left to people (`*` stands for any text):

    [{"app": "github", "item": "github:read*", "longest_seconds": 2592000, "decision": "approve"},
     {"app": "*", "item": "*admin*", "decision": "deny", "reason": "Ask the security team first."}]

It is told of a stage only if the policy names ``integration:auto`` there. Everything it does can be
done twice: the decision's id is made from the event's, and Doorward counts an id once. What it has
to remember of a request, it keeps in a file, because its consumer goes on where it stopped.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import signal
from dataclasses import dataclass
from fnmatch import fnmatchcase
from pathlib import Path
from typing import Any

import nats
from nats.errors import Error as NatsError
from nats.js import JetStreamContext

SUBMITTED = "doorward.access_request.submitted.v1"
STAGE_STARTED = "doorward.access_request.stage_started.v1"
CLOSED = "doorward.access_request.closed.v1"
WAIT_SECONDS = 5
PAUSE_SECONDS = 1


@dataclass(frozen=True)
class Rule:
    """Decides on items whose app and id fit. `longest_seconds` None fits any length of access."""

    app: str
    item: str
    decision: str
    longest_seconds: int | None = None
    reason: str | None = None

    def fits(self, app: str, item: str, seconds: int | None) -> bool:
        """Say whether the rule decides on this item; `seconds` None is access without an end."""
        if self.longest_seconds is not None and (seconds or float("inf")) > self.longest_seconds:
            return False
        return fnmatchcase(app, self.app) and fnmatchcase(item, self.item)


class Remembered:
    """The lengths of access that open requests ask for, in a file."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._lengths: dict[str, int | None] = (
            json.loads(path.read_text()) if path.exists() else {}
        )

    def add(self, request_id: str, seconds: int | None) -> None:
        """Remember a request."""
        self._lengths[request_id] = seconds
        self._keep()

    def forget(self, request_id: str) -> None:
        """Forget a request that is over."""
        if self._lengths.pop(request_id, None) is not None:
            self._keep()

    def seconds(self, request_id: str) -> int | None:
        """Return the length that was asked for."""
        return self._lengths.get(request_id)

    def _keep(self) -> None:
        beside = self._path.with_suffix(".new")
        beside.write_text(json.dumps(self._lengths))
        beside.replace(self._path)


class ApprovalService:
    """Decides on what its consumer brings."""

    def __init__(self, name: str, tenant: str, rules: list[Rule], remembered: Remembered) -> None:
        self._name = name
        self._tenant = tenant
        self._rules = rules
        self._remembered = remembered

    async def read_events(self, jetstream: JetStreamContext, stream: str) -> None:
        """Take events for ever; each is acknowledged once its decisions are stored."""
        events = await jetstream.pull_subscribe_bind(self._name, stream)
        while True:
            for message in await _fetch(events):
                app = message.subject.split(".")[5]
                await self._take(jetstream, app, json.loads(message.data))
                await message.ack_sync()

    async def read_outcomes(self, jetstream: JetStreamContext, stream: str) -> None:
        """Say what became of the decisions, for ever."""
        outcomes = await jetstream.pull_subscribe_bind(self._name, stream)
        while True:
            for message in await _fetch(outcomes):
                outcome = json.loads(message.data)["data"]
                said = "accepted" if outcome["accepted"] else f"refused: {outcome['sentence']}"
                print(f"{outcome['command_id']} {said}", flush=True)
                await message.ack_sync()

    async def _take(self, jetstream: JetStreamContext, app: str, event: dict[str, Any]) -> None:
        data = event["data"]
        if event["type"] == SUBMITTED:
            self._remembered.add(data["request_id"], data["access_seconds"])
        elif event["type"] == CLOSED:
            self._remembered.forget(data["request_id"])
        elif event["type"] == STAGE_STARTED and self._name in data["integrations"]:
            for decision in self._decisions(event["id"], data):
                await self._send(jetstream, app, decision)

    def _decisions(self, event_id: str, stage: dict[str, Any]) -> list[dict[str, Any]]:
        """Return one decision for each rule that fits any of the items."""
        seconds = self._remembered.seconds(stage["request_id"])
        chosen: dict[Rule, list[str]] = {}
        for item in stage["items"]:
            for rule in self._rules:
                if rule.fits(stage["app_id"], item, seconds):
                    chosen.setdefault(rule, []).append(item)
                    break
        return [
            {
                "decision_id": f"{event_id}-{number}",
                "request_id": stage["request_id"],
                "decision": rule.decision,
                "items": items,
                "step": stage["name"],
                "reason": rule.reason,
            }
            for number, (rule, items) in enumerate(chosen.items())
        ]

    async def _send(self, jetstream: JetStreamContext, app: str, decision: dict[str, Any]) -> None:
        where = f"doorward.{self._tenant}.cmd.decide.{self._name}.{app}.{decision['request_id']}"
        headers = {"Nats-Msg-Id": decision["decision_id"]}
        await jetstream.publish(where, json.dumps(decision).encode(), headers=headers)


async def _fetch(messages: JetStreamContext.PullSubscription) -> list[Any]:
    """Return what is there, nothing after a while or while the server is away."""
    try:
        return await messages.fetch(10, WAIT_SECONDS)
    except TimeoutError:
        return []
    except NatsError:
        await asyncio.sleep(PAUSE_SECONDS)
        return []


async def run(asked: argparse.Namespace) -> None:
    """Serve until a signal says stop."""
    rules = [Rule(**one) for one in json.loads(asked.rules.read_text())]
    service = ApprovalService(asked.name, asked.tenant, rules, Remembered(asked.state))
    client = await nats.connect(
        asked.url.split(","),
        nkeys_seed=str(asked.seed),
        max_reconnect_attempts=-1,
        inbox_prefix="_INBOX",
    )
    jetstream = client.jetstream()
    suffix = "" if asked.tenant == "main" else f"_{asked.tenant}"
    loops = asyncio.gather(
        service.read_events(jetstream, f"DOORWARD_EVENTS{suffix}"),
        service.read_outcomes(jetstream, f"DOORWARD_OUTCOMES{suffix}"),
    )
    for number in (signal.SIGTERM, signal.SIGINT):
        asyncio.get_running_loop().add_signal_handler(number, loops.cancel)
    print("ready", flush=True)
    try:
        await loops
    except asyncio.CancelledError:
        await client.close()


def main() -> None:
    """Read the command line and serve."""
    parser = argparse.ArgumentParser(description="Decides on access requests by rules.")
    parser.add_argument("--url", required=True, help="of the nats-server")
    parser.add_argument("--name", required=True, help="of the integration")
    parser.add_argument("--seed", required=True, type=Path, help="file with its NKey seed")
    parser.add_argument("--rules", required=True, type=Path, help="file with the rules")
    parser.add_argument("--state", type=Path, default=Path("approval-service.json"))
    parser.add_argument("--tenant", default="main")
    asyncio.run(run(parser.parse_args()))


if __name__ == "__main__":
    main()
