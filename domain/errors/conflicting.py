"""Refusals because the world has moved on."""

from __future__ import annotations

from dataclasses import dataclass

from domain.errors.base import Conflicting


@dataclass(eq=True, unsafe_hash=True)
class AlreadyClosed(Conflicting):
    """The request has reached its end and takes no more decisions."""

    code = "already_closed"
    template = "The request is already {status}; submit a new one if access is needed."
    status: str


@dataclass(eq=True, unsafe_hash=True)
class StaleVersion(Conflicting):
    """The caller decided on an older version than the present one."""

    code = "stale_version"
    template = "You saw version {expected}, it is now {actual}; read it again."
    expected: int
    actual: int


@dataclass(eq=True, unsafe_hash=True)
class IdempotencyKeyReused(Conflicting):
    """The same idempotency key came with another body."""

    code = "idempotency_key_reused"
    template = "This idempotency_key was used for another submission; choose a new key."
    key: str


@dataclass(eq=True, unsafe_hash=True)
class ChangedMeanwhile(Conflicting):
    """Another writer changed the same thing at the same moment, several times."""

    code = "changed_meanwhile"
    template = "It changed while you were deciding; read it again and repeat."


@dataclass(eq=True, unsafe_hash=True)
class IdentityOfAnother(Conflicting):
    """The identity of the provider belongs to another person already."""

    code = "identity_of_another"
    template = "This identity belongs to another person here; ask an administrator."
