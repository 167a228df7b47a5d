"""What a refusal is, and the four kinds of it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar


class Refused(Exception):  # noqa: N818 - a refusal is an answer, not an error
    """A rule said no. Subclasses are dataclasses, compared by type and fields."""

    code: ClassVar[str]
    template: ClassVar[str]

    @property
    def sentence(self) -> str:
        """What happened and what to do next, in words for a person or a model."""
        fields = {
            name: ", ".join(map(str, value)) if isinstance(value, tuple) else value
            for name, value in vars(self).items()
        }
        return self.template.format_map(fields)

    def __str__(self) -> str:
        return f"{self.code}: {self.sentence}"


class Invalid(Refused):
    """The input breaks a rule of form."""


class Missing(Refused):
    """There is no such thing, or the caller may not know of it."""


class Forbidden(Refused):
    """The rules do not allow this."""


class Conflicting(Refused):
    """The action does not fit the present state."""


@dataclass(eq=True, unsafe_hash=True)
class InvalidGrant(Refused):
    """The code, refresh token or family is unknown, used, expired, revoked or another client's.

    `reason` is for the log and for tests; the client only ever sees ``invalid_grant``.
    """

    code = "invalid_grant"
    template = "The grant is not valid any more; sign in again."
    reason: str
