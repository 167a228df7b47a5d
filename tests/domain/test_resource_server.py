"""The rules of resource servers that ask about tokens."""

from __future__ import annotations

import pytest

from domain.errors import MalformedText, NameTaken, UnknownResourceServer
from domain.resource_server import (
    DECIDER,
    OVERLAP,
    AddResourceServer,
    RemoveResourceServer,
    ResourceServerAdded,
    ResourceServerRemoved,
    ResourceServerSecretRotated,
    RotateSecret,
)
from tests.spec import Spec
from tests.times import NOW

ADD = AddResourceServer("reports", "https://r", "first")
ADDED = ResourceServerAdded("reports", "https://r", "first")
ROTATE = RotateSecret("reports", "second", NOW)
ROTATED = ResourceServerSecretRotated("reports", "second", "first", NOW + OVERLAP)
REMOVED = ResourceServerRemoved("reports")


def test_one_is_added_rotated_removed_and_added_again() -> None:
    servers = Spec(DECIDER)
    servers.given().when(ADD).then(ADDED)
    servers.given(ADDED).when(ADD).refused(NameTaken("reports"))
    servers.given(ADDED).when(ROTATE).then(ROTATED)
    servers.given(ADDED, ROTATED).when(RemoveResourceServer("reports")).then(REMOVED)
    servers.given(ADDED, REMOVED).when(ADD).then(ADDED)


def test_what_is_not_there_is_neither_rotated_nor_removed() -> None:
    for command in (ROTATE, RemoveResourceServer("reports")):
        Spec(DECIDER).given().when(command).refused(UnknownResourceServer("reports"))


@pytest.mark.parametrize("name", ["", "a b", "a:b", "x" * 101, "nämé"])
def test_a_name_can_be_sent_as_a_user_name(name: str) -> None:
    """RFC 7617 §2: a colon would end it."""
    command = AddResourceServer(name, "https://r", "first")
    Spec(DECIDER).given().when(command).refused(MalformedText("name"))
