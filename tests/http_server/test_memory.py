"""What a connection leaves in memory when it has ended: nothing that waits for the garbage collector, which looks
seldom (`server.process_memory`)."""

from __future__ import annotations

import gc
import weakref
from collections.abc import Iterator

import pytest

from tests.http_server.conftest import GET, serving

pytestmark = pytest.mark.anyio


@pytest.fixture
def uncollected() -> Iterator[None]:
    """Nobody looks for garbage."""
    gc.collect()
    gc.disable()
    yield
    gc.enable()


@pytest.mark.parametrize(
    ("sent", "heard"),
    [
        (GET % b"", b"/"),
        (GET % b"stream", b"x"),
        (GET % b"held", b""),
        (b"GET / HTTP/1.1\r\nHost: doorward.exa", b""),
        (b"no request\r\n\r\n", b"400"),
        ((GET % b"").replace(b"1.1", b"1.0"), b"/"),
    ],
    ids=["kept", "streaming", "at work", "in a head", "refused", "its last"],
)
@pytest.mark.usefixtures("uncollected")
async def test_a_connection_that_has_ended_is_garbage_that_nobody_has_to_find(
    sent: bytes, heard: bytes
) -> None:
    async with serving() as served:
        client = await served.client()
        await served.until(lambda: len(served.web.connections.open) == 1)
        left = weakref.WeakSet(served.web.connections.open)
        await client.send(sent)
        await client.reader.readuntil(heard) if heard else None
        client.hang_up()
        served.seen.released.set()
        await served.until(lambda: len(left) == 0)
