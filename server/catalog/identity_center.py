"""AWS IAM Identity Center: ``{"PermissionSets": [...], "Accounts": [...], "ProvisionedAccounts": {"<arn>":
["<account id>", ...]}}``, where each of `PermissionSets` is what ``sso-admin describe-permission-set``
returns, `Accounts` what ``organizations list-accounts`` returns, and `ProvisionedAccounts` for each set what
``sso-admin list-accounts-for-provisioned-permission-set`` returns. An active account is an app; a
permission set that is provisioned to it is a permission of it. Without accounts the sets are
permissions of one app."""

from __future__ import annotations

import msgspec

from server.catalog.source import Catalog
from server.catalog.vendor_files import Collected, decoded

SOURCE = "aws-identity-center"
ALL = "aws:identity-center"
ACTIVE, KIND, CATEGORY = "ACTIVE", "permission set", "Cloud"


class _PermissionSet(msgspec.Struct):
    name: str = msgspec.field(name="Name")
    arn: str = msgspec.field(name="PermissionSetArn")
    description: str = msgspec.field(default="", name="Description")


class _Described(msgspec.Struct):
    permission_set: _PermissionSet = msgspec.field(name="PermissionSet")


class _Account(msgspec.Struct):
    id: str = msgspec.field(name="Id")
    name: str = msgspec.field(name="Name")
    status: str = msgspec.field(default=ACTIVE, name="Status")


class _File(msgspec.Struct):
    permission_sets: list[_Described] = msgspec.field(name="PermissionSets")
    accounts: list[_Account] = msgspec.field(default_factory=list, name="Accounts")
    provisioned: dict[str, list[str]] = msgspec.field(
        default_factory=dict, name="ProvisionedAccounts"
    )


def parse_identity_center(data: bytes, audience: str, policy: str) -> Catalog:
    """Return the catalog of an AWS organisation; raises `BadCatalog`."""
    file = decoded(data, _File)
    collected = Collected(SOURCE, audience, policy)
    sets = [one.permission_set for one in file.permission_sets]
    if not file.accounts:
        collected.app(ALL, "AWS", "AWS accounts, through IAM Identity Center.", category=CATEGORY)
        for one in sets:
            _add(collected, ALL, "AWS", one)
        return collected.catalog()
    for account in file.accounts:
        if account.status != ACTIVE:
            collected.skipped += 1
            continue
        key, name = f"aws:{account.id}", f"AWS {account.name}"
        described = f"The AWS account {account.name} ({account.id})."
        collected.app(key, name, described, category=CATEGORY)
        for one in sets:
            if account.id in file.provisioned.get(one.arn, ()):
                _add(collected, key, name, one)
    reached = {arn for arn, accounts in file.provisioned.items() if accounts}
    collected.skipped += sum(1 for one in sets if one.arn not in reached)
    return collected.catalog()


def _add(collected: Collected, app_id: str, app_name: str, one: _PermissionSet) -> None:
    key = f"{app_id}:{one.arn.rpartition('/')[2]}"
    collected.permission(key, app_id, f"{app_name} / {one.name}", one.description, KIND)
