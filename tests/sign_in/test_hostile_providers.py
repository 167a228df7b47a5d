"""Answers that must sign nobody in, from a provider that says whatever is asked of it."""

from __future__ import annotations

import logging
import time
from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from authlib.oauth2.rfc7636 import create_s256_code_challenge

from domain.errors import IdentityOfAnother
from domain.person import LinkIdentity, PersonChanged, PutPerson
from domain.values import Personal, PersonId
from projections.people import person_by_id
from server.sign_in.claims import first_person_id
from server.sign_in.identity_provider import CLOCK_SKEW
from server.sign_in.pending_sign_ins import PENDING_LIFE
from server.sign_in.refusals import (
    NotAdmitted,
    ProviderDeclined,
    ProviderUnreachable,
    ProviderUntrusted,
    SignInRefused,
    StaleSignIn,
)
from server.wiring import System
from tests import seeds
from tests.running import free_port
from tests.sign_in.hostile import (
    ACCESS_TOKEN,
    HostileProvider,
    finished,
    hostile_provider,
    new_key,
)
from tests.sign_in.providers import CLIENT_SECRET, doorward_at, query_of, visit

pytestmark = pytest.mark.anyio
ON_MEMORY = pytest.mark.parametrize("database_url", ["memory"], indirect=True)
PERSON_TABLES = ("SELECT COUNT(*) FROM person", "SELECT COUNT(*) FROM identity")
DEEP: Any = {"a": [{"b": [None, 1.5, {"c": "\ud800\0"}]}]}


@pytest.fixture
def provider() -> Iterator[HostileProvider]:
    with hostile_provider() as running:
        yield running


def counted(system: System) -> list[object]:
    with system.store.read() as rows:
        return [rows.select(sql)[0][0] for sql in PERSON_TABLES]


def contents(folder: Path) -> list[bytes]:
    return [file.read_bytes() for file in folder.rglob("*") if file.is_file()]


@ON_MEMORY
async def test_the_hostile_provider_signs_in_while_it_is_honest(
    system: System, provider: HostileProvider
) -> None:
    doorward = doorward_at(system, provider.issuer)
    person_id = await finished(doorward, provider, await visit(doorward))
    assert person_id == first_person_id(provider.issuer, "s-1")


@ON_MEMORY
@pytest.mark.parametrize(
    "claims",
    [
        {"nonce": "another"},
        {"nonce": None},
        {"nonce": 1},
        {"aud": "another client"},
        {"aud": ["doorward", "another client"]},
        {"aud": "another client", "azp": "doorward"},
        {"aud": None},
        {"aud": DEEP},
        {"azp": "another client"},
        {"iss": "https://another.example"},
        {"iss": None},
        {"iss": ["http://127.0.0.1"]},
        {"sub": None},
        {"sub": ""},
        {"sub": 7},
        {"exp": 1},
        {"exp": "soon"},
        {"exp": True},
        {"exp": float("nan")},
        {"iat": None},
        {"iat": 99_999_999_999},
        {"at_hash": "wrong"},
        {"at_hash": DEEP},
        {"auth_time": "today"},
    ],
    ids=str,
)
async def test_an_id_token_that_is_not_about_this_sign_in_is_refused(
    system: System, provider: HostileProvider, claims: dict[str, Any]
) -> None:
    doorward, before = doorward_at(system, provider.issuer), counted(system)
    went = await visit(doorward)
    provider.claims = claims
    with pytest.raises(ProviderUntrusted) as refusal:
        await finished(doorward, provider, went)
    assert refusal.value.then == went.then
    assert counted(system) == before


@ON_MEMORY
@pytest.mark.parametrize("alg", ["none", "HS256"])
async def test_an_id_token_that_proves_nothing_is_refused_even_if_metadata_offers_it(
    system: System, provider: HostileProvider, alg: str
) -> None:
    doorward = doorward_at(system, provider.issuer)
    provider.alg = alg
    with pytest.raises(ProviderUntrusted):
        await finished(doorward, provider, await visit(doorward))


@ON_MEMORY
async def test_an_id_token_that_another_signed_is_refused(
    system: System, provider: HostileProvider
) -> None:
    doorward = doorward_at(system, provider.issuer)
    for kid in ("1", "2"):
        provider.forger = new_key(kid)
        with pytest.raises(ProviderUntrusted):
            await finished(doorward, provider, await visit(doorward))


@ON_MEMORY
async def test_a_provider_may_change_its_key(system: System, provider: HostileProvider) -> None:
    doorward = doorward_at(system, provider.issuer)
    await finished(doorward, provider, await visit(doorward))
    provider.key = new_key("2")
    await finished(doorward, provider, await visit(doorward))
    provider.key = new_key("2")
    with pytest.raises(ProviderUntrusted):
        await finished(doorward, provider, await visit(doorward))
    await finished(doorward, provider, await visit(doorward))


@ON_MEMORY
@pytest.mark.parametrize(
    "tokens",
    [
        {"id_token": None},
        {"id_token": ""},
        {"id_token": 1},
        {"id_token": DEEP},
        {"id_token": "a.b.c"},
        {"id_token": "e30.e30.e30"},
        {"access_token": None},
        {"expires_in": "soon"},
        {"expires_in": float("inf")},
        {"error": "invalid_grant"},
        {"error": DEEP},
    ],
    ids=str,
)
async def test_a_token_answer_without_proof_is_refused(
    system: System, provider: HostileProvider, tokens: dict[str, Any]
) -> None:
    provider.userinfo = {"sub": "s-1"}
    doorward = doorward_at(system, provider.issuer)
    provider.tokens = tokens
    with pytest.raises(ProviderUntrusted):
        await finished(doorward, provider, await visit(doorward))


@ON_MEMORY
@pytest.mark.parametrize("userinfo", [{"sub": "s-2"}, {"email": "x@y.z"}, [1], "text", 5])
async def test_userinfo_about_somebody_else_is_refused(
    system: System, provider: HostileProvider, userinfo: object
) -> None:
    provider.userinfo = userinfo
    doorward = doorward_at(system, provider.issuer)
    with pytest.raises(ProviderUntrusted):
        await finished(doorward, provider, await visit(doorward))


@ON_MEMORY
@pytest.mark.parametrize("named", ["https://another.example", "", None])
async def test_a_callback_must_name_its_issuer_where_the_provider_promises_that(
    system: System, provider: HostileProvider, named: str | None
) -> None:
    provider.metadata = {"authorization_response_iss_parameter_supported": True}
    doorward = doorward_at(system, provider.issuer)
    went = await visit(doorward)
    callback = provider.callback(went, **({} if named is None else {"iss": named}))
    with pytest.raises(ProviderUntrusted):
        await doorward.finish(callback, went.browser)
    assert "/token" not in provider.asked, "the code went nowhere"


@ON_MEMORY
async def test_a_callback_of_another_issuer_is_refused_though_none_was_promised(
    system: System, provider: HostileProvider
) -> None:
    doorward = doorward_at(system, provider.issuer)
    went = await visit(doorward)
    callback = provider.callback(went, iss="https://another.example")
    with pytest.raises(ProviderUntrusted):
        await doorward.finish(callback, went.browser)


@pytest.mark.parametrize("state", [None, "", "unknown", "\0", "x" * 9_000, "\ud800"])
async def test_a_state_that_we_did_not_give_is_refused(
    system: System, provider: HostileProvider, state: str | None
) -> None:
    doorward = doorward_at(system, provider.issuer)
    went = await visit(doorward)
    callback = provider.callback(went)
    del callback["state"]
    with pytest.raises(StaleSignIn):
        await doorward.finish(callback | ({"state": state} if state else {}), went.browser)


@ON_MEMORY
async def test_a_sign_in_expires(system: System, provider: HostileProvider) -> None:
    doorward = doorward_at(system, provider.issuer)
    went = await visit(doorward)
    later = replace(doorward, clock=lambda: system.clock() + PENDING_LIFE)
    with pytest.raises(StaleSignIn):
        await later.finish(provider.callback(went), went.browser)


@ON_MEMORY
async def test_a_callback_without_a_code_signs_nobody_in(
    system: System, provider: HostileProvider
) -> None:
    doorward = doorward_at(system, provider.issuer)
    went = await visit(doorward)
    with pytest.raises(ProviderDeclined):
        await doorward.finish(provider.callback(went, code=""), went.browser)


@ON_MEMORY
async def test_a_person_who_must_sign_in_anew_cannot_come_back_with_an_old_sign_in(
    system: System, provider: HostileProvider
) -> None:
    doorward, skew = doorward_at(system, provider.issuer), CLOCK_SKEW.total_seconds()
    asked = query_of((await visit(doorward, fresh=True)).url)
    assert (asked["prompt"], asked["max_age"]) == ("login", "0")
    provider.claims = {"auth_time": int(time.time() - skew - 60)}
    await finished(doorward, provider, await visit(doorward))
    for old in (provider.claims["auth_time"], 0, float("nan"), 1e400, True):
        provider.claims = {"auth_time": old}
        with pytest.raises(ProviderUntrusted):
            await finished(doorward, provider, await visit(doorward, fresh=True))
    provider.claims = {"auth_time": int(time.time())}
    await finished(doorward, provider, await visit(doorward, fresh=True))


@ON_MEMORY
@pytest.mark.parametrize(
    "metadata",
    [
        {"issuer": "https://another.example"},
        {"issuer": None},
        {"token_endpoint": "http://another.example/token"},
        {"authorization_endpoint": "javascript:alert(1)"},
        {"jwks_uri": None},
        {"jwks_uri": "http://[broken"},
        {"token_endpoint": 5},
        {"id_token_signing_alg_values_supported": ["none", "HS256"]},
    ],
    ids=str,
)
async def test_metadata_that_is_anothers_or_unsafe_is_refused(
    system: System, provider: HostileProvider, metadata: dict[str, Any]
) -> None:
    provider.metadata = metadata
    with pytest.raises(ProviderUntrusted):
        await visit(doorward_at(system, provider.issuer))


@ON_MEMORY
async def test_metadata_is_no_way_into_the_settings_of_our_own_client(
    system: System, provider: HostileProvider
) -> None:
    provider.metadata = {"verify": False, "proxy": "http://127.0.0.1:1", "scope": "all"}
    doorward = doorward_at(system, provider.issuer)
    went = await visit(doorward)
    assert query_of(went.url)["scope"] == "openid profile email"
    await finished(doorward, provider, went)


@ON_MEMORY
async def test_a_provider_that_is_away_is_a_refusal_and_is_tried_again(
    system: System, provider: HostileProvider
) -> None:
    with pytest.raises(ProviderUnreachable):
        await visit(doorward_at(system, f"http://127.0.0.1:{free_port()}"))
    doorward = doorward_at(system, provider.issuer)
    provider.status = {"/.well-known/openid-configuration": 503}
    with pytest.raises(ProviderUnreachable):
        await visit(doorward)
    provider.status = {"/token": 502}
    went = await visit(doorward)
    with pytest.raises(ProviderUnreachable):
        await finished(doorward, provider, went)
    provider.status = {}
    await finished(doorward, provider, await visit(doorward))
    assert provider.asked.count("/.well-known/openid-configuration") == 2, "then it is remembered"


@ON_MEMORY
async def test_metadata_is_asked_for_again_after_an_hour(
    system: System, provider: HostileProvider
) -> None:
    doorward = doorward_at(system, provider.issuer)
    await visit(doorward)
    doorward.discovery._clock = lambda: system.clock() + timedelta(hours=1)
    await visit(doorward)
    assert len(provider.asked) == 2


@ON_MEMORY
@pytest.mark.parametrize(
    ("secret", "methods", "shown"),
    [
        (CLIENT_SECRET, None, "header"),
        (CLIENT_SECRET, ["client_secret_post"], "form"),
        (CLIENT_SECRET, ["client_secret_post", "client_secret_basic"], "header"),
        ("", None, "nowhere"),
    ],
)
async def test_the_clients_secret_goes_where_the_provider_takes_it(
    system: System, provider: HostileProvider, secret: str, methods: list[str] | None, shown: str
) -> None:
    provider.metadata = {"token_endpoint_auth_methods_supported": methods}
    doorward = doorward_at(system, provider.issuer, oidc_client_secret=secret)
    went = await visit(doorward)
    await finished(doorward, provider, went)
    ((header, form),) = provider.proofs
    assert header.startswith("Basic ") == (shown == "header")
    assert form.get("client_secret") == (secret if shown == "form" else None)
    assert (
        create_s256_code_challenge(form["code_verifier"]) == query_of(went.url)["code_challenge"]
    )


async def test_an_identity_that_was_linked_to_a_known_person_signs_that_person_in(
    system: System, provider: HostileProvider
) -> None:
    link = LinkIdentity(seeds.ALICE, provider.issuer, Personal(seeds.ALICE, "s-1"))
    await system.bus.execute(link, seeds.CONTEXT)
    doorward = doorward_at(system, provider.issuer)
    assert await finished(doorward, provider, await visit(doorward)) == seeds.ALICE
    provider.claims = {"sub": "s-2", "manager": "s-1"}
    report = await finished(doorward, provider, await visit(doorward))
    row = system.reads.blocking(lambda rows: person_by_id(rows, report))
    assert row is not None
    assert row.manager == seeds.ALICE


async def test_a_linked_identity_is_never_taken_over_by_another_person(
    system: System, provider: HostileProvider
) -> None:
    for person_id in (seeds.ALICE, seeds.ALICE):
        link = LinkIdentity(person_id, provider.issuer, Personal(person_id, "s-1"))
        await system.bus.execute(link, seeds.CONTEXT)
    takeover = LinkIdentity(seeds.BOB, provider.issuer, Personal(seeds.BOB, "s-1"))
    with pytest.raises(IdentityOfAnother):
        await system.bus.execute(takeover, seeds.CONTEXT)


async def test_a_disabled_person_is_refused_and_a_sign_in_never_enables_or_changes_him(
    system: System, provider: HostileProvider
) -> None:
    doorward = doorward_at(system, provider.issuer)
    provider.claims = {"given_name": "Eve", "disabled": False}
    person_id = PersonId(await finished(doorward, provider, await visit(doorward)))
    gone = replace(seeds.person(person_id), disabled=True, username=Personal(person_id, "eve"))
    await system.bus.execute(PutPerson(person_id, gone), seeds.CONTEXT)
    head = system.store.head()
    with pytest.raises(NotAdmitted) as refusal:
        await finished(doorward, provider, await visit(doorward))
    assert "disabled" in refusal.value.sentence
    assert system.store.head() == head


async def test_what_the_claims_leave_out_stays_as_the_directory_has_it(
    system: System, provider: HostileProvider
) -> None:
    doorward = doorward_at(system, provider.issuer)
    provider.claims = {"given_name": "Eve", "email": "eve@example.org", "groups": ["sales"]}
    person_id = await finished(doorward, provider, await visit(doorward))
    provider.claims = {"given_name": "Eva"}
    head = system.store.head()
    assert await finished(doorward, provider, await visit(doorward)) == person_id
    (change,) = system.store.events_after(head, 10)
    assert isinstance(change.envelope.event, PersonChanged)
    row = system.reads.blocking(lambda rows: person_by_id(rows, person_id))
    assert row is not None
    assert (row.given_name, row.email, row.groups) == ("Eva", "eve@example.org", ("sales",))


@pytest.mark.parametrize("odd", [DEEP, [DEEP, 1], 7, True, "\ud800\0\u202e", "", "x" * 5_000])
async def test_claims_of_odd_types_never_crash(
    system: System, provider: HostileProvider, odd: object
) -> None:
    names = ("preferred_username", "given_name", "family_name", "name", "email", "email_verified")
    provider.claims = dict.fromkeys((*names, "groups", "manager"), odd)
    doorward = doorward_at(system, provider.issuer)
    assert await finished(doorward, provider, await visit(doorward))


@pytest.mark.parametrize("subject", ["s\0", "s\u202e", " s", "x" * 256, "\ud800"])
async def test_a_subject_that_can_name_nobody_is_refused(
    system: System, provider: HostileProvider, subject: str
) -> None:
    provider.claims = {"sub": subject}
    doorward = doorward_at(system, provider.issuer)
    with pytest.raises(SignInRefused) as refusal:
        await finished(doorward, provider, await visit(doorward))
    assert "subject" in refusal.value.sentence


@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
async def test_secrets_and_tokens_of_a_sign_in_stand_in_no_file_and_no_log(
    system: System, provider: HostileProvider, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)
    provider.userinfo = {"sub": "s-1"}
    doorward = doorward_at(system, provider.issuer)
    waiting, went = await visit(doorward), await visit(doorward)
    callback = provider.callback(went)
    await doorward.finish(callback, went.browser)
    failing = await visit(doorward)
    provider.claims = {"nonce": "another"}
    with pytest.raises(ProviderUntrusted):
        await finished(doorward, provider, failing)
    asked = query_of(waiting.url)
    secrets = [asked["state"], asked["nonce"], waiting.then, waiting.browser]
    secrets += [callback["code"], ACCESS_TOKEN, CLIENT_SECRET, *provider.written]
    secrets += [form["code_verifier"] for _, form in provider.proofs]
    files = contents(tmp_path)
    assert files
    for secret in secrets:
        assert not any(secret.encode() in file for file in files)
        assert secret not in caplog.text
