"""SCIM as Okta and Entra speak it: the requests are theirs, as their documentation and validators have
them."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator
from typing import Any

import httpx
import pytest

from domain.group import GroupAdded, GroupChanged, GroupRemoved
from domain.person import (
    GrantRole,
    PersonChanged,
    PersonRegistered,
    ReleaseRole,
    Role,
    RoleReleased,
    RolesDescribed,
)
from domain.values import Via
from projections.memberships import members_of
from projections.people import person_by_id
from server.operations import OPERATIONS
from tests.web import Web, web_of

pytestmark = pytest.mark.anyio
USER = "urn:ietf:params:scim:schemas:core:2.0:User"
ENTERPRISE = "urn:ietf:params:scim:schemas:extension:enterprise:2.0:User"
GROUP = "urn:ietf:params:scim:schemas:core:2.0:Group"
PATCH = "urn:ietf:params:scim:api:messages:2.0:PatchOp"
OKTA_USER = {
    "schemas": [USER],
    "userName": "dana@example.com",
    "name": {"givenName": "Dana", "familyName": "Doe"},
    "emails": [{"primary": True, "value": "dana@example.com", "type": "work"}],
    "displayName": "Dana Doe",
    "locale": "en-US",
    "externalId": "00ujl29u0le5T6Aj10h7",
    "groups": [],
    "password": "1mz050nq",
    "active": True,
}
ENTRA_USER = {
    "schemas": [USER, ENTERPRISE],
    "externalId": "0a21f0f2-8d2a-4f8e-bf98-7363c4aed4ef",
    "userName": "Erik@example.com",
    "active": "True",
    "emails": [{"primary": True, "type": "work", "value": "erik@example.com"}],
    "meta": {"resourceType": "User"},
    "name": {"formatted": "Erik E", "familyName": "E", "givenName": "Erik"},
    ENTERPRISE: {"department": "Sales", "employeeNumber": "42"},
    "roles": [],
}


class Provider:
    """An identity provider with a token."""

    def __init__(self, web: Web, token: str) -> None:
        self._web = web
        self.headers = {
            "authorization": f"Bearer {token}",
            "content-type": "application/scim+json",
        }

    async def send(
        self, method: str, path: str, body: object = None, **query: str
    ) -> httpx.Response:
        """Send a request; any body."""
        content = body if isinstance(body, bytes) else json.dumps(body).encode()
        url = f"{self._web.issuer}/scim/v2/{path}"
        return await self._web.http.request(
            method,
            url,
            content=content if body is not None else None,
            params=query,
            headers=self.headers,
        )

    async def add(self, kind: str, body: object) -> dict[str, Any]:
        answer = await self.send("POST", kind, body)
        assert answer.status_code == 201, answer.text
        assert answer.headers["location"] == answer.json()["meta"]["location"]
        return dict(answer.json())

    async def patch(self, path: str, *operations: dict[str, Any]) -> dict[str, Any]:
        answer = await self.send("PATCH", path, {"schemas": [PATCH], "Operations": operations})
        assert answer.status_code == 200, answer.text
        return dict(answer.json())

    async def found(self, kind: str, **query: str) -> list[dict[str, Any]]:
        answer = await self.send("GET", kind, **query)
        assert answer.status_code == 200, answer.text
        assert answer.json()["totalResults"] >= len(answer.json()["Resources"])
        return list(answer.json()["Resources"])


@pytest.fixture
async def web(system: Any) -> AsyncIterator[Web]:
    async with web_of(system) as served:
        yield served


@pytest.fixture
def provider(web: Web) -> Provider:
    made = OPERATIONS["scim-token add"](web.system, b'{"name": "okta"}', lambda _progress: None)
    assert made["url"] == f"{web.issuer}/scim/v2"
    return Provider(web, made["token"])


async def test_okta_looks_a_user_up_and_adds_him(web: Web, provider: Provider) -> None:
    lookup = {"filter": 'userName eq "dana@example.com"', "startIndex": "1", "count": "100"}
    assert await provider.found("Users", **lookup) == []
    user = await provider.add("Users", OKTA_USER)
    (found,) = await provider.found("Users", **lookup)
    assert found == user
    assert user["externalId"] == OKTA_USER["externalId"]
    assert user["active"] is True
    assert "password" not in user
    event = web.events(PersonRegistered)[-1]
    assert event.record.email.text == "dana@example.com"
    actor = list(web.system.store.events_after(0, 10_000))[-1].envelope.actor
    assert (actor.via, actor.service, actor.subject) == (Via.SCIM, "okta", None)


async def test_okta_deactivates_by_put_and_by_patch(web: Web, provider: Provider) -> None:
    user = await provider.add("Users", OKTA_USER)
    path = f"Users/{user['id']}"
    put = await provider.send("PUT", path, {**OKTA_USER, "id": user["id"], "active": False})
    assert put.json()["active"] is False
    back = await provider.patch(path, {"op": "replace", "value": {"active": True}})
    assert back["active"] is True
    assert [one.record.disabled for one in web.events(PersonChanged)] == [True, False]


async def test_roles_are_not_the_providers_to_give_or_take(web: Web, provider: Provider) -> None:
    user = await provider.add("Users", OKTA_USER)
    await web.execute(GrantRole(user["id"], Role.AUDITOR))
    changed = {**OKTA_USER, "id": user["id"], "title": "Auditor", "roles": [{"value": "employee"}]}
    assert (await provider.send("PUT", f"Users/{user['id']}", changed)).status_code == 200
    await provider.patch(f"Users/{user['id']}", {"op": "replace", "value": {"title": "None"}})
    record = web.events(PersonChanged)[-1].record
    assert record.roles == (Role.AUDITOR, Role.EMPLOYEE)


async def test_what_the_provider_pushes_does_not_make_roles_the_directorys(
    web: Web, provider: Provider
) -> None:
    user = await provider.add("Users", OKTA_USER)
    path = f"Users/{user['id']}"
    await web.execute(GrantRole(user["id"], Role.AUDITOR))
    member = {"schemas": [GROUP], "displayName": "Audit", "members": [{"value": user["id"]}]}
    await provider.add("Groups", member)
    await provider.send("PUT", path, {**OKTA_USER, "id": user["id"], "title": "Auditor"})
    await provider.patch(path, {"op": "replace", "value": {"active": False}})
    assert (await provider.send("DELETE", path)).status_code == 204
    record = web.events(PersonChanged)[-1].record
    assert record.roles == (Role.AUDITOR, Role.EMPLOYEE)
    assert not web.events(RolesDescribed)
    await web.execute(ReleaseRole(user["id"], Role.AUDITOR))
    assert web.events(RoleReleased)[-1].roles == (Role.EMPLOYEE,)


async def test_okta_pushes_a_group_and_its_members(web: Web, provider: Provider) -> None:
    dana = await provider.add("Users", OKTA_USER)
    erik = await provider.add("Users", ENTRA_USER)
    group = await provider.add(
        "Groups",
        {"schemas": [GROUP], "displayName": "Sales Team", "members": [{"value": dana["id"]}]},
    )
    path = f"Groups/{group['id']}"

    def members() -> set[str]:
        return set(web.system.reads.blocking(lambda rows: members_of(rows, "sales-team")))

    assert members() == {dana["id"]}
    await provider.patch(
        path,
        {"op": "add", "path": "members", "value": [{"value": erik["id"], "display": "Erik"}]},
        {"op": "remove", "path": f'members[value eq "{dana["id"]}"]'},
    )
    assert members() == {erik["id"]}
    await provider.patch(
        path, {"op": "replace", "path": "members", "value": [{"value": dana["id"]}]}
    )
    assert members() == {dana["id"]}
    await provider.patch(
        path, {"op": "remove", "path": "members", "value": [{"value": dana["id"]}]}
    )
    assert members() == set()
    shown = await provider.send("GET", f"Users/{dana['id']}")
    assert shown.json()["groups"] == []


async def test_entra_speaks_its_own_dialect(web: Web, provider: Provider) -> None:
    user = await provider.add("Users", ENTRA_USER)
    manager = await provider.add("Users", OKTA_USER)
    assert user[ENTERPRISE] == {"department": "Sales", "employeeNumber": "42"}
    changed = await provider.patch(
        f"Users/{user['id']}",
        {"op": "Replace", "path": 'emails[type eq "work"].value', "value": "e@example.com"},
        {"op": "Add", "path": f"{ENTERPRISE}:manager", "value": manager["id"]},
        {"op": "Replace", "path": f"{ENTERPRISE}:department", "value": "Support"},
        {"op": "Add", "value": {"name.givenName": "Erich", "title": "Lead"}},
        {"op": "Replace", "path": "active", "value": "False"},
        {"op": "Add", "path": 'phoneNumbers[type eq "work"].value', "value": "+49 1"},
    )
    assert changed["emails"][0]["value"] == "e@example.com"
    assert changed[ENTERPRISE]["manager"] == {"value": manager["id"]}
    assert changed[ENTERPRISE]["department"] == "Support"
    assert (changed["name"]["givenName"], changed["title"]) == ("Erich", "Lead")
    assert changed["active"] is False
    person = web.system.reads.blocking(lambda rows: person_by_id(rows, user["id"]))
    assert person is not None
    assert dict(person.attributes)["department"] == "Support"
    (found,) = await provider.found("Users", filter='userName eq "ERIK@example.com"')
    assert found["id"] == user["id"]
    (found,) = await provider.found("Users", filter=f'externalId eq "{ENTRA_USER["externalId"]}"')
    assert found["id"] == user["id"]


async def test_a_group_is_renamed_with_all_in_it_and_removed(web: Web, provider: Provider) -> None:
    dana = await provider.add("Users", OKTA_USER)
    group = await provider.add(
        "Groups", {"displayName": "sales-de", "members": [{"value": dana["id"]}]}
    )
    path = f"Groups/{group['id']}"
    (found,) = await provider.found(
        "Groups", filter='displayName eq "sales-de"', excludedAttributes="members"
    )
    assert "members" not in found
    renamed = await provider.patch(path, {"op": "replace", "value": {"displayName": "sales-eu"}})
    assert [one["value"] for one in renamed["members"]] == [dana["id"]]
    names = web.system.reads.blocking(lambda rows: person_by_id(rows, dana["id"]))
    assert names is not None
    assert names.groups == ("sales-eu",)
    assert (await provider.send("DELETE", path)).status_code == 204
    assert (await provider.send("GET", path)).status_code == 404
    assert [len(web.events(kind)) for kind in (GroupAdded, GroupChanged, GroupRemoved)] == [
        1,
        1,
        1,
    ]
    left = web.system.reads.blocking(lambda rows: person_by_id(rows, dana["id"]))
    assert left is not None
    assert left.groups == ()


async def test_a_deleted_user_is_disabled_kept_in_history_and_leaves_his_name(
    web: Web, provider: Provider
) -> None:
    dana = await provider.add("Users", OKTA_USER)
    path = f"Users/{dana['id']}"
    assert (await provider.send("DELETE", path)).status_code == 204
    for method in ("GET", "DELETE"):
        assert (await provider.send(method, path)).status_code == 404
    assert await provider.found("Users", filter='userName eq "dana@example.com"') == []
    again = await provider.add("Users", OKTA_USER)
    assert again["id"] != dana["id"]
    person = web.system.reads.blocking(lambda rows: person_by_id(rows, dana["id"]))
    assert person is not None
    assert person.disabled


async def test_a_name_or_external_id_is_one_users(provider: Provider) -> None:
    await provider.add("Users", OKTA_USER)
    for changed in ({"externalId": "other"}, {"userName": "DANA@example.com"}):
        twice = await provider.send("POST", "Users", {**OKTA_USER, **changed})
        assert (twice.status_code, twice.json()["scimType"]) == (409, "uniqueness")
    await provider.add("Groups", {"displayName": "One"})
    twice = await provider.send("POST", "Groups", {"displayName": "One"})
    assert (twice.status_code, twice.json()["scimType"]) == (409, "uniqueness")


async def test_lists_come_in_pages(provider: Provider) -> None:
    everybody = await provider.found("Users")
    first = await provider.found("Users", startIndex="1", count="2")
    then = await provider.found("Users", startIndex="3", count="2")
    assert [*first, *then] == everybody[:4]
    assert await provider.found("Users", count="0") == []
    assert await provider.found("Users", startIndex="9999", count="-3") == []


@pytest.mark.parametrize(
    "token", ["", "Bearer ", "Bearer dwp_nonsense", "Basic YTpi", "Bearer \0"]
)
async def test_without_a_good_token_nothing_is_told(
    web: Web, provider: Provider, token: str
) -> None:
    provider.headers["authorization"] = token.replace("\0", "x")
    answer = await provider.send("GET", "Users")
    assert (answer.status_code, answer.headers["www-authenticate"]) == (401, "Bearer")
    assert "Resources" not in answer.text


async def test_a_removed_token_is_good_no_more(web: Web, provider: Provider) -> None:
    assert await provider.found("Users")
    OPERATIONS["scim-token remove"](web.system, b'{"name": "okta"}', lambda _progress: None)
    assert (await provider.send("GET", "Users")).status_code == 401


@pytest.mark.parametrize(
    ("method", "path", "body", "status", "kind"),
    [
        ("POST", "Users", b"{", 400, "invalidSyntax"),
        ("POST", "Users", b"[" * 50_000, 400, "invalidSyntax"),
        ("POST", "Users", [], 400, "invalidSyntax"),
        ("POST", "Users", {}, 400, "invalidValue"),
        ("POST", "Users", {"userName": 5}, 400, "invalidValue"),
        ("POST", "Users", {"userName": "a b"}, 400, "invalidValue"),
        ("POST", "Users", {"userName": "a" * 999}, 400, "invalidValue"),
        ("POST", "Users", {"userName": "a", "active": "perhaps"}, 400, "invalidValue"),
        ("POST", "Users", {"userName": "a", "emails": "x"}, 400, "invalidValue"),
        ("POST", "Users", {"userName": "a", "name": []}, 400, "invalidValue"),
        ("POST", "Users", {"userName": "a\0\ud800"}, 201, None),
        ("POST", "Groups", {"displayName": "  "}, 400, "invalidValue"),
        (
            "POST",
            "Groups",
            {"displayName": "G", "members": [{"value": "no"}]},
            400,
            "invalidValue",
        ),
        ("POST", "Groups", {"displayName": "G", "members": ["x"]}, 400, "invalidValue"),
        ("PATCH", "Users/p-alice", {"Operations": []}, 400, "invalidSyntax"),
        ("PATCH", "Users/p-alice", {"Operations": [{"op": "move"}]}, 400, "invalidSyntax"),
        ("PATCH", "Users/p-alice", {"Operations": [{"op": "remove"}]}, 400, "noTarget"),
        (
            "PATCH",
            "Users/p-alice",
            {"Operations": [{"op": "add", "path": "a[b", "value": 1}]},
            400,
            "invalidPath",
        ),
        ("GET", "Users/none", None, 404, None),
        ("GET", "Users/%00", None, 404, None),
        ("GET", "Planets", None, 404, None),
        ("GET", "Schemas/none", None, 404, None),
        ("DELETE", "Users", None, 405, None),
        ("POST", "Users/p-alice", {}, 405, None),
    ],
)
async def test_a_bad_request_is_told_why_and_changes_nothing(
    web: Web, provider: Provider, method: str, path: str, body: object, status: int, kind: str
) -> None:
    head = web.system.store.head()
    answer = await provider.send(method, path, body)
    assert answer.status_code == status, answer.text
    if status >= 400:
        assert answer.json().get("scimType") == kind
        assert web.system.store.head() == head


@pytest.mark.parametrize(
    "query",
    [
        "userName",
        'userName co "a"',
        'userName eq "a" or id eq "b"',
        'shoe eq "44"',
        "(((",
        "a" * 2000,
    ],
)
async def test_a_filter_that_cannot_be_answered_is_refused(provider: Provider, query: str) -> None:
    answer = await provider.send("GET", "Users", filter=query)
    assert (answer.status_code, answer.json()["scimType"]) == (400, "invalidFilter")


async def test_a_client_learns_what_the_server_can(provider: Provider) -> None:
    config = (await provider.send("GET", "ServiceProviderConfig")).json()
    assert config["patch"] == {"supported": True}
    assert [one["id"] for one in await provider.found("ResourceTypes")] == ["User", "Group"]
    assert [one["id"] for one in await provider.found("Schemas")] == [USER, ENTERPRISE, GROUP]
    assert (await provider.send("GET", f"Schemas/{USER}")).json()["name"] == "User"


async def test_attributes_are_chosen_and_searches_may_be_bodies(provider: Provider) -> None:
    user = await provider.add("Users", ENTRA_USER)
    path = f"Users/{user['id']}"
    few = (await provider.send("GET", path, attributes="userName,name.givenName")).json()
    assert set(few) == {"id", "schemas", "meta", "userName", "name"}
    fewer = (await provider.send("GET", path, excludedAttributes="emails,name")).json()
    assert not {"emails", "name"} & set(fewer)
    body = {"filter": f'id eq "{user["id"]}"', "attributes": ["externalId"], "count": 5}
    found = (await provider.send("POST", "Users/.search", body)).json()
    assert [one["externalId"] for one in found["Resources"]] == [ENTRA_USER["externalId"]]
    bad = await provider.send("POST", "Users/.search", {"filter": [1]})
    assert bad.status_code == 400


async def test_an_extension_goes_and_a_name_with_it(provider: Provider) -> None:
    user = await provider.add("Users", ENTRA_USER)
    bare = await provider.patch(
        f"Users/{user['id']}",
        {"op": "remove", "path": ENTERPRISE},
        {"op": "remove", "path": "name"},
    )
    assert ENTERPRISE not in bare
    assert "name" not in bare
