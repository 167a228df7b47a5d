"""The rules for what somebody asks for on an app's page. A permission may have a policy of its own; so long as
nothing is ticked, all the page's policies are told apart, and then those of what is ticked count alone."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache, partial

from domain.policy import FormField, Policy, common_lengths, merged_fields, usual_length
from domain.ports import Rows
from projections.catalog.rows import AppRow, PermissionRow
from projections.policies import policy_for
from server.catalog_pages.cards import own_label

NAMED = 3
"""So many permissions are named where one policy governs them."""


@dataclass(frozen=True, slots=True)
class Ruled:
    """A policy and what it governs of what is asked for; no names where that is all that is not named."""

    policy: Policy
    names: tuple[str, ...]

    @property
    def what(self) -> str:
        """What the policy governs, in a few words."""
        if not self.names:
            return "all else"
        more = len(self.names) - NAMED
        return ", ".join(self.names[:NAMED]) + (f" and {more} more" if more > 0 else "")


@dataclass(frozen=True, slots=True)
class Rules:
    """What counts now, and all policies that may count after another tick."""

    ruled: tuple[Ruled, ...]
    possible: tuple[Policy, ...]

    @property
    def several(self) -> bool:
        """Whether it matters for the rules what is ticked."""
        return len(self.possible) > 1

    @property
    def settled(self) -> bool:
        """Whether what counts is known."""
        return len(self.ruled) == 1 or all(one.names for one in self.ruled)

    @property
    def policies(self) -> list[Policy]:
        """The policies that count."""
        return [one.policy for one in self.ruled]

    @property
    def fields(self) -> tuple[FormField, ...]:
        """The fields that are asked for."""
        return merged_fields(self.policies)

    @property
    def lengths(self) -> tuple[int | None, ...]:
        """The lengths to choose from: those that suit all that counts."""
        if self.settled:
            return common_lengths(self.policies)
        each = [one for policy in self.policies for one in common_lengths((policy,))]
        finite = sorted({one for one in each if one is not None})
        return (*finite, None) if None in each else tuple(finite)

    @property
    def usual(self) -> int | None:
        """The length that counts where none is chosen."""
        return usual_length(self.policies)

    def who_needs(self, field_id: str | None) -> tuple[str, bool]:
        """Say in words whether a field has to be filled in, the justification where none is named; and whether
        that is so whatever is ticked, so that a browser may insist on it."""
        needing = [one.what for one in self.ruled if _needs(one.policy, field_id)]
        always = all(_needs(one, field_id) for one in self.possible)
        asking = [one.what for one in self.ruled if _asks(one.policy, field_id)]
        if not needing:
            where = f"for {', '.join(asking)}, " if len(asking) < len(self.ruled) else ""
            return f"{where}not required", False
        if len(needing) == len(self.ruled):
            return "required", always
        return f"required for {', '.join(needing)}", False


def rules_of(
    rows: Rows, app: AppRow, shown: Sequence[PermissionRow], picked: frozenset[str]
) -> Rules:
    """Return the rules for what is ticked among these permissions. Blocking."""
    policy_of = cache(partial(policy_for, rows))
    general = policy_of(app.policy)
    own = [(policy_of(one.policy, app.policy), one) for one in shown]
    ticked = [(policy, one) for policy, one in own if one.permission_id in picked]
    ruled: dict[str, tuple[Policy, list[str]]] = {}
    for policy, one in ticked or own:
        if ticked or policy.policy_id != general.policy_id:
            ruled.setdefault(policy.policy_id, (policy, []))[1].append(own_label(one))
    if not ticked:
        ruled[general.policy_id] = (general, [])
    possible = {one.policy_id: one for one in (general, *(policy for policy, _ in own))}
    return Rules(
        tuple(Ruled(policy, tuple(names)) for policy, names in ruled.values()),
        tuple(possible.values()),
    )


def _asks(policy: Policy, field_id: str | None) -> bool:
    return field_id is None or any(one.field_id == field_id for one in policy.fields)


def _needs(policy: Policy, field_id: str | None) -> bool:
    if field_id is None:
        return policy.justification_required
    return any(one.field_id == field_id and one.required for one in policy.fields)
