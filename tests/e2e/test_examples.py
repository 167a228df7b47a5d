"""The reference approval service and provisioner, as processes of their own beside a real server: they
know the published contract alone."""

from __future__ import annotations

import json
import signal
from collections.abc import Iterator
from pathlib import Path

import pytest
from mcp import Client

from tests.browser import FormBrowser
from tests.e2e.clients import python_client, until
from tests.e2e.examples import Service, added, running
from tests.running import RunningServer

pytestmark = pytest.mark.anyio
POLICY = {
    "id": "by-rules",
    "approval": [{"name": "rules", "by": ["integration:auto"]}],
    "provisioning": {"integration": "directory"},
}
ITEMS = ("reader", "writer", "admin")
CATALOG = {
    "policies": [POLICY],
    "apps": [{"id": "lab", "name": "Lab", "audience": "everyone", "policy": "by-rules"}],
    "permissions": [{"id": f"lab:{one}", "app_id": "lab", "label": one} for one in ITEMS],
}
RULES = [
    {"app": "lab", "item": "lab:reader", "decision": "approve", "longest_seconds": 604_800},
    {"app": "*", "item": "*admin*", "decision": "deny", "reason": "Ask security first."},
]


@pytest.fixture(scope="module")
def services(
    server: RunningServer, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Services]:
    folder = tmp_path_factory.mktemp("services")
    catalog = folder / "catalog.json"
    catalog.write_text(json.dumps(CATALOG))
    imported = server.run("catalog", "import", str(catalog))
    assert imported.returncode == 0, imported.stderr
    rules = folder / "rules.json"
    rules.write_text(json.dumps(RULES))
    auto = added(server, "auto", "decide,subscribe", folder)
    directory = added(server, "directory", "fulfil,subscribe", folder)
    approver = Service("approval_service.py", auto, folder, "--rules", str(rules))
    provisioner = Service("provisioning_service.py", directory, folder)
    with running(approver), running(provisioner):
        yield Services(approver, provisioner, folder)


class Services:
    """Both, and what the provisioner has granted."""

    def __init__(self, approver: Service, provisioner: Service, folder: Path) -> None:
        self.approver = approver
        self.provisioner = provisioner
        self._accounts = folder / "accounts.json"

    def granted(self, person: str) -> list[str]:
        """Return what a person has in the provisioner's own system."""
        accounts = json.loads(self._accounts.read_text()) if self._accounts.exists() else {}
        return list(accounts.get(person, []))


async def submit(client: Client, item: str, length: str = "7 days") -> str:
    """Ask for an item; return the request's id."""
    done = await client.call_tool(
        "submit_access_request",
        {
            "app_id": "lab",
            "requestable_permission_ids": [item],
            "business_justification": "For the tests",
            "access_length": length,
        },
    )
    assert done.structured_content is not None, done
    assert done.structured_content["outcome"] == "submitted"
    request_id: str = done.structured_content["access_requests"][0]["id"]
    return request_id


async def test_a_rule_approves_and_the_provisioner_grants(
    services: Services, browser: FormBrowser
) -> None:
    async with python_client(browser) as client:
        request_id = await submit(client, "lab:reader")
        shown = await until(client, request_id, lambda one: one["status"] == "PROVISIONED")
    assert services.granted("alice") == ["lab:reader"]
    told = {one["event"]: one for one in shown["history"]}
    decided = told["access_request.decision_taken"]
    assert (decided["via"], decided["integration"]) == ("nats", "auto")
    granted = told["access_request.provisioned"]
    assert (granted["via"], granted["integration"]) == ("nats", "directory")


async def test_a_rule_denies_with_its_reason(services: Services, browser: FormBrowser) -> None:
    async with python_client(browser) as client:
        request_id = await submit(client, "lab:admin")
        shown = await until(client, request_id, lambda one: one["status"] == "DENIED")
    assert shown["closed_reason"] == "Ask security first."


async def test_what_was_asked_while_it_was_dead_is_decided_when_it_is_back(
    services: Services, browser: FormBrowser
) -> None:
    services.approver.stop(signal.SIGKILL)
    async with FormBrowser(browser.issuer, "carol") as carol, python_client(carol) as client:
        request_id = await submit(client, "lab:reader")
        services.approver.start()
        await until(client, request_id, lambda one: one["status"] == "PROVISIONED")
    assert services.granted("carol") == ["lab:reader"]


async def test_what_no_rule_fits_is_left_to_people(
    services: Services, browser: FormBrowser
) -> None:
    async with python_client(browser) as client:
        left = await submit(client, "lab:writer")
        async with FormBrowser(browser.issuer, "carol") as carol, python_client(carol) as other:
            decided = await submit(other, "lab:admin")
            await until(other, decided, lambda one: one["status"] == "DENIED")
        shown = await until(client, left, lambda one: one["id"] == left)
    assert shown["status"] == "PENDING_APPROVAL"
    assert [who["kind"] for who in shown["waiting_on"][0]["who"]] == ["integration"]
