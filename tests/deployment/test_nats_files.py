"""The NATS clusters that the files make: three servers run from the very files, with the accounts that
`doorward integration nats-config` prints, take Doorward in and keep integrations apart."""

from __future__ import annotations

import asyncio
import re
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, suppress
from dataclasses import dataclass
from pathlib import Path

import pytest

from adapters.jetstream import EVENTS, ensure_streams
from adapters.nats_accounts import new_nats_key
from adapters.nats_connection import NatsAccess, close, connector
from domain.messaging import NatsCheck
from server import deployment
from server.config import Settings
from server.failures import StartFailed
from server.wiring import System, open_system
from server.wiring.keys import make_key_files
from tests.certificates import write_certificate
from tests.deployment.charts import by_kind, rendered
from tests.deployment.nats_files import SIZE, started
from tests.integrations.test_answering import operate

DEADLINE = 60


def of_the_chart(**values: object) -> str:
    return str(by_kind(rendered(**values))["ConfigMap doorward-nats"]["data"]["nats.conf"])


SOURCES: dict[str, Callable[[], str]] = {
    "compose": (deployment.FOLDER / "compose" / "nats.conf").read_text,
    "machines": (deployment.FOLDER / "nats-cluster" / "nats.conf").read_text,
    "chart": of_the_chart,
    "chart with TLS": lambda: of_the_chart(nats={"tls": {"existing": "nats-tls"}}),
}


@dataclass
class Running:
    """Three servers, and a Doorward that is to use them."""

    system: System
    settings: Settings
    told: dict[str, str]

    @property
    def access(self) -> NatsAccess:
        """How Doorward signs in to publish."""
        assert self.settings.keys_dir is not None
        seed = self.settings.keys_dir / "publisher.nk"
        return NatsAccess(self.settings.nats_url, seed, self.settings.nats_ca)


@pytest.fixture(params=SOURCES)
def cluster(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Running]:
    text = SOURCES[request.param]()
    certificate = write_certificate(tmp_path / "server.pem")
    encrypted = "cert_file" in text
    text = re.sub(r"(_file: )[^\s,}]+", rf'\g<1>"{certificate}"', text)
    keys = tmp_path / "keys"
    make_key_files(keys)
    with _system(tmp_path, keys) as system:
        told = operate(system, "integration add", name="auto", rights=["decide", "subscribe"])
        accounts = str(operate(system, "integration nats-config")["configuration"])
    with started(tmp_path / "nats", text, accounts) as plain:
        url = plain.replace("nats://", "tls://") if encrypted else plain
        with _system(tmp_path, keys, url, certificate if encrypted else None) as system:
            yield Running(system, system.settings, told)


def _system(
    folder: Path, keys: Path, url: str = "off", authority: Path | None = None
) -> AbstractContextManager[System]:
    """Open a Doorward with these keys, and a data folder that holds its database alone."""
    settings = Settings(data_dir=folder / "data", keys_dir=keys, nats_url=url, nats_ca=authority)
    return open_system(settings)


async def keeps_three_copies(access: NatsAccess) -> int:
    """Connect, have the streams made once the cluster has formed, and tell how many copies there are."""
    async with asyncio.timeout(DEADLINE):
        while True:
            client = await connector(access)()
            with suppress(TimeoutError):
                # What is asked before there is a leader is not answered at all.
                await client.jetstream(timeout=0.2).account_info()
                break
            await close(client)
            await asyncio.sleep(0.1)
        await ensure_streams(client.jetstream(), "main")
        config = (await client.jetstream().stream_info(EVENTS)).config
        await close(client)
    return config.num_replicas or 0


def test_three_servers_from_the_files_take_doorward_in_and_keep_its_streams_threefold(
    cluster: Running,
) -> None:
    assert asyncio.run(keeps_three_copies(cluster.access)) == SIZE


@pytest.mark.parametrize("cluster", ["machines"], indirect=True)
def test_the_doctor_finds_the_cluster_of_the_files_safe(cluster: Running) -> None:
    asyncio.run(keeps_three_copies(cluster.access))
    found: NatsCheck = cluster.system.nats.check("auto", cluster.told["nats_seed"])
    assert found.safe, found
    assert {one.replicas for one in found.streams} == {SIZE}


def test_without_a_cluster_the_doctor_says_so_in_a_line(tmp_path: Path) -> None:
    keys = tmp_path / "keys"
    make_key_files(keys)
    seed = new_nats_key().secret
    with (
        _system(tmp_path, keys, "nats://127.0.0.1:1,nats://127.0.0.1:2") as system,
        pytest.raises(StartFailed, match="NATS: "),
    ):
        system.nats.check("auto", seed)
