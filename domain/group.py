"""Groups as the directory names them. Who belongs to a group stands in the people's own records, under
the group's `name`, because that is what audiences and policies ask of a person; a group of its own has
only what no person has: a display name, the directory's own id for it, and that it exists while it is
empty. Moving a person in or out changes the person; renaming a group changes its members too."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from hashlib import sha256
from typing import ClassVar, NewType, assert_never

from domain.decider import Decider
from domain.errors import Invalid, Missing, NameTaken
from domain.person import NAME_LIMIT
from domain.values import StreamId, clean_text, identifier, stream_id

GroupId = NewType("GroupId", str)


@dataclass(eq=True, unsafe_hash=True)
class UnknownGroup(Missing):
    """There is no such group."""

    code = "unknown_group"
    template = "There is no group {group_id}."
    group_id: str


@dataclass(frozen=True, slots=True)
class GroupRecord:
    """A group as described by the directory; `external_id` is its own id for it."""

    display_name: str
    external_id: str = ""


@dataclass(frozen=True, slots=True)
class PutGroup:
    """Make the directory hold this group as described."""

    group_id: GroupId
    record: GroupRecord


@dataclass(frozen=True, slots=True)
class RemoveGroup:
    """Let there be no such group any more."""

    group_id: GroupId


@dataclass(frozen=True, slots=True)
class GroupFacts:
    """Which group has the name that is wanted; None while none has."""

    holder: GroupId | None = None


@dataclass(frozen=True, slots=True)
class GroupAdded:
    """A group came into the directory; `name` is what audiences and policies call it."""

    TOPIC: ClassVar[str] = "group.added"
    SCHEMA: ClassVar[int] = 1
    group_id: GroupId
    name: str
    record: GroupRecord


@dataclass(frozen=True, slots=True)
class GroupChanged:
    """The directory's description of a group changed, and with it perhaps its name."""

    TOPIC: ClassVar[str] = "group.changed"
    SCHEMA: ClassVar[int] = 1
    group_id: GroupId
    name: str
    record: GroupRecord


@dataclass(frozen=True, slots=True)
class GroupRemoved:
    """There is no such group any more."""

    TOPIC: ClassVar[str] = "group.removed"
    SCHEMA: ClassVar[int] = 1
    group_id: GroupId
    name: str


GroupCommand = PutGroup | RemoveGroup
GroupEvent = GroupAdded | GroupChanged | GroupRemoved


@dataclass(frozen=True, slots=True)
class Group:
    """State of a group: its record and name, None while there is none."""

    record: GroupRecord | None = None
    name: str = ""


def group_name(display_name: str) -> str:
    """Return what audiences and policies call a group: its display name if that can stand there,
    else a slug of it. Texts without a letter or digit of ASCII are told apart by a hash."""
    try:
        return identifier("group", display_name)
    except Invalid:
        slug = re.sub(r"[^a-z0-9]+", "-", display_name.lower()).strip("-")
        plain = display_name.isascii() and slug
        mark = sha256(display_name.encode()).hexdigest()[:8]
        return slug if plain else f"{slug}-{mark}".strip("-")


def decide(state: Group, command: GroupCommand, facts: GroupFacts) -> Sequence[GroupEvent]:
    """Decide on one group."""
    match command:
        case PutGroup(group_id=group_id):
            return _put(state, identifier("group_id", group_id), command, facts)
        case RemoveGroup(group_id=group_id):
            if state.record is None:
                raise UnknownGroup(group_id)
            return [GroupRemoved(group_id, state.name)]
        case _ as never:
            assert_never(never)


def _put(
    state: Group, group_id: str, command: PutGroup, facts: GroupFacts
) -> Sequence[GroupEvent]:
    display = clean_text("display_name", command.record.display_name, limit=NAME_LIMIT)
    external = clean_text("external_id", command.record.external_id, limit=NAME_LIMIT)
    name = identifier("group", group_name(display))
    if facts.holder not in (None, group_id):
        raise NameTaken(display)
    record = GroupRecord(display, external)
    if state.record is None:
        return [GroupAdded(command.group_id, name, record)]
    return [] if record == state.record else [GroupChanged(command.group_id, name, record)]


def evolve(_state: Group, event: GroupEvent) -> Group:
    """Fold one group event."""
    match event:
        case GroupAdded() | GroupChanged():
            return Group(event.record, event.name)
        case GroupRemoved():
            return Group()
        case _ as never:
            assert_never(never)


DECIDER: Decider[Group, GroupCommand, GroupFacts, GroupEvent] = Decider(
    category="group", initial=Group(), decide=decide, evolve=evolve
)


def group_stream(group_id: GroupId) -> StreamId:
    """Return the stream of one group."""
    return stream_id(DECIDER.category, group_id)
