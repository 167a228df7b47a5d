"""The `TimestampAuthority` port over HTTP (RFC 3161 §3.4). What comes back has to be granted, over what was sent
and in answer to this very question; whose certificate stands behind it is for whoever verifies it later."""

from __future__ import annotations

from hashlib import sha256

import httpx
from rfc3161_client import (
    HashAlgorithm,
    PKIStatus,
    TimestampRequestBuilder,
    decode_timestamp_response,
)

from domain.checkpoint import Unwitnessed

SECONDS = 20.0
REPLY_LIMIT = 64 * 1024
GRANTED = (PKIStatus.GRANTED, PKIStatus.GRANTED_WITH_MODS)


class HttpTimestampAuthority:
    """The authority at a URL."""

    def __init__(self, url: str) -> None:
        self._url = url

    async def stamp(self, content: bytes) -> bytes:
        """Return the authority's reply over the content, in DER; raises `Unwitnessed`."""
        asked = (
            TimestampRequestBuilder().data(content).hash_algorithm(HashAlgorithm.SHA256).build()
        )
        reply = await self._replied(asked.as_bytes())
        try:
            told = decode_timestamp_response(reply)
            granted = PKIStatus(told.status) in GRANTED
            matches = granted and (
                told.tst_info.message_imprint.message == sha256(content).digest()
                and told.tst_info.nonce == asked.nonce
            )
        except ValueError as fault:
            raise Unwitnessed(
                f"{self._url}: it does not answer as RFC 3161 says: {fault}"
            ) from None
        if not matches:
            raise Unwitnessed(f"{self._url}: it did not stamp what it was sent")
        return reply

    async def _replied(self, asked: bytes) -> bytes:
        headers = {"Content-Type": "application/timestamp-query"}
        try:
            async with httpx.AsyncClient(timeout=SECONDS) as client:
                response = await client.post(self._url, content=asked, headers=headers)
        except httpx.HTTPError as fault:
            raise Unwitnessed(f"{self._url}: {str(fault) or type(fault).__name__}") from None
        if response.status_code != httpx.codes.OK or len(response.content) > REPLY_LIMIT:
            raise Unwitnessed(f"{self._url}: it answers {response.status_code}")
        return response.content
