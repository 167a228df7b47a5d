"""Attempts of programs, counted in this process's memory under digests; they go when their window has passed.
The library `limits` keeps them. Each limit has room of its own, so that what fills one flushes no count of
another."""

from __future__ import annotations

import ipaddress
import math
import time
from collections import defaultdict

from limits import RateLimitItem, RateLimitItemPerMinute
from limits.storage import MemoryStorage
from limits.strategies import MovingWindowRateLimiter
from starlette.requests import Request
from starlette.responses import JSONResponse, Response

from server.secret_tokens import digest
from server.telemetry.catalogue import RATE_LIMITED
from server.telemetry.meters import DEAF, Meters

MOST_KEYS = 100_000
"""Names in one limit's memory: some tens of megabytes when an attacker fills it."""
FEW_KEYS = 1_000
FAILED_TOKEN_REQUESTS = RateLimitItemPerMinute(60, namespace="token failed")
TOKEN_REQUESTS = RateLimitItemPerMinute(600, namespace="token")
BEGINNINGS = RateLimitItemPerMinute(300, namespace="begin")
REGISTRATIONS = RateLimitItemPerMinute(120, namespace="register")
STEP_SECONDS = 5.0
"""By how much the wall clock moves against the monotonic one when somebody sets it, and not when it is slewed."""


class _BoundedMemory(MemoryStorage):
    """The library's memory, which would keep an empty list for every name it ever met. Names are
    swept when they have doubled; where that does not make room, those known longest go."""

    def __init__(self, most: int) -> None:
        super().__init__()
        self._most = most
        self._sweep_at = min(FEW_KEYS, most)

    def acquire_entry(self, key: str, limit: int, expiry: int, amount: int = 1) -> bool:
        """Count an attempt as the library does, once there is room for its name."""
        if key not in self.events and len(self.events) >= self._sweep_at:
            self._sweep()
        return super().acquire_entry(key, limit, expiry, amount)

    def _sweep(self) -> None:
        now = time.time()
        for key in list(self.events):
            with self.locks[key]:
                found = self.events[key]
                if not found or found[0].expiry <= now:
                    self.clear(key)
        if len(self.events) >= self._most:
            for key in list(self.events)[: self._most // 2]:
                # The library's own sweep, on its thread, holds the same lock.
                with self.locks[key]:
                    self.clear(key)
        self._sweep_at = min(self._most, max(FEW_KEYS, 2 * len(self.events)))


class Attempts:
    """Counts attempts. Each question returns the seconds to wait, or None to go on. The library counts by the
    wall clock; where that is set back, attempts of the future would keep people out until it comes: then all
    counts begin anew."""

    def __init__(self, *, on: bool, most_keys: int = MOST_KEYS, meters: Meters = DEAF) -> None:
        """Without `on`, nothing is counted and nobody waits."""
        self._on = on
        self._meters = meters
        self._ahead = time.time() - time.monotonic()
        self._counts: defaultdict[str, MovingWindowRateLimiter] = defaultdict(
            lambda: MovingWindowRateLimiter(_BoundedMemory(most_keys))
        )

    def token_request(self, client_id: str, address: str) -> int | None:
        """Ask before a request about tokens is looked at, and count it."""
        wait = self._wait(TOKEN_REQUESTS, f"{client_id} {address}")
        self._hit(TOKEN_REQUESTS, f"{client_id} {address}")
        return self.token(client_id, address) if wait is None else wait

    def token(self, client_id: str, address: str) -> int | None:
        """Ask before a token is looked at for somebody who may ask as often as he likes, as long as
        he proves who he is."""
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
        if not self._on or self._of(limit).test(limit, name):
            return None
        self._meters.count(RATE_LIMITED.name, limit.namespace)
        reset = self._of(limit).get_window_stats(limit, name).reset_time
        return max(1, math.ceil(reset - time.time()))

    def _hit(self, limit: RateLimitItem, key: str) -> None:
        if self._on:
            self._of(limit).hit(limit, digest(key))

    def _of(self, limit: RateLimitItem) -> MovingWindowRateLimiter:
        ahead = time.time() - time.monotonic()
        if abs(ahead - self._ahead) > STEP_SECONDS:
            self._counts.clear()
        self._ahead = ahead
        return self._counts[limit.namespace]


def address_of(request: Request) -> str:
    """Return the network address a request came from; of IPv6 the network that one household has. On
    a socket for both families an IPv4 address comes as ``::ffff:a.b.c.d`` (RFC 4291 §2.5.5.2): all of
    them would be one household."""
    host = request.client.host if request.client else ""
    try:
        address = ipaddress.ip_address(host)
    except ValueError:
        return host
    if isinstance(address, ipaddress.IPv6Address):
        if address.ipv4_mapped is not None:
            return str(address.ipv4_mapped)
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
