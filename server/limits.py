"""How often something may be tried, by whom. Counts live in this process's memory, under digests, and
go when their window has passed; the library `limits` keeps them. Only failures are counted where
success is what everybody wants: an office shares one address and one published client id.

| what            | most                     | of whom                                            |
|-----------------|--------------------------|----------------------------------------------------|
| failed sign-ins | 5 in 15 minutes          | an account; an administrator's only from the same  |
|                 |                          | address, so that no stranger can lock him out      |
| failed sign-ins | 20 in a minute           | an address                                         |
| failed token    | 60 in a minute           | a client at an address                             |
| registrations   | 120 in a minute          | an address; nothing is stored, so it is generous   |
| sign-ins begun  | 300 in a minute          | an address; each leaves a row for half an hour     |
"""

from __future__ import annotations

import ipaddress
import math
import time

from limits import RateLimitItem, RateLimitItemPerMinute
from limits.storage import MemoryStorage
from limits.strategies import MovingWindowRateLimiter
from starlette.requests import Request
from starlette.responses import JSONResponse, Response

from server.secret_tokens import digest

FAILED_SIGN_INS = RateLimitItemPerMinute(5, 15, namespace="sign-in account")
FAILED_SIGN_INS_BY_ADDRESS = RateLimitItemPerMinute(20, namespace="sign-in address")
FAILED_TOKEN_REQUESTS = RateLimitItemPerMinute(60, namespace="token failed")
BEGINNINGS = RateLimitItemPerMinute(300, namespace="begin")
REGISTRATIONS = RateLimitItemPerMinute(120, namespace="register")


class Limits:
    """Counts attempts. Each question returns the seconds to wait, or None to go on."""

    def __init__(self, *, on: bool) -> None:
        """Without `on`, nothing is counted and nobody waits."""
        self._on = on
        self._counts = MovingWindowRateLimiter(MemoryStorage())

    def sign_in(self, account: str, address: str) -> int | None:
        """Ask before a password is looked at. `account` is what `account_key` returns."""
        waits = (
            self._wait(FAILED_SIGN_INS, account),
            self._wait(FAILED_SIGN_INS_BY_ADDRESS, address),
        )
        return max((wait for wait in waits if wait is not None), default=None)

    def sign_in_failed(self, account: str, address: str) -> None:
        """Count a wrong password, or a name that nobody has."""
        self._hit(FAILED_SIGN_INS, account)
        self._hit(FAILED_SIGN_INS_BY_ADDRESS, address)

    def signed_in(self, account: str) -> None:
        """Forget an account's failures."""
        if self._on:
            self._counts.clear(FAILED_SIGN_INS, digest(account))

    def token(self, client_id: str, address: str) -> int | None:
        """Ask before a token request is looked at."""
        return self._wait(FAILED_TOKEN_REQUESTS, f"{client_id} {address}")

    def token_failed(self, client_id: str, address: str) -> None:
        """Count a token request that was refused."""
        self._hit(FAILED_TOKEN_REQUESTS, f"{client_id} {address}")

    def beginning(self, address: str) -> int | None:
        """Ask before an authorization request or a sign-in elsewhere is begun, and count it."""
        wait = self._wait(BEGINNINGS, address)
        self._hit(BEGINNINGS, address)
        return wait

    def registration(self, address: str) -> int | None:
        """Ask before a registration, and count it."""
        wait = self._wait(REGISTRATIONS, address)
        self._hit(REGISTRATIONS, address)
        return wait

    def _wait(self, limit: RateLimitItem, key: str) -> int | None:
        name = digest(key)
        if not self._on or self._counts.test(limit, name):
            return None
        reset = self._counts.get_window_stats(limit, name).reset_time
        return max(1, math.ceil(reset - time.time()))

    def _hit(self, limit: RateLimitItem, key: str) -> None:
        if self._on:
            self._counts.hit(limit, digest(key))


def account_key(username: str, address: str, *, administrator: bool) -> str:
    """Return what an account's failures are counted under."""
    name = username.casefold()
    return f"{name} {address}" if administrator else name


def address_of(request: Request) -> str:
    """Return the network address a request came from; of IPv6 the network that one household has."""
    host = request.client.host if request.client else ""
    try:
        address = ipaddress.ip_address(host)
    except ValueError:
        return host
    if isinstance(address, ipaddress.IPv6Address):
        return str(ipaddress.ip_network(f"{address}/64", strict=False))
    return host


def too_many(wait: int) -> Response:
    """Answer a program that has to wait (RFC 6585 §4, RFC 9110 §10.2.3)."""
    body = {
        "error": "temporarily_unavailable",
        "error_description": f"too many requests; try again in {wait} seconds",
    }
    headers = {"Retry-After": str(wait), "Cache-Control": "no-store"}
    return JSONResponse(body, 429, headers=headers)
