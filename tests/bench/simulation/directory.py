"""The company's people as its directory knows them: who works here, for whom, in which groups. Some
come, some go, many change. A few have duties (administrators, the service desk, security, on call)."""

from __future__ import annotations

from dataclasses import replace
from functools import partial

from domain.group import GroupId, GroupRecord, PutGroup, RemoveGroup
from domain.person import PersonRecord, PutPerson, Role
from domain.values import Actor, Personal, PersonId, Via
from tests.bench.simulation.rules import DESK, ON_CALL, SECURITY
from tests.bench.simulation.scene import DAY, Scene

SYNC = Actor(Via.SCIM, service="directory")
DEPARTMENTS = [
    "engineering",
    "finance",
    "legal",
    "marketing",
    "operations",
    "people",
    "product",
    "sales",
    "security",
    "support",
]
GIVEN = [
    "Ada",
    "Ben",
    "Cleo",
    "Dana",
    "Emre",
    "Fay",
    "Gus",
    "Hana",
    "Ivo",
    "Jun",
    "Kim",
    "Lea",
    "Mo",
    "Nia",
    "Omar",
    "Pia",
    "Quinn",
    "Rui",
    "Sol",
    "Tess",
]
FAMILY = [
    "Abara",
    "Brandt",
    "Costa",
    "Dietz",
    "Eze",
    "Fox",
    "Garcia",
    "Holm",
    "Ito",
    "Jensen",
    "Kaya",
    "Lund",
    "Moreau",
    "Novak",
    "Okafor",
]
REPORTS = 7
ADMINISTRATORS = range(1, 4)
DUTIES = {DESK: 3, SECURITY: 4, ON_CALL: 120}
"""How many people have each, at most; in small companies one of a dozen."""
COME, GO, MOVE, RENAMED = 0.12, 0.10, 0.35, 0.02
"""Which share of the people does so within a year."""


class Directory:
    """The people as they are now."""

    def __init__(self, scene: Scene, people: int) -> None:
        self._scene = scene
        self._count = people
        self.records: dict[PersonId, PersonRecord] = {}
        self.working: list[PersonId] = []
        self.administrators: list[PersonId] = []
        self.reports: dict[PersonId, list[PersonId]] = {}
        self._projects: list[GroupId] = []

    def found(self) -> None:
        """Plan that everybody is brought in now, and the changes of the year."""
        scene = self._scene
        teams = [f"team-{at}" for at in range(1 + self._count // 12)]
        for name in (*DEPARTMENTS, *DUTIES, *teams):
            put = PutGroup(GroupId(f"g-{name}"), GroupRecord(name, f"ext-{name}"))
            scene.plan(scene.at, partial(scene.do, put, SYNC))
        for _ in range(self._count):
            scene.plan(scene.at, self._hire)
        changes = (
            (COME, self._hire),
            (GO, self._part),
            (MOVE, self._move),
            (RENAMED, self._rename),
        )
        for share, act in (*changes, (0.01, self._project)):
            for _ in range(round(self._count * share)):
                scene.plan(scene.at + scene.chance.uniform(1, 365) * DAY, act)

    def somebody(self) -> PersonId:
        """Return somebody who works here; some are busier with access than others."""
        return self.working[int(len(self.working) * self._scene.chance.random() ** 1.25)]

    def works(self, person: PersonId) -> bool:
        """Say whether the person has not left."""
        return not self.records[person].disabled

    def _hire(self) -> None:
        at = len(self.records)
        person = PersonId(f"p-{at:05d}")
        founding = at < self._count
        manager = None if at == 0 else self._boss(at if founding else None)
        if founding and at in ADMINISTRATORS:
            self.administrators.append(person)
        self._put(person, self._record(person, at, manager))
        self.working.append(person)
        if manager is not None:
            self.reports.setdefault(manager, []).append(person)

    def _boss(self, at: int | None) -> PersonId:
        """Return the manager of the `at`-th founder, or somebody's who joins later."""
        if at is not None:
            return PersonId(f"p-{(at - 1) // REPORTS:05d}")
        return self._scene.chance.choice(list(self.reports))

    def _record(self, person: PersonId, at: int, manager: PersonId | None) -> PersonRecord:
        chance = self._scene.chance
        given, family = chance.choice(GIVEN), chance.choice(FAMILY)
        username = f"{given}.{family}.{at}".lower()
        roles = (Role.ADMINISTRATOR,) if at in ADMINISTRATORS else ()
        return PersonRecord(
            username=Personal(person, username),
            given_name=Personal(person, given),
            family_name=Personal(person, family),
            email=Personal(person, f"{username}@company.example"),
            manager=manager,
            groups=tuple(sorted(self._groups(at))),
            roles=(Role.EMPLOYEE, *roles),
            attributes=(("external_id", Personal(person, f"ext-{at}")),),
        )

    def _groups(self, at: int) -> set[str]:
        """Return department, team and duties; duties are the founders'."""
        chance = self._scene.chance
        groups = {chance.choice(DEPARTMENTS), f"team-{chance.randrange(1 + self._count // 12)}"}
        place = 4
        for duty, most in DUTIES.items():
            size = max(3, min(most, self._count // 12))
            if place <= at < place + size:
                groups.add(duty)
            place += size
        return groups

    def _put(self, person: PersonId, record: PersonRecord) -> None:
        self._scene.do(PutPerson(person, record), SYNC)
        self.records[person] = record

    def _ordinary(self) -> PersonId:
        """Return somebody without duties, but not the head of it all."""
        while True:
            person = self._scene.chance.choice(self.working)
            record = self.records[person]
            if record.manager and Role.ADMINISTRATOR not in record.roles:
                return person

    def _part(self) -> None:
        """Let somebody leave; his people are his manager's from then on."""
        person = self._ordinary()
        record = self.records[person]
        heir = record.manager
        assert heir is not None
        for report in self.reports.pop(person, []):
            self._put(report, replace(self.records[report], manager=heir))
            self.reports.setdefault(heir, []).append(report)
        self.reports[heir].remove(person)
        self.working.remove(person)
        self._put(person, replace(record, disabled=True))

    def _move(self) -> None:
        """Let somebody go to another department, and perhaps to another manager."""
        person, chance = self._ordinary(), self._scene.chance
        record = self.records[person]
        kept = set(record.groups) - set(DEPARTMENTS)
        groups = tuple(sorted({*kept, chance.choice(DEPARTMENTS)}))
        boss, former = self._boss(None), record.manager
        if former is not None and boss != person and not self._below(boss, person):
            self.reports[former].remove(person)
            self.reports[boss].append(person)
            record = replace(record, manager=boss)
        self._put(person, replace(record, groups=groups))

    def _below(self, person: PersonId, other: PersonId) -> bool:
        """Say whether `other` is among those above `person`."""
        above = self.records[person].manager
        while above is not None and above != other:
            above = self.records[above].manager
        return above == other

    def _rename(self) -> None:
        person = self._ordinary()
        name = Personal(person, self._scene.chance.choice(FAMILY))
        self._put(person, replace(self.records[person], family_name=name))

    def _project(self) -> None:
        """Let a project have a group, and one that is over have none."""
        scene = self._scene
        group = GroupId(scene.new_id())
        scene.do(PutGroup(group, GroupRecord(f"project-{group[-12:]}")), SYNC)
        self._projects.append(group)
        if len(self._projects) > 3:
            scene.do(RemoveGroup(self._projects.pop(0)), SYNC)
