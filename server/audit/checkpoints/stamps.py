"""Time stamps of checkpoints (RFC 3161), verified against the authority's root certificates: they prove that a
checkpoint was there at a time that its signer could not choose."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from domain.checkpoint import Witnessed
from server.bad_file import BadFile

if TYPE_CHECKING:
    from cryptography.x509 import Certificate


@dataclass(frozen=True, slots=True)
class Stamped:
    """How many time stamps are good, and what is wrong with the others."""

    good: int
    faults: tuple[str, ...]


def parse_roots(pem: bytes) -> Sequence[Certificate]:
    """Return the certificates of a file; raises `BadFile`."""
    from cryptography.x509 import load_pem_x509_certificates  # noqa: PLC0415 - few have roots

    try:
        return load_pem_x509_certificates(pem)
    except ValueError:
        raise BadFile("this is no file of certificates (PEM)") from None


def check_stamps(witnessed: Iterable[Witnessed], roots: Sequence[Certificate]) -> Stamped:
    """Verify every time stamp that there is."""
    from rfc3161_client import (  # noqa: PLC0415 - few checkpoints are stamped
        VerificationError,
        VerifierBuilder,
        decode_timestamp_response,
    )

    builder = VerifierBuilder()
    for root in roots:
        builder = builder.add_root_certificate(root)
    verifier = builder.build()
    good, faults = 0, list[str]()
    for one in witnessed:
        if one.timestamp is None:
            continue
        try:
            reply = decode_timestamp_response(one.timestamp)
            verifier.verify_message(reply, one.note.encode())
        except (VerificationError, ValueError) as fault:
            faults.append(f"a time stamp does not verify: {fault}")
        else:
            good += 1
    return Stamped(good, tuple(faults))
