"""What a person of certain groups may request, as conditions of SQL: what he may not, he neither finds
nor counts. The app's audience and the policy that applies must both let him."""

from __future__ import annotations

from dataclasses import dataclass

from domain.catalog import EVERYONE
from domain.policy import DEFAULT_ID
from domain.ports import Rows, Value
from projections.columns import number

NOBODY = 0
"""The audience that nothing has."""


def _in_force(*named: str) -> str:
    """Return the expression for the first of these policies that is in force, else the default one,
    as `projections.policies.policy_for` finds it."""
    found = f"'{DEFAULT_ID}'"
    for column in reversed(named):
        standing = f"EXISTS (SELECT 1 FROM policy y WHERE y.policy_id = {column})"
        found = f"CASE WHEN {standing} THEN {column} ELSE {found} END"
    return found


_APP_POLICY = _in_force("a.policy")
_PERMISSION_POLICY = _in_force("p.policy", "a.policy")
_INDEXED = (
    f"SELECT s.audience, s.group_name, COALESCE(x.policy_id, y.policy_id, '{DEFAULT_ID}') AS policy "
    "FROM search_audience s LEFT JOIN policy x ON x.policy_id = s.policy "
    "LEFT JOIN policy y ON y.policy_id = s.app_policy"
)
"""The audiences of the index, each with the policy that is in force for it; the same rule for the many
that are looked at together."""


@dataclass(frozen=True, slots=True)
class Where:
    """Conditions joined by AND, with their parameters."""

    clauses: tuple[str, ...]
    params: tuple[Value, ...]

    def and_(self, clause: str, *params: Value) -> Where:
        return Where((*self.clauses, clause), (*self.params, *params))

    def __str__(self) -> str:
        return " AND ".join(self.clauses)


def _opened(groups: tuple[str, ...], policy: str, audience: str = "a.audience") -> Where:
    """Let through what the audience of the app and the policy (expressions that name them) both
    open to these groups. A policy that is not in force, or names no group, opens to all."""
    audiences = (EVERYONE, *groups)
    marks = ", ".join("?" * len(groups))
    named = f"SELECT 1 FROM policy_audience v WHERE v.policy_id = {policy}"
    among = f"v.group_name IN ({marks})" if groups else "1 = 0"
    return Where(
        (
            f"{audience} IN ({', '.join('?' * len(audiences))})",
            f"(NOT EXISTS ({named}) OR EXISTS ({named} AND {among}))",
        ),
        (*audiences, *groups),
    )


def visible_apps(groups: tuple[str, ...]) -> Where:
    """Let through the apps (``a``) that may be requested themselves, or of which a permission may."""
    own, parts = _opened(groups, _APP_POLICY), _opened(groups, _PERMISSION_POLICY)
    part = f"EXISTS (SELECT 1 FROM permission p WHERE p.app_id = a.app_id AND {parts})"
    return Where((f"(({own}) OR {part})",), (*own.params, *parts.params))


def visible_permissions(groups: tuple[str, ...]) -> Where:
    """Let through the permissions (``p``, of the app ``a``) that may be requested."""
    return _opened(groups, _PERMISSION_POLICY)


def audiences_of(rows: Rows, groups: tuple[str, ...]) -> tuple[int, ...]:
    """Return the audiences that these groups are in, by their numbers in the index of the catalog."""
    opened = _opened(groups, "e.policy", "e.group_name")
    found = rows.select(
        f"SELECT e.audience FROM ({_INDEXED}) e WHERE {opened} ORDER BY e.audience", opened.params
    )
    return tuple(number(one) for (one,) in found) or (NOBODY,)
