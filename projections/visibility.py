"""What a person of certain groups may request, as conditions of SQL: what he may not, he neither finds
nor counts. The app's audience and the policy that applies must both let him."""

from __future__ import annotations

from dataclasses import dataclass

from domain.catalog import EVERYONE
from domain.policy import DEFAULT_ID
from domain.ports import Value

_APP_POLICY = (
    "CASE WHEN EXISTS (SELECT 1 FROM policy y WHERE y.policy_id = a.policy) "
    f"THEN a.policy ELSE '{DEFAULT_ID}' END"
)
_PERMISSION_POLICY = (
    "CASE WHEN EXISTS (SELECT 1 FROM policy x WHERE x.policy_id = p.policy) "
    f"THEN p.policy ELSE {_APP_POLICY} END"
)
"""Which policy applies, as `projections.policies.policy_for` finds it."""


@dataclass(frozen=True, slots=True)
class Where:
    """Conditions joined by AND, with their parameters."""

    clauses: tuple[str, ...]
    params: tuple[Value, ...]

    def and_(self, clause: str, *params: Value) -> Where:
        return Where((*self.clauses, clause), (*self.params, *params))

    def __str__(self) -> str:
        return " AND ".join(self.clauses)


def _opened(groups: tuple[str, ...], policy: str) -> Where:
    """Let through what the audience of the app and the policy (an expression that names it) both
    open to these groups. A policy that is not in force, or names no group, opens to all."""
    audiences = (EVERYONE, *groups)
    marks = ", ".join("?" * len(groups))
    named = f"SELECT 1 FROM policy_audience v WHERE v.policy_id = {policy}"
    among = f"v.group_name IN ({marks})" if groups else "1 = 0"
    return Where(
        (
            f"a.audience IN ({', '.join('?' * len(audiences))})",
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


def permissions_in_view(groups: tuple[str, ...]) -> Where:
    """Return the expression that counts an app's permissions, those only that may be requested."""
    parts = visible_permissions(groups)
    counted = f"(SELECT COUNT(*) FROM permission p WHERE p.app_id = a.app_id AND {parts})"
    return Where((counted,), parts.params)
