"""Policies in words: who decides, how long access may last, what has to be told."""

from __future__ import annotations

from typing import Any

from domain.lengths import UNLIMITED, format_length
from domain.policy import ApproverKind, ApproverRef, FieldKind, FormField, OnBehalf, Stage
from server.catalog_pages.rules import Ruled, Rules

INPUT_TYPES = {FieldKind.INTEGER: "number", FieldKind.NUMBER: "number"}
WORDS = {
    ApproverKind.MANAGER: "your manager",
    ApproverKind.OWNER: "the app's owners",
    ApproverKind.ADMINISTRATORS: "the administrators",
    ApproverKind.GROUP: "the group {}",
    ApproverKind.ON_CALL: "whoever is on call for {}",
    ApproverKind.INTEGRATION: "{}",
    ApproverKind.PERSON: "{}",
}


def told_rules(rules: Rules, chosen: str) -> dict[str, Any]:
    """Return what the form and the explanation of the rules need; `chosen` is the length chosen before."""
    words, always = rules.who_needs(None)
    behalf = [one.on_behalf is not OnBehalf.NOBODY for one in rules.policies]
    return {
        "ways": [_way(one) for one in rules.ruled],
        "several": rules.several,
        "lengths": _lengths(rules, chosen),
        "why": {"words": words, "always": always},
        "on_behalf": all(behalf) if rules.settled else any(behalf),
    }


def field_of(rules: Rules, one: FormField, value: str) -> dict[str, Any]:
    """Return a field of the form as the template shows it."""
    words, always = rules.who_needs(one.field_id)
    return {
        "id": one.field_id,
        "name": f"field:{one.field_id}",
        "prompt": one.prompt or one.field_id,
        "type": INPUT_TYPES.get(one.kind, "text"),
        "step": "1" if one.kind is FieldKind.INTEGER else "any",
        "words": words,
        "always": always,
        "options": ("true", "false") if one.kind is FieldKind.BOOLEAN else one.options,
        "longest": one.longest,
        "value": value,
    }


def _way(one: Ruled) -> dict[str, Any]:
    policy = one.policy
    return {
        "what": one.what if one.names else "All else",
        "lengths": ", ".join(map(format_length, policy.access_lengths)),
        "stages": [
            {"name": each.name, "needed": each.needed, "by": _by(each)} for each in policy.stages
        ],
        "at_once": bool(policy.pre_approvals),
    }


def _lengths(rules: Rules, chosen: str) -> list[tuple[str, str, bool]]:
    """Return the lengths to choose from: what the form sends, words, and whether it is chosen. Where another
    tick may lead to other rules, the first is the usual length, whatever that is then."""
    offered = [(_sent(one), format_length(one)) for one in rules.lengths]
    if rules.several or not offered:
        words = (
            f"the usual time: {format_length(rules.usual)}" if rules.settled else "the usual time"
        )
        offered.insert(0, ("", words))
    known = [value for value, _ in offered]
    usual = "" if "" in known else _sent(rules.usual)
    selected = chosen if chosen in known else usual
    return [(value, words, value == selected) for value, words in offered]


def _sent(seconds: int | None) -> str:
    return UNLIMITED if seconds is None else str(seconds)


def _by(stage: Stage) -> str:
    return " or ".join(map(_named, stage.approvers))


def _named(ref: ApproverRef) -> str:
    return WORDS[ref.kind].format(ref.name)
