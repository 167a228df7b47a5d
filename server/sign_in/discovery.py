"""The identity provider as its metadata describes it (OpenID Connect Discovery 1.0), and Authlib's
client for it. Only the fields named here reach that client, which would take a metadata field such
as ``verify`` for a setting of its own. Nothing is kept of a provider that did not answer."""

from __future__ import annotations

import logging
import re
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from urllib.parse import urlsplit

import anyio
import httpx2
import msgspec
from authlib.integrations.base_client import OAuthError
from authlib.integrations.starlette_client import StarletteOAuth2App
from joserfc.errors import JoseError

from domain.ports import Clock
from server.config import Settings
from server.setting_parsers import is_loopback
from server.sign_in.refusals import ProviderUnreachable, ProviderUntrusted

WELL_KNOWN = "/.well-known/openid-configuration"
METADATA_LIFE = timedelta(hours=1)
ANSWER_SECONDS = 15
ASYMMETRIC = frozenset(
    "RS256 RS384 RS512 PS256 PS384 PS512 ES256 ES384 ES512 Ed25519 EdDSA".split()  # noqa: SIM905
)
"""Algorithms of ID tokens: a shared secret or ``none`` would prove nothing."""
FAULTS = (
    *(OAuthError, JoseError, ValueError, TypeError),
    *(LookupError, AttributeError, ArithmeticError, RecursionError),
)
"""What Authlib and joserfc raise on meeting fields of any type."""

_log = logging.getLogger(__name__)
# At DEBUG Authlib logs code verifiers.
logging.getLogger("authlib").setLevel(logging.INFO)


class ProviderMetadata(msgspec.Struct, frozen=True):
    """What Doorward needs of the metadata; defaults are those of the specification."""

    issuer: str
    authorization_endpoint: str
    token_endpoint: str
    jwks_uri: str
    userinfo_endpoint: str | None = None
    id_token_signing_alg_values_supported: tuple[str, ...] = ("RS256",)
    token_endpoint_auth_methods_supported: tuple[str, ...] = ("client_secret_basic",)
    authorization_response_iss_parameter_supported: bool = False


_metadata_decoder = msgspec.json.Decoder(ProviderMetadata)


@dataclass(frozen=True, slots=True)
class Provider:
    """A provider that answered: Authlib's client for it and what its metadata promises."""

    metadata: ProviderMetadata
    client: Any


class Discovery:
    """Finds the provider, and remembers it for a while."""

    def __init__(self, settings: Settings, clock: Clock) -> None:
        self._settings = settings
        self._clock = clock
        self._found: tuple[Provider, datetime] | None = None

    async def provider(self) -> Provider:
        """Return the provider; raises `SignInRefused`, and tries anew at the next call."""
        now = self._clock()
        if self._found is not None and now < self._found[1]:
            return self._found[0]
        with provider_faults():
            metadata = await self._fetched()
        found = Provider(metadata, _client(metadata, self._settings))
        self._found = (found, now + METADATA_LIFE)
        return found

    def forget(self) -> None:
        """Ask for metadata and keys anew next time: they may have changed."""
        self._found = None

    async def _fetched(self) -> ProviderMetadata:
        url = self._settings.oidc_issuer.rstrip("/") + WELL_KNOWN
        async with httpx2.AsyncClient(timeout=ANSWER_SECONDS) as http:
            answer = await http.get(url)
        answer.raise_for_status()
        metadata = _metadata_decoder.decode(answer.content)
        _check(metadata, self._settings.oidc_issuer)
        return metadata


@contextmanager
def provider_faults() -> Iterator[None]:
    """Bound how long the provider is waited for; turn its faults into refusals, and log which."""
    try:
        with anyio.fail_after(ANSWER_SECONDS):
            yield
    except (httpx2.HTTPError, httpx2.InvalidURL, TimeoutError) as fault:
        _log.warning("the identity provider did not answer: %s", type(fault).__name__)
        raise ProviderUnreachable from None
    except FAULTS as fault:
        _log.warning("the identity provider's answer was refused: %s", _named(fault))
        raise ProviderUntrusted from None


def _named(fault: Exception) -> str:
    """Return what a fault is, and nothing that the provider wrote freely."""
    details = (str(getattr(fault, name, "")) for name in ("error", "claim"))
    return " ".join([type(fault).__name__, *(one for one in details if _is_name(one))])


def _is_name(text: str) -> bool:
    return re.fullmatch(r"[a-z_]{1,40}", text) is not None


def _check(metadata: ProviderMetadata, issuer: str) -> None:
    """Raise `ValueError` unless the metadata is that issuer's own and safe to follow (§4.3)."""
    if metadata.issuer != issuer:
        raise ValueError("the metadata is another issuer's")
    endpoints = (
        metadata.authorization_endpoint,
        metadata.token_endpoint,
        metadata.jwks_uri,
        metadata.userinfo_endpoint or issuer,
    )
    for endpoint in endpoints:
        url = urlsplit(endpoint)
        if url.scheme != "https" and not (
            url.scheme == "http" and is_loopback(url.hostname or "")
        ):
            raise ValueError("an endpoint is not https")
    if not ASYMMETRIC & set(metadata.id_token_signing_alg_values_supported):
        raise ValueError("ID tokens are signed with no algorithm that proves anything")


def _client(metadata: ProviderMetadata, settings: Settings) -> Any:
    algorithms = ASYMMETRIC & set(metadata.id_token_signing_alg_values_supported)
    return StarletteOAuth2App(
        None,  # no framework: sign-ins on their way are rows of ours
        client_id=settings.oidc_client_id,
        client_secret=settings.oidc_client_secret or None,
        client_kwargs={
            "scope": settings.oidc_scopes,
            "code_challenge_method": "S256",
            "timeout": ANSWER_SECONDS,
            "token_endpoint_auth_method": _authentication(metadata, settings),
        },
        issuer=metadata.issuer,
        authorization_endpoint=metadata.authorization_endpoint,
        token_endpoint=metadata.token_endpoint,
        jwks_uri=metadata.jwks_uri,
        userinfo_endpoint=metadata.userinfo_endpoint,
        id_token_signing_alg_values_supported=sorted(algorithms),
    )


def _authentication(metadata: ProviderMetadata, settings: Settings) -> str:
    if not settings.oidc_client_secret:
        return "none"
    offered = metadata.token_endpoint_auth_methods_supported
    only_post = "client_secret_basic" not in offered and "client_secret_post" in offered
    return "client_secret_post" if only_post else "client_secret_basic"
