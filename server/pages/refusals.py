"""Refusals as people read them on pages. A refusal's own sentence is for whoever reads protocols, AI clients
among them; here stands, by its code, what a page says instead, and which field of the form it is about.
Where nothing stands, the sentence is plain enough and the page says that."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from domain.errors import (
    AnswerUnfit,
    DurationNotOffered,
    InputMissing,
    MalformedText,
    OnBehalfNotAllowed,
    OnePermissionOnly,
    Refused,
    TextTooLong,
    UnknownPerson,
)
from domain.lengths import format_length

LENGTH, TARGET = "length of access", "other person"
"""Parts of forms that are no fields of the domain's; no field of a policy can be called so."""
ITEMS, APPROVERS = "items", "approvers"
MARKED = "Please look at what is marked."
MISSING: Mapping[str, str] = {
    "business_justification": "Say why, in your own words.",
    "reason": "Give a reason.",
    "remark": "Say what you found.",
    "comment": "Write something first.",
    ITEMS: "Tick at least one.",
    APPROVERS: "Name enough people who may decide and have not yet.",
}
ANSWER = "Please answer this."
SENTENCES: Mapping[str, str] = {
    "input_missing": "Please fill in what is marked.",
    "malformed_text": "Something is empty, or holds characters that are not allowed there.",
    "text_too_long": "A text is longer than {limit} characters; shorten it.",
    "too_many": "That is more than the {limit} that are allowed.",
    "unknown_field": "The questions have changed; look at the page again.",
    "answer_unfit": "An answer is not as it has to be.",
    "duration_not_offered": "This length of access is not offered here.",
    "start_in_the_past": "The start lies in the past.",
    "start_not_allowed": "Access begins at once here; a start cannot be chosen.",
    "repeated_permission": "Something is named twice; name each once.",
    "permission_of_other_app": "What was ticked is not of this app; look at the page again.",
    "one_permission_only": "Only one of these fits into a request; choose one.",
    "unknown_app": "There is no such app, or it is not one that you may request.",
    "unknown_permission": "What was ticked is gone, or is not for you; look at the page again.",
    "unknown_person": "There is nobody of this name who could be meant.",
    "not_found": "There is no such request, or it is not one in which you have a part.",
    "unknown_connection": "This AI client is not connected any more.",
    "already_closed": "The request is over already; make a new one if access is needed.",
    "already_decided": "This is decided already.",
    "already_held": "This access is held already; nothing need be requested.",
    "already_asked": "Some of this is asked for already, by a request that is still open.",
    "too_many_open": (
        "You have {limit} requests open, the most allowed; wait for one or withdraw one."
    ),
    "stale_version": "It has changed since you opened this page; look at it again first.",
    "changed_meanwhile": "It changed at this very moment; look at it again and repeat.",
    "idempotency_key_reused": (
        "This form was sent before with something else in it; look at the page again."
    ),
    "nothing_under_way": "Nothing of this is under way any more.",
    "person_still_active": "This person may still sign in; disable the account first.",
    "too_much_for_a_call": "{what} would take too long here; {instead}.",
    "would_widen": "You can grant what was asked for or less, and for no longer.",
    "evidence_too_weak": "Policy wants better proof of who decides than this page gives.",
}


@dataclass(frozen=True, slots=True)
class Words:
    """What is wrong as a whole, and with which fields, by the domain's names for them."""

    whole: str = ""
    fields: Mapping[str, str] = field(default_factory=dict)

    @property
    def alone(self) -> str:
        """What a page without the form says."""
        return " ".join(self.fields.values()) or self.whole


NOTHING = Words()
"""Nothing is wrong."""


def words(refusal: Refused) -> Words:
    """Return what a page says of a refusal."""
    template = SENTENCES.get(refusal.code)
    whole = template.format_map(vars(refusal)) if template else refusal.sentence
    fields = _fields(refusal, whole)
    return Words(MARKED if whole in fields.values() else whole, fields)


def _fields(refusal: Refused, whole: str) -> dict[str, str]:
    found: dict[str, str] = {}
    match refusal:
        case InputMissing(fields=fields):
            found = {name: MISSING.get(name, ANSWER) for name in fields}
        case MalformedText(field=name):
            found = {name: "This is empty, or holds characters that are not allowed here."}
        case TextTooLong(field=name, limit=limit):
            found = {name: f"This is longer than {limit} characters; shorten it."}
        case AnswerUnfit(field=name, wanted=wanted):
            found = {name: f"This must be {wanted}."}
        case DurationNotOffered(offered=offered):
            named = ", ".join(map(format_length, offered))
            found = {LENGTH: f"{whole} Choose from: {named}."}
        case OnBehalfNotAllowed():
            found = {TARGET: whole}
        case OnePermissionOnly():
            found = {ITEMS: whole}
        case UnknownPerson():
            found = {APPROVERS: whole}
    return found
