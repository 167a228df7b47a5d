"""Catalogs from what the APIs of other systems return, in the shapes that their references show."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from server.catalog.entries import BadCatalog
from server.catalog.opening import VENDORS, Format
from server.catalog.source import Catalog, gathered

OKTA: dict[str, Any] = {
    "apps": [
        {
            "id": "0oa1gjh63g214q0Hq0g4",
            "name": "salesforce",
            "label": "Salesforce",
            "status": "ACTIVE",
            "created": "2015-08-31T16:58:44.000Z",
            "accessibility": {"selfService": False, "errorRedirectUrl": None},
            "visibility": {"autoSubmitToolbar": False, "hide": {"iOS": False, "web": False}},
            "features": ["PUSH_NEW_USERS"],
            "signOnMode": "SAML_2_0",
            "settings": {"app": {"instanceType": "PRODUCTION"}, "notes": {"enduser": "Our CRM."}},
            "_links": {
                "logo": [{"name": "medium", "href": "https://logos.example/sf.png"}],
                "users": {"href": "https://acme.okta.com/api/v1/apps/0oa1/users"},
            },
        },
        {"id": "0oaOld", "name": "fax", "label": "Fax", "status": "INACTIVE", "_links": {}},
    ],
    "groups": [
        {
            "id": "00g1emaKYZTWRYYRRTSK",
            "type": "OKTA_GROUP",
            "profile": {"name": "West Coast Sales", "description": "Sales in the west"},
        },
        {"id": "00gTeam", "type": "OKTA_GROUP", "profile": {"name": "Chess", "description": None}},
        {"id": "00gAll", "type": "BUILT_IN", "profile": {"name": "Everyone"}},
        {"id": "00gAd", "type": "APP_GROUP", "profile": {"name": "Domain Users"}},
    ],
    "app_groups": {
        "0oa1gjh63g214q0Hq0g4": [
            {"id": "00g1emaKYZTWRYYRRTSK", "priority": 0, "profile": {}},
            {"id": "00gAll", "priority": 1},
        ]
    },
}
ARN = "arn:aws:sso:::permissionSet/ssoins-72226e8f3/ps-1"
IDENTITY_CENTER: dict[str, Any] = {
    "PermissionSets": [
        {
            "PermissionSet": {
                "Name": "ReadOnlyAccess",
                "PermissionSetArn": ARN,
                "Description": "Look at everything.",
                "CreatedDate": "2024-01-01T00:00:00Z",
                "SessionDuration": "PT1H",
            }
        },
        {
            "PermissionSet": {
                "Name": "Unused",
                "PermissionSetArn": "arn:aws:sso:::permissionSet/ssoins-72226e8f3/ps-2",
            }
        },
    ],
    "Accounts": [
        {
            "Id": "111122223333",
            "Arn": "arn:aws:organizations::111122223333:account/o-1/111122223333",
            "Email": "prod@example.com",
            "Name": "Production",
            "Status": "ACTIVE",
            "JoinedMethod": "CREATED",
        },
        {"Id": "444455556666", "Name": "Gone", "Status": "SUSPENDED"},
    ],
    "ProvisionedAccounts": {ARN: ["111122223333", "444455556666"]},
}
GITHUB: dict[str, Any] = {
    "organization": {
        "login": "acme",
        "id": 1,
        "name": "Acme",
        "description": None,
        "html_url": "https://github.com/acme",
        "avatar_url": "https://avatars.example/1",
    },
    "teams": [
        {
            "id": 7,
            "node_id": "MDQ6VGVhbTE=",
            "name": "Payments",
            "slug": "payments",
            "description": "They move money",
            "privacy": "closed",
            "permission": "pull",
            "parent": {"id": 6, "name": "Engineering", "slug": "engineering"},
        },
        {"id": 8, "name": "Raiders", "slug": "raiders", "privacy": "secret", "parent": None},
    ],
    "team_repositories": {
        "payments": [
            {"id": 1, "name": "ledger", "full_name": "acme/ledger", "role_name": "write"},
            {"id": 2, "name": "docs", "role_name": "read", "permissions": {"pull": True}},
        ]
    },
}


def read(kind: Format, file: object, audience: str = "everyone", policy: str = "") -> Catalog:
    return gathered(VENDORS[kind](json.dumps(file).encode(), audience, policy))


def shown(catalog: Catalog) -> tuple[dict[str, str], dict[str, tuple[str, str]]]:
    return (
        {key: one.name for key, one in catalog.apps.items()},
        {key: (one.label, one.description) for key, one in catalog.permissions.items()},
    )


def test_okta_apps_and_the_groups_that_open_them() -> None:
    catalog = read(Format.OKTA, OKTA)
    apps, permissions = shown(catalog)
    assert apps == {"okta:0oa1gjh63g214q0Hq0g4": "Salesforce", "okta:groups": "Okta groups"}
    assert permissions == {
        "okta:0oa1gjh63g214q0Hq0g4:00g1emaKYZTWRYYRRTSK": (
            "Salesforce / West Coast Sales",
            "Sales in the west",
        ),
        "okta:groups:00gTeam": ("Okta groups / Chess", ""),
    }
    salesforce = next(iter(catalog.apps.values()))
    assert salesforce.logo_url == "https://logos.example/sf.png"
    assert salesforce.description == "Our CRM."
    assert catalog.skipped == 4


def test_permission_sets_by_the_accounts_they_are_provisioned_to() -> None:
    catalog = read(Format.IDENTITY_CENTER, IDENTITY_CENTER, "engineering", "careful")
    apps, permissions = shown(catalog)
    assert apps == {"aws:111122223333": "AWS Production"}
    assert permissions == {
        "aws:111122223333:ps-1": ("AWS Production / ReadOnlyAccess", "Look at everything.")
    }
    (account,) = catalog.apps.values()
    assert (account.audience, account.policy) == ("engineering", "careful")
    assert catalog.skipped == 2


def test_permission_sets_without_accounts_are_of_one_app() -> None:
    catalog = read(Format.IDENTITY_CENTER, {"PermissionSets": IDENTITY_CENTER["PermissionSets"]})
    assert set(catalog.permissions) == {"aws:identity-center:ps-1", "aws:identity-center:ps-2"}


def test_github_teams_by_what_they_open_and_secret_ones_left_out() -> None:
    catalog = read(Format.GITHUB, GITHUB)
    apps, permissions = shown(catalog)
    assert apps == {"github:acme": "GitHub Acme"}
    assert permissions == {
        "github:acme:7": (
            "GitHub Acme / Payments",
            "They move money. Part of Engineering. Write: ledger. Read: docs.",
        )
    }
    assert catalog.skipped == 1


@pytest.mark.parametrize(
    ("kind", "file", "message"),
    [
        (Format.OKTA, [], "the file: Expected `object`, got `array`"),
        (Format.OKTA, {"apps": []}, "missing required field `groups`"),
        (Format.OKTA, {"apps": [{"id": 1}], "groups": []}, "apps[0].id: Expected `str`"),
        (
            Format.OKTA,
            {"apps": [{"id": "a b", "label": "X"}], "groups": []},
            "app 'X' (id 'okta:a b'), field id",
        ),
        (Format.IDENTITY_CENTER, {}, "missing required field `PermissionSets`"),
        (Format.GITHUB, {"organization": {"login": "x"}}, "missing required field `teams`"),
    ],
)
def test_a_file_of_another_shape_says_where(kind: Format, file: object, message: str) -> None:
    with pytest.raises(BadCatalog) as caught:
        read(kind, file)
    assert message in str(caught.value)


@given(st.sampled_from(sorted(VENDORS)), st.binary(max_size=100))
def test_no_bytes_are_more_than_a_bad_file(kind: Format, content: bytes) -> None:
    with pytest.raises(BadCatalog):
        VENDORS[kind](content, "everyone", "")
