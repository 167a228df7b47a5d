"""Refusals because the rules say no."""

from __future__ import annotations

from dataclasses import dataclass

from domain.errors.base import Forbidden


@dataclass(eq=True, unsafe_hash=True)
class PersonDisabled(Forbidden):
    """The person is disabled in the directory."""

    code = "person_disabled"
    template = "This account is disabled; ask an administrator."
    person_id: str


@dataclass(eq=True, unsafe_hash=True)
class OnBehalfNotAllowed(Forbidden):
    """Policy does not let this person request for that one."""

    code = "on_behalf_not_allowed"
    template = "You may request access for yourself and for people who report to you."
    target: str
