"""The company's catalog: apps with their permissions, some for everybody, some for a department. Labels
change, permissions come and go, and now and then an app does."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from functools import partial
from typing import TypeVar

from domain.catalog import (
    EVERYONE,
    AppRecord,
    PermissionRecord,
    PutApp,
    PutPermission,
    RetireApp,
    RetirePermission,
)
from domain.person import PersonRecord
from domain.policy import Policy, may_see
from domain.values import AppId, PermissionId
from tests.bench.simulation.directory import DEPARTMENTS, Directory
from tests.bench.simulation.rules import CONSOLE, SENSITIVE, SHARES, Rules
from tests.bench.simulation.scene import DAY, Scene

FIRST = [
    "Atlas",
    "Beacon",
    "Cedar",
    "Delta",
    "Ember",
    "Falcon",
    "Garnet",
    "Harbor",
    "Iris",
    "Juniper",
    "Kestrel",
    "Lumen",
    "Maple",
    "Nova",
]
SECOND = [
    "CRM",
    "Ledger",
    "Wiki",
    "Vault",
    "Pipeline",
    "Board",
    "Desk",
    "Insights",
    "Mail",
    "Forge",
    "Payroll",
    "Metrics",
    "Store",
    "Hub",
]
ROLES = ["Reader", "Editor", "Analyst", "Operator", "Developer", "Auditor", "Owner", "Admin"]
PLACES = ("production", "staging")
PERMISSIONS = 8
"""Of an app, more or less."""
Named = TypeVar("Named")


@dataclass(slots=True)
class App:
    """An app and its permissions as they are now."""

    app_id: AppId
    record: AppRecord
    permissions: dict[PermissionId, PermissionRecord] = field(default_factory=dict)


class Shelf:
    """The catalog as it is now."""

    def __init__(self, scene: Scene, directory: Directory, rules: Rules, apps: int) -> None:
        self._scene = scene
        self._directory = directory
        self._rules = rules
        self._count = apps
        self._made = 0
        self._permissions_made = 0
        self.apps: dict[AppId, App] = {}
        self._ids: list[AppId] = []

    def found(self) -> None:
        """Plan that all apps are brought in now, and the changes of the year."""
        scene = self._scene
        for _ in range(self._count):
            scene.plan(scene.at, self._add)
        changes = (
            (0.05, self._add),
            (0.5, self._describe),
            (1.5, self._relabel),
            (1.0, self._extend),
        )
        for share, act in (*changes, (0.5, self._withdraw), (0.02, self._retire)):
            for _ in range(round(self._count * share)):
                scene.plan(scene.at + scene.chance.uniform(1, 365) * DAY, act)

    def app_for(self, target: PersonRecord) -> App | None:
        """Return an app that the person sees; the first ones are the popular ones."""
        app_id = self._ids[int(len(self._ids) * self._scene.chance.random() ** 1.5)]
        app = self.apps[app_id]
        return app if may_see(app.record, target) else None

    def policy_of(self, app: App, item: str) -> Policy:
        """Return the policy that governs an item of the app."""
        permission = app.permissions.get(PermissionId(item))
        named = permission.policy if permission else ""
        return self._rules.in_force[named or app.record.policy]

    def _add(self) -> None:
        chance, at = self._scene.chance, self._made
        self._made += 1
        first, second = FIRST[at % len(FIRST)], SECOND[at // len(FIRST) % len(SECOND)]
        name = f"{first} {second} {at}"
        (policy,) = chance.choices(list(SHARES), list(SHARES.values()))
        record = AppRecord(
            name=name,
            description=f"{second} of the company, run by team {at % 40}.",
            categories=(second,),
            audience=EVERYONE if chance.random() < 0.7 else chance.choice(DEPARTMENTS),
            owner=f"Team {at % 40}",
            policy=policy,
            owners=tuple(chance.sample(self._directory.working, 2)),
        )
        app = App(AppId(name.lower().replace(" ", "-")), record)
        self._scene.do(PutApp(app.app_id, record), CONSOLE)
        self.apps[app.app_id] = app
        self._ids.append(app.app_id)
        for _ in range(chance.randint(PERMISSIONS // 2, PERMISSIONS * 3 // 2)):
            self._scene.plan(self._scene.at, partial(self._add_permission, app))

    def _add_permission(self, app: App) -> None:
        chance, at = self._scene.chance, self._permissions_made
        self._permissions_made += 1
        role, place = chance.choice(ROLES), chance.choice(PLACES)
        record = PermissionRecord(
            app.app_id,
            f"{app.record.name} / {role} ({place})",
            f"Lets its holder act as {role.lower()} in {place}.",
            policy=SENSITIVE if role == "Admin" else "",
        )
        self._put_permission(app, PermissionId(f"{app.app_id}:{role}-{at}".lower()), record)

    def _put_permission(self, app: App, key: PermissionId, record: PermissionRecord) -> None:
        self._scene.do(PutPermission(key, record), CONSOLE)
        app.permissions[key] = record

    def _some(self) -> App:
        return self.apps[self._scene.chance.choice(self._ids)]

    def _describe(self) -> None:
        """Let other people own an app."""
        app = self._some()
        owners = tuple(self._scene.chance.sample(self._directory.working, 2))
        app.record = replace(app.record, owners=owners)
        self._scene.do(PutApp(app.app_id, app.record), CONSOLE)

    def _relabel(self) -> None:
        app = self._some()
        if app.permissions:
            key = self._scene.chance.choice(list(app.permissions))
            record = app.permissions[key]
            version = self._scene.chance.randint(2, 99)
            label = f"{record.label.partition(', v')[0]}, v{version}"
            self._put_permission(app, key, replace(record, label=label))

    def _extend(self) -> None:
        self._add_permission(self._some())

    def _withdraw(self) -> None:
        app = self._some()
        if app.permissions:
            key = self._scene.chance.choice(list(app.permissions))
            del app.permissions[key]
            self._scene.do(RetirePermission(key), CONSOLE)

    def _retire(self) -> None:
        """Take an app out of the catalog, after its permissions."""
        if len(self._ids) > 1:
            app = self._some()
            self._ids.remove(app.app_id)
            for key in app.permissions:
                self._scene.do(RetirePermission(key), CONSOLE)
            app.permissions.clear()
            self._scene.do(RetireApp(app.app_id), CONSOLE)
            del self.apps[app.app_id]
