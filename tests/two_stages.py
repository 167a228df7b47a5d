"""A CRM whose policy asks the manager and then the owner (carol); an administrator grants by hand."""

from __future__ import annotations

import json

from domain.person import PutPerson, Role
from domain.values import PersonId
from server.operations.catalog import catalog_import
from server.operations.read_models import catch_up
from server.sign_in.accounts import hash_password, set_password
from server.wiring import System
from tests import seeds

ADMIN = PersonId("p-admin")
POLICY = {
    "id": "crm",
    "form": {
        "properties": {
            "ticket": {"title": "Ticket number", "pattern": "^T-"},
            "days": {"type": "integer", "minimum": 1},
        },
        "required": ["ticket"],
    },
    "approval": [
        {"name": "manager", "by": ["manager"]},
        {"name": "owners", "by": ["owner"]},
    ],
    "break_glass": {
        "groups": ["sales"],
        "longest": "2 hours",
        "review_by": ["administrators"],
    },
    "pre_approved": [{"rule": "short", "groups": ["sales"], "longest": "1 hour"}],
}
APP = {"id": "crm", "name": "Sales CRM", "audience": "sales", "policy": "crm", "owners": ["carol"]}
PERMISSIONS = [
    {"id": "crm:reader", "app_id": "crm", "label": "Reader"},
    {"id": "crm:writer", "app_id": "crm", "label": "Writer"},
]
CATALOG = {"policies": [POLICY], "apps": [APP], "permissions": PERMISSIONS}
WISH = {
    "app_id": "crm",
    "requestable_permission_ids": ["crm:reader"],
    "business_justification": "Quarter-end report",
    "access_length": "7 days",
}
TICKET = [{"id": "ticket", "response": "T-1"}]


def prepare(system: System) -> None:
    """Bring policy, catalog and administrator in."""
    catalog_import(system, json.dumps(CATALOG).encode(), lambda _progress: None)
    record = seeds.person(ADMIN, roles=(Role.EMPLOYEE, Role.ADMINISTRATOR))
    put = PutPerson(ADMIN, record)
    system.bus.call_blocking(lambda work: work.execute(put, seeds.CONTEXT))
    with_password(system, ADMIN, record.username.text)
    catch_up(system)


def with_password(system: System, person: PersonId, name: str) -> None:
    """Let a person sign in as those of the seeds do."""
    hashed = hash_password(seeds.PASSWORD)
    system.bus.call_blocking(lambda work: set_password(work.rows, person, name, hashed))
