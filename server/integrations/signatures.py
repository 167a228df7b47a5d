"""Signed commands: a compact JWS (RFC 7515) with EdDSA over Ed25519 (RFC 8037), by the key that an
administrator registered for the integration. The statement is kept as it is, so that it can be
verified again years later. What reads them is loaded with the first."""

from __future__ import annotations

ALGORITHMS = ["EdDSA", "Ed25519"]
"""The second is the fully specified name of the same (RFC 9864)."""


class BadSignature(Exception):  # noqa: N818 - says what is
    """The statement is not a JWS, or the registered key did not sign it."""


def payload_unverified(jws: str) -> bytes:
    """Return what a statement says, whoever signed it; raises `BadSignature`."""
    from joserfc.errors import JoseError  # noqa: PLC0415 - few commands are signed
    from joserfc.jws import extract_compact  # noqa: PLC0415 - likewise

    try:
        return extract_compact(jws.encode()).payload
    except (JoseError, ValueError):
        raise BadSignature("jws is not a compact JWS") from None


def check_signature(jws: str, signing_key: str) -> None:
    """Raise `BadSignature` unless the key (Ed25519, base64url) signed the statement."""
    if not signing_key:
        raise BadSignature("no signing key is registered for this integration")
    from joserfc.errors import JoseError  # noqa: PLC0415 - few commands are signed
    from joserfc.jwk import OKPKey  # noqa: PLC0415 - likewise
    from joserfc.jws import deserialize_compact  # noqa: PLC0415 - likewise

    try:
        key = OKPKey.import_key({"kty": "OKP", "crv": "Ed25519", "x": signing_key})
        deserialize_compact(jws.encode(), key, algorithms=ALGORITHMS)
    except (JoseError, ValueError):
        raise BadSignature("the signature is not that of the registered key") from None
