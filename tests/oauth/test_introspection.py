"""Resource servers on other machines ask whether a token is good (RFC 7662)."""

from __future__ import annotations

import base64
import json
from dataclasses import replace
from datetime import timedelta
from typing import Any

import httpx
import pytest

from domain.consent import ConsentGiven, RevokeConsent
from domain.person import PutPerson
from domain.resource_server import OVERLAP, ResourceServerAdded, UnknownResource
from server.oauth.token_rows import ACCESS_LIFE
from server.operations import OPERATIONS
from server.wiring import System
from tests.oauth.flow import Flow
from tests.seeds import ALICE, person
from tests.web import Web, web_with

pytestmark = pytest.mark.anyio
READ, WRITE = "doorward:user:read", "doorward:user:write"


def operate(web: Web, action: str, **wish: object) -> dict[str, Any]:
    operation = OPERATIONS[f"resource-server {action}"]
    return operation(web.system, json.dumps(wish).encode(), lambda _progress: None)


async def ask(web: Web, token: str, secret: str, name: str = "reports") -> httpx.Response:
    form = {"token": token, "client_id": name, "client_secret": secret}
    return await web.http.post(f"{web.issuer}/introspect", data=form)


@pytest.fixture
def secret(web: Web) -> str:
    return str(operate(web, "add", name="reports")["secret"])


async def test_a_good_token_is_described(web: Web, secret: str) -> None:
    """RFC 7662 §2.2."""
    flow = web.flow()
    tokens = await flow.sign_in(web.browser())
    answer = await ask(web, tokens["access_token"], secret)
    said = answer.json()
    assert answer.headers["cache-control"] == "no-store"
    assert said["exp"] - said["iat"] == ACCESS_LIFE.total_seconds()
    assert {name: said[name] for name in said if name not in {"exp", "iat"}} == {
        "active": True,
        "token_type": "Bearer",
        "scope": f"{READ} {WRITE}",
        "client_id": flow.client_id,
        "username": "alice",
        "sub": ALICE,
        "aud": f"{web.issuer}/mcp/user",
        "iss": web.issuer,
    }


async def test_a_refresh_token_is_active_until_it_is_rotated(web: Web, secret: str) -> None:
    flow = web.flow()
    first = await flow.sign_in(web.browser())
    assert (await ask(web, first["refresh_token"], secret)).json()["active"] is True
    second = (await flow.refresh(first["refresh_token"])).json()
    assert (await ask(web, first["refresh_token"], secret)).json() == {"active": False}
    assert (await ask(web, second["refresh_token"], secret)).json()["active"] is True


@pytest.mark.parametrize("ending", ["expired", "revoked", "consent", "disabled"])
async def test_a_token_that_is_not_good_is_inactive_and_nothing_more(
    system: System, ending: str
) -> None:
    async with web_with(system) as (web, hands):
        told = operate(web, "add", name="reports")["secret"]
        flow = web.flow()
        tokens = await flow.sign_in(web.browser())
        await end(web, flow, tokens, ending)
        if ending == "expired":
            hands.moved += ACCESS_LIFE
        assert (await ask(web, tokens["access_token"], told)).json() == {"active": False}


async def end(web: Web, flow: Flow, tokens: dict[str, Any], ending: str) -> None:
    if ending == "revoked":
        form = {"token": tokens["refresh_token"], "client_id": flow.client_id}
        await web.http.post(f"{web.issuer}/revoke", data=form)
    elif ending == "consent":
        (given,) = web.events(ConsentGiven)
        await web.execute(RevokeConsent(given.consent_id))
    elif ending == "disabled":
        await web.execute(PutPerson(ALICE, replace(person(ALICE), disabled=True)))


async def test_it_hears_nothing_of_tokens_for_another_resource(web: Web) -> None:
    """RFC 7662 §4: a resource server must not learn what it is not meant to."""
    resource = f"{web.issuer}/mcp/admin"
    secret = operate(web, "add", name="reports", resource=resource)["secret"]
    tokens = await web.flow().sign_in(web.browser())
    for token in (tokens["access_token"], tokens["refresh_token"], "dwa_unknown", "\0", "x"):
        assert (await ask(web, token, secret)).json() == {"active": False}


async def test_without_its_secret_nobody_hears_anything(web: Web, secret: str) -> None:
    """RFC 7662 §2.1, RFC 6749 §5.2."""
    tokens = await web.flow().sign_in(web.browser())
    for name, given in (
        ("reports", "wrong"),
        ("reports", ""),
        ("nobody", secret),
        ("", ""),
        ("\0", "\0"),
    ):
        answer = await ask(web, tokens["access_token"], given, name)
        assert (answer.status_code, answer.json()) == (401, {"error": "invalid_client"})
    url, form = f"{web.issuer}/introspect", {"token": tokens["access_token"]}
    for header in ("Basic /w==", "Basic x", "Basic", "Bearer x", f"Basic {basic('reports', 'x')}"):
        refused = await web.http.post(url, data=form, headers={"authorization": header})
        assert (refused.status_code, "Basic" in refused.headers["www-authenticate"]) == (401, True)
    good = {"authorization": f"Basic {basic('reports', secret)}"}
    assert (await web.http.post(url, data=form, headers=good)).json()["active"] is True


def basic(name: str, secret: str) -> str:
    return base64.b64encode(f"{name}:{secret}".encode()).decode()


async def test_a_question_without_a_token_or_with_two_is_malformed(web: Web, secret: str) -> None:
    url = f"{web.issuer}/introspect"
    form = f"client_id=reports&client_secret={secret}"
    for body in (form, f"{form}&token=a&token=b", f"{form}&token={'x' * 20_000}"):
        answer = await web.http.post(url, content=body)
        assert (answer.status_code, answer.json()) == (400, {"error": "invalid_request"})


async def test_a_rotated_secret_lasts_a_day_longer(system: System) -> None:
    async with web_with(system) as (web, hands):
        former = operate(web, "add", name="reports")["secret"]
        present = operate(web, "rotate", name="reports")["secret"]
        for secret in (former, present):
            assert (await ask(web, "x", secret)).status_code == 200
        hands.moved += OVERLAP + timedelta(minutes=1)
        assert (await ask(web, "x", former)).status_code == 401
        assert (await ask(web, "x", present)).status_code == 200
        operate(web, "remove", name="reports")
        assert (await ask(web, "x", present)).status_code == 401


async def test_a_leaked_secret_ends_at_once(web: Web, secret: str) -> None:
    present = operate(web, "rotate", name="reports", at_once=True)["secret"]
    assert (await ask(web, "x", secret)).status_code == 401
    assert (await ask(web, "x", present)).status_code == 200


async def test_a_refresh_token_is_never_described_as_one_that_lets_in(
    web: Web, secret: str
) -> None:
    """A resource server that looks at `active` and `scope` alone must not accept one."""
    tokens = await web.flow().sign_in(web.browser())
    said = (await ask(web, tokens["refresh_token"], secret)).json()
    assert set(said) == {"active", "client_id", "exp", "iss"}


async def test_a_resource_is_one_of_ours_however_it_is_spelt(web: Web) -> None:
    told = operate(web, "add", name="spelt", resource=f"{web.issuer}/mcp/admin/")
    assert told["resource"] == f"{web.issuer}/mcp/admin"
    with pytest.raises(UnknownResource):
        operate(web, "add", name="strange", resource="not-a-url")


async def test_the_log_holds_digests_of_secrets_alone(web: Web, secret: str) -> None:
    (added,) = web.events(ResourceServerAdded)
    assert secret not in repr(added)
    assert "reports" in operate(web, "list")


async def test_metadata_names_the_endpoint(web: Web) -> None:
    """RFC 8414 §2."""
    url = f"{web.issuer}/.well-known/oauth-authorization-server"
    metadata = (await web.http.get(url)).json()
    assert metadata["introspection_endpoint"] == f"{web.issuer}/introspect"
    assert "none" not in metadata["introspection_endpoint_auth_methods_supported"]
