"""Refusals of form: the input breaks a rule whatever the world looks like."""

from __future__ import annotations

from dataclasses import dataclass

from domain.errors.base import Invalid
from domain.lengths import format_length


@dataclass(eq=True, unsafe_hash=True)
class MalformedText(Invalid):
    """A name or id holds characters it may not hold."""

    code = "malformed_text"
    template = "{field} holds characters that are not allowed there, or is empty."
    field: str


@dataclass(eq=True, unsafe_hash=True)
class TextTooLong(Invalid):
    """A text is longer than its limit (in characters)."""

    code = "text_too_long"
    template = "{field} is longer than {limit} characters; shorten it."
    field: str
    limit: int


@dataclass(eq=True, unsafe_hash=True)
class TooMany(Invalid):
    """A list holds more entries than its limit."""

    code = "too_many"
    template = "{field} holds more than {limit} entries; submit several requests."
    field: str
    limit: int


@dataclass(eq=True, unsafe_hash=True)
class UnknownField(Invalid):
    """A custom field is not asked for by the app's policy."""

    code = "unknown_field"
    template = "{field} is not a field of this request form; leave it out."
    field: str


@dataclass(eq=True, unsafe_hash=True)
class InputMissing(Invalid):
    """Required inputs were not given; nothing was submitted."""

    code = "input_missing"
    template = "Ask the person for {fields} and submit again."
    fields: tuple[str, ...]


@dataclass(eq=True, unsafe_hash=True)
class DurationNotOffered(Invalid):
    """The asked length of access (seconds, None = unlimited) is not among those offered."""

    code = "duration_not_offered"
    template = "This length of access is not offered here; choose one of: {offered}."
    asked: int | None
    offered: tuple[int | None, ...]

    @property
    def sentence(self) -> str:
        """Name the offered lengths in words."""
        return self.template.format(offered=", ".join(map(format_length, self.offered)))


@dataclass(eq=True, unsafe_hash=True)
class StartInThePast(Invalid):
    """The asked start lies before now."""

    code = "start_in_the_past"
    template = "starts_at lies in the past; leave it out to start at once."


@dataclass(eq=True, unsafe_hash=True)
class RepeatedPermission(Invalid):
    """One permission was named twice in one request."""

    code = "repeated_permission"
    template = "{permission_id} is named twice; name each permission once."
    permission_id: str


@dataclass(eq=True, unsafe_hash=True)
class PermissionOfOtherApp(Invalid):
    """A permission does not belong to the named app."""

    code = "permission_of_other_app"
    template = "{permission_id} does not belong to {app_id}; submit one request for each app."
    permission_id: str
    app_id: str


@dataclass(eq=True, unsafe_hash=True)
class OnePermissionOnly(Invalid):
    """The app takes one permission in a request."""

    code = "one_permission_only"
    template = "{app_id} takes one permission in a request; submit one request for each."
    app_id: str


@dataclass(eq=True, unsafe_hash=True)
class NameTaken(Invalid):
    """Another has this name."""

    code = "name_taken"
    template = "The name {name} is taken; choose another."
    name: str


@dataclass(eq=True, unsafe_hash=True)
class PasswordLength(Invalid):
    """A password is too short or too long (NIST SP 800-63B §3.1.1.2)."""

    code = "password_length"
    template = "A password has from {least} to {most} characters."
    least: int
    most: int


@dataclass(eq=True, unsafe_hash=True)
class AnswerUnfit(Invalid):
    """The answer to a field of the form is not of the kind that policy wants."""

    code = "answer_unfit"
    template = "{field} must be {wanted}; ask the person again."
    field: str
    wanted: str


@dataclass(eq=True, unsafe_hash=True)
class ExtensionTooShort(Invalid):
    """The extension would end before the access that it extends."""

    code = "extension_too_short"
    template = "{item} lasts longer than that already; ask for a length that ends later."
    item: str


@dataclass(eq=True, unsafe_hash=True)
class StartNotAllowed(Invalid):
    """A start was asked for where access begins at once: an extension or an emergency."""

    code = "start_not_allowed"
    template = "starts_at fits neither an extension nor an emergency; leave it out."


@dataclass(eq=True, unsafe_hash=True)
class PolicyUnfit(Invalid):
    """A policy could never be fulfilled, or cannot have been meant so."""

    code = "policy_unfit"
    template = "Policy {policy_id} does not fit: {why}."
    policy_id: str
    why: str


@dataclass(eq=True, unsafe_hash=True)
class NotConfirmed(Invalid):
    """What cannot be taken back was asked for by a client that cannot ask its person itself."""

    code = "not_confirmed"
    template = (
        "Nothing was changed. {says} Tell the person exactly this; if they agree, call again with "
        "confirm set to {name}. Your client shows no forms, so the name stands for their yes."
    )
    says: str
    name: str
