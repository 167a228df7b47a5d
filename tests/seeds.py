"""People, apps and commands that tests begin with."""

from __future__ import annotations

from domain.access_request import SubmitRequest
from domain.catalog import AppRecord, PermissionRecord, PutApp, PutPermission
from domain.person import PersonRecord, PutPerson, Role
from domain.values import Actor, AppId, PermissionId, Personal, PersonId, RequestId, Via
from server.command_bus import CommandBus, CommandContext, UnitOfWork
from server.operations.read_models import catch_up
from server.sign_in.accounts import hash_password, set_password
from server.wiring import System
from tests.times import NOW

ALICE, BOB, CAROL = PersonId("p-alice"), PersonId("p-bob"), PersonId("p-carol")
ROBOT = PersonId("p-robot")
CRM, WIKI, VAULT = AppId("crm"), AppId("wiki"), AppId("vault")
READER, WRITER = PermissionId("crm:reader"), PermissionId("crm:writer")
OPENER, KEEPER = PermissionId("vault:opener"), PermissionId("vault:keeper")
CONTEXT = CommandContext(Actor(Via.SYSTEM), NOW, "00000000-0000-7000-8000-00000000c0de")


def person(
    person_id: PersonId,
    *,
    manager: PersonId | None = None,
    groups: tuple[str, ...] = (),
    roles: tuple[Role, ...] = (Role.EMPLOYEE,),
    disabled: bool = False,
) -> PersonRecord:
    name = person_id.removeprefix("p-")
    return PersonRecord(
        username=Personal(person_id, name),
        given_name=Personal(person_id, name.title()),
        family_name=Personal(person_id, "Example"),
        email=Personal(person_id, f"{name}@example.com"),
        manager=manager,
        groups=groups,
        roles=roles,
        disabled=disabled,
    )


SEEDS = (
    PutPerson(ALICE, person(ALICE, manager=BOB, groups=("sales",))),
    PutPerson(BOB, person(BOB, roles=(Role.EMPLOYEE, Role.APPROVER))),
    PutPerson(CAROL, person(CAROL)),
    PutPerson(ROBOT, person(ROBOT, roles=(Role.AUDITOR,))),
    PutApp(CRM, AppRecord("Sales CRM", "Customers and deals.", audience="sales")),
    PutPermission(READER, PermissionRecord(CRM, "Sales CRM / Reader", "See customers.")),
    PutPermission(WRITER, PermissionRecord(CRM, "Sales CRM / Writer", "Change customers.")),
    PutApp(WIKI, AppRecord("Wiki", "Pages for everyone.", categories=("Knowledge",))),
    PutApp(VAULT, AppRecord("Vault", "One role at a time.", multiple_permissions=False)),
    PutPermission(OPENER, PermissionRecord(VAULT, "Vault / Opener", "")),
    PutPermission(KEEPER, PermissionRecord(VAULT, "Vault / Keeper", "")),
)


def seed(bus: CommandBus) -> None:
    """Put people and catalog into the store."""

    def put_all(work: UnitOfWork) -> None:
        for command in SEEDS:
            work.execute(command, CONTEXT)

    bus.call_blocking(put_all)


PASSWORD = "demo-password"
_HASH = hash_password(PASSWORD)


def seed_system(system: System) -> None:
    """Put people with passwords and a catalog into a whole system."""

    def put_all(work: UnitOfWork) -> None:
        for command in SEEDS:
            work.execute(command, CONTEXT)
            if isinstance(command, PutPerson):
                name = command.record.username.text
                set_password(work.rows, command.person_id, name, _HASH)

    system.bus.call_blocking(put_all)
    catch_up(system)


def submission(request_id: str, **changes: object) -> SubmitRequest:
    """Alice asks to read the CRM, unless changed."""
    fields: dict[str, object] = {
        "request_id": RequestId(request_id),
        "requester": ALICE,
        "target": ALICE,
        "app_id": CRM,
        "permission_ids": (READER,),
        "justification": "Quarter-end report",
        "now": NOW,
    }
    return SubmitRequest(**{**fields, **changes})  # type: ignore[arg-type]  # fields by name
