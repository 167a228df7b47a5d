"""Which policies govern what stands in the catalog: queries of the catalog's own tables."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from domain.ports import Rows
from domain.values import AppId
from projections.columns import maybe_text
from projections.visibility import visible_apps, visible_permissions


def policy_names(
    rows: Rows, app_id: str, permission_ids: Sequence[str]
) -> tuple[tuple[str, str], ...]:
    """Return, for each permission, the names of its own policy and of its app's, whoever may see
    it; those of the app alone where no permission is named."""
    found = rows.select("SELECT policy FROM app WHERE app_id = ?", (app_id,))
    of_app = str(found[0][0]) if found else ""
    names = []
    for permission_id in permission_ids:
        named = rows.select(
            "SELECT policy FROM permission WHERE permission_id = ?", (permission_id,)
        )
        names.append((str(named[0][0]) if named else "", of_app))
    return tuple(names) or (("", of_app),)


@dataclass(frozen=True, slots=True)
class GovernedItem:
    """A permission, or an app itself (None), with the names of its own policy and its app's."""

    app_id: AppId
    permission_id: str | None
    label: str
    policy: str
    app_policy: str


def governed_items(
    rows: Rows, groups: tuple[str, ...], app_id: str | None, most: int
) -> tuple[GovernedItem, ...]:
    """Return what these groups may request, of one app or of all; those with a policy of their own
    come first."""
    apps, permissions = visible_apps(groups), visible_permissions(groups)
    if app_id is not None:
        apps = apps.and_("a.app_id = ?", app_id)
        permissions = permissions.and_("p.app_id = ?", app_id)
    of_permissions = rows.select(
        "SELECT p.app_id, p.permission_id, p.label, p.policy, a.policy "
        f"FROM permission p JOIN app a ON a.app_id = p.app_id WHERE {permissions} "
        "ORDER BY CASE WHEN p.policy <> '' THEN 0 WHEN a.policy <> '' THEN 1 ELSE 2 END, "
        "p.name_key, p.permission_id LIMIT ?",
        (*permissions.params, most),
    )
    of_apps = rows.select(
        f"SELECT a.app_id, NULL, a.name, '', a.policy FROM app a WHERE {apps} "
        "ORDER BY CASE WHEN a.policy <> '' THEN 0 ELSE 1 END, a.name_key, a.app_id LIMIT ?",
        (*apps.params, most),
    )
    return tuple(
        GovernedItem(AppId(str(app)), maybe_text(one), str(label), str(policy), str(of_app))
        for app, one, label, policy, of_app in (*of_permissions, *of_apps)
    )
