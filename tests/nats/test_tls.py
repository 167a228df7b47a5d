"""A NATS of one's own, with real certificates and keys: what works, and what is said where it does not."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import nats.errors
import pytest

from adapters.jetstream import ensure_streams
from adapters.nats_accounts import EngineUser, accounts, new_nats_key
from adapters.nats_connection import BadNatsFile, NatsAccess, close, connector, reason
from domain.integration import IntegrationKey
from server.config import BadSetting, load_settings
from tests.certificates import write_certificate
from tests.nats.own_server import own_server

pytestmark = pytest.mark.anyio
PLAIN, FIRST, MUTUAL = "plain", "first", "mutual"
FAULTS = (nats.errors.Error, OSError, TimeoutError)


@dataclass
class Secured:
    """A server that speaks TLS alone, and what it takes to reach it."""

    port: int
    certificate: Path
    key: IntegrationKey
    seed: Path

    def access(self, **changes: object) -> NatsAccess:
        fields: dict[str, object] = {
            "url": f"tls://127.0.0.1:{self.port}",
            "credentials": self.seed,
            "ca": self.certificate,
        }
        return NatsAccess(**{**fields, **changes})  # type: ignore[arg-type]  # fields by name


@pytest.fixture(params=[PLAIN, FIRST, MUTUAL])
def secured(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Secured]:
    certificate = write_certificate(tmp_path / "nats.pem", "localhost")
    publisher, reader = new_nats_key(), new_nats_key()
    seed = tmp_path / "publisher.nk"
    seed.write_text(publisher.secret)
    who = accounts("main", EngineUser(nkey=publisher.public), EngineUser(nkey=reader.public), {})
    more = {
        PLAIN: "",
        FIRST: "handshake_first: true",
        MUTUAL: f'ca_file: "{certificate}", verify: true',
    }[request.param]
    tls = f'tls {{ cert_file: "{certificate}", key_file: "{certificate}", {more} }}'
    with own_server(tmp_path / "nats", who, tls, greeting=request.param != FIRST) as port:
        yield Secured(port, certificate, publisher, seed)


def way_in(secured: Secured, request: pytest.FixtureRequest) -> NatsAccess:
    """Return the access that this kind of server wants."""
    kind = request.node.callspec.params["secured"]
    mutual = {"cert": secured.certificate, "key": secured.certificate} if kind == MUTUAL else {}
    return secured.access(tls_first=kind == FIRST, **mutual)


async def test_with_the_right_authority_and_key_streams_are_made(
    secured: Secured, request: pytest.FixtureRequest
) -> None:
    client = await connector(way_in(secured, request))()
    try:
        assert await ensure_streams(client.jetstream(), "main") == []
    finally:
        await close(client)


async def test_with_another_authority_name_or_key_there_is_no_connection(
    secured: Secured, request: pytest.FixtureRequest, tmp_path: Path
) -> None:
    good = way_in(secured, request)
    other = write_certificate(tmp_path / "other.pem", "localhost")
    stranger = tmp_path / "stranger.nk"
    stranger.write_text(new_nats_key().secret)
    wrong = [
        secured.access(ca=other, tls_first=good.tls_first, cert=good.cert, key=good.key),
        secured.access(
            url=f"tls://not-its-name.localhost:{secured.port}",
            tls_first=good.tls_first,
            cert=good.cert,
            key=good.key,
        ),
        secured.access(
            credentials=stranger, tls_first=good.tls_first, cert=good.cert, key=good.key
        ),
    ]
    for access in wrong:
        with pytest.raises(FAULTS) as caught:
            await connector(access)()
        said = reason(caught.value)
        assert said
        assert secured.key.secret not in said


@pytest.mark.parametrize("what", ["credentials", "ca", "cert"])
def test_a_file_that_is_missing_or_no_such_thing_is_named_at_the_start(
    what: str, tmp_path: Path
) -> None:
    nonsense = tmp_path / "nonsense"
    nonsense.write_text("nonsense")
    for path in (tmp_path / "missing", nonsense):
        access = NatsAccess("tls://127.0.0.1:1", **{what: path})  # type: ignore[arg-type]  # by name
        with pytest.raises(BadNatsFile) as caught:
            connector(access)
        assert "\n" not in str(caught.value)


def test_another_machine_is_not_spoken_to_in_the_clear_unless_somebody_says_so() -> None:
    with pytest.raises(BadSetting, match="DOORWARD_NATS_INSECURE"):
        load_settings({"DOORWARD_NATS_URL": "nats://nats.example:4222"})
    for more in ({"DOORWARD_NATS_INSECURE": "on"}, {"DOORWARD_NATS_TLS_FIRST": "on"}):
        load_settings({"DOORWARD_NATS_URL": "nats://nats.example:4222", **more})
    load_settings({"DOORWARD_NATS_URL": "tls://nats.example:4222"})
    load_settings({"DOORWARD_NATS_URL": "nats://127.0.0.1:4222"})
