"""A provisioning service: it grants and removes access in a system of its own, here a JSON file of who
has what. Needs `nats-py[nkeys]`.

    doorward integration add directory --may fulfil,subscribe     # prints the seed and the URL
    python provisioning_service.py --url nats://127.0.0.1:4222 --name directory --seed directory.nk

It is given the work of policies whose ``provisioning`` names it. An order may come twice, so the work
is such that doing it twice changes nothing, and the report's id is that of the order. What it cannot
do it says: Doorward tries again, and then hands the work to people.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import signal
from pathlib import Path
from typing import Any

import nats
from nats.errors import Error as NatsError
from nats.js import JetStreamContext

ACTIONS = {
    "doorward.access_request.provisioning_started.v1": "grant",
    "doorward.access_request.deprovisioning_started.v1": "remove",
}
WAIT_SECONDS = 5
PAUSE_SECONDS = 1


class Accounts:
    """Who has what, in a file: items by person."""

    def __init__(self, path: Path) -> None:
        self._path = path

    def do(self, action: str, person: str, item: str) -> None:
        """Grant or remove; doing it again changes nothing. Raises `OSError`."""
        held: dict[str, list[str]] = (
            json.loads(self._path.read_text()) if self._path.exists() else {}
        )
        items = set(held.get(person, []))
        items = items | {item} if action == "grant" else items - {item}
        held[person] = sorted(items)
        beside = self._path.with_suffix(".new")
        beside.write_text(json.dumps(held))
        beside.replace(self._path)


class ProvisioningService:
    """Does what its consumer brings."""

    def __init__(self, name: str, tenant: str, accounts: Accounts) -> None:
        self._name = name
        self._tenant = tenant
        self._accounts = accounts

    async def read_orders(self, jetstream: JetStreamContext, stream: str) -> None:
        """Take orders for ever; each is acknowledged once its report is stored."""
        events = await jetstream.pull_subscribe_bind(self._name, stream)
        while True:
            for message in await _fetch(events):
                app = message.subject.split(".")[5]
                await self._take(jetstream, app, json.loads(message.data))
                await message.ack_sync()

    async def _take(self, jetstream: JetStreamContext, app: str, event: dict[str, Any]) -> None:
        action, order = ACTIONS.get(event["type"]), event["data"]
        if action is None or order["task"]["integration"] != self._name:
            return
        report = {
            "report_id": event["id"],
            "request_id": order["request_id"],
            "action": action,
            "items": [order["item_id"]],
            **self._done(action, order),
        }
        where = f"doorward.{self._tenant}.cmd.fulfil.{self._name}.{app}.{order['request_id']}"
        headers = {"Nats-Msg-Id": event["id"]}
        await jetstream.publish(where, json.dumps(report).encode(), headers=headers)
        print(f"{action} {order['item_id']} for {order['target']}: {report['result']}", flush=True)

    def _done(self, action: str, order: dict[str, Any]) -> dict[str, str]:
        try:
            self._accounts.do(action, order["target"], order["item_id"])
        except OSError as fault:
            return {"result": "failed", "reason": fault.strerror or "the file cannot be written"}
        return {"result": "done"}


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
    service = ProvisioningService(asked.name, asked.tenant, Accounts(asked.accounts))
    client = await nats.connect(
        asked.url.split(","),
        nkeys_seed=str(asked.seed),
        max_reconnect_attempts=-1,
        inbox_prefix="_INBOX",
    )
    suffix = "" if asked.tenant == "main" else f"_{asked.tenant}"
    orders = asyncio.ensure_future(
        service.read_orders(client.jetstream(), f"DOORWARD_EVENTS{suffix}")
    )
    for number in (signal.SIGTERM, signal.SIGINT):
        asyncio.get_running_loop().add_signal_handler(number, orders.cancel)
    print("ready", flush=True)
    try:
        await orders
    except asyncio.CancelledError:
        await client.close()


def main() -> None:
    """Read the command line and serve."""
    parser = argparse.ArgumentParser(description="Grants and removes access.")
    parser.add_argument("--url", required=True, help="of the nats-server")
    parser.add_argument("--name", required=True, help="of the integration")
    parser.add_argument("--seed", required=True, type=Path, help="file with its NKey seed")
    parser.add_argument("--accounts", type=Path, default=Path("accounts.json"))
    parser.add_argument("--tenant", default="main")
    asyncio.run(run(parser.parse_args()))


if __name__ == "__main__":
    main()
