"""Signed notes (C2SP signed-note): a text, an empty line, and a line for each Ed25519 signature (RFC 8032). A
verifier key is its public half in one word, to be written down by whoever wants to verify later."""

from __future__ import annotations

import re
from base64 import b64decode, b64encode
from collections.abc import Iterator
from dataclasses import dataclass
from hashlib import sha256

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey

from server.bad_file import BadFile

ED25519 = b"\x01"
ID_BYTES, KEY_BYTES, SIGNATURE_BYTES = 4, 32, 64
NOTE_LIMIT = 4_096
_NOTE = re.compile(r"(?P<text>(?:[^\n]+\n)+)\n(?P<signatures>(?:— [^ \n]+ [A-Za-z0-9+/=]+\n)+)")
_SIGNED = re.compile(r"\n\n(?:— [^ \n]+ [A-Za-z0-9+/=]+\n)+")
_SIGNATURE = re.compile(r"— ([^ \n]+) ([A-Za-z0-9+/=]+)\n")
_VERIFIER = re.compile(r"([^+\s]{1,200})\+([0-9a-f]{8})\+([A-Za-z0-9+/=]{44})")


class BadNote(BadFile):
    """Something is not a signed note, or a key is not one; the message says which."""


@dataclass(frozen=True, slots=True)
class Verifier:
    """A public key with its name."""

    name: str
    public: bytes

    @property
    def key_id(self) -> bytes:
        """The four bytes by which a signature names its key."""
        return sha256(self.name.encode() + b"\n" + ED25519 + self.public).digest()[:ID_BYTES]

    def __str__(self) -> str:
        return f"{self.name}+{self.key_id.hex()}+{b64encode(ED25519 + self.public).decode()}"

    def signed(self, note: Note) -> bool:
        """Say whether one of the note's signatures is by this key."""
        return any(
            name == self.name and key_id == self.key_id and self._verifies(note.text, signature)
            for name, key_id, signature in note.signatures
        )

    def _verifies(self, text: str, signature: bytes) -> bool:
        try:
            Ed25519PublicKey.from_public_bytes(self.public).verify(signature, text.encode())
        except InvalidSignature:
            return False
        return True


@dataclass(frozen=True, slots=True)
class Note:
    """A text and its signatures: the name and id of the key, and what it made of the text."""

    text: str
    signatures: tuple[tuple[str, bytes, bytes], ...]


def parse_verifier(text: str) -> Verifier:
    """Return the key of its one word; raises `BadNote`."""
    found = _VERIFIER.fullmatch(text.strip())
    try:
        key = b64decode(found[3], validate=True) if found else b""
    except ValueError:
        key = b""
    if found is None or len(key) != 1 + KEY_BYTES or key[:1] != ED25519:
        raise BadNote(f"{text[:80]!r} is no verifier key: doorward audit keys prints them")
    verifier = Verifier(found[1], key[1:])
    if verifier.key_id.hex() != found[2]:
        raise BadNote(f"{text[:80]!r} is no verifier key: a letter of it is wrong")
    return verifier


def parse_note(text: str) -> Note:
    """Return the note that a text is; raises `BadNote`."""
    found = _NOTE.fullmatch(text) if len(text) <= NOTE_LIMIT else None
    if found is None:
        raise BadNote(f"this is no signed note: {text[:60]!r}")
    return Note(found["text"], tuple(_signatures(found["signatures"])))


def notes_in(text: str) -> list[str]:
    """Return the notes that stand one after the other in a text, and what stands between them and is none,
    which `parse_note` will refuse. Looked for by their signatures, so that a text without any, however long,
    is read once."""
    found, end = list[str](), 0
    for one in _SIGNED.finditer(text):
        gap = text.rfind("\n\n", end, one.start() + 1)
        start = end if gap < 0 else gap + 2
        found += [text[end:start], text[start : one.end()].lstrip("\n")]
        end = one.end()
    return [one for one in (*found, text[end:]) if one.strip()]


def verifier_of(name: str, secret: bytes) -> Verifier:
    """Return the public half of a key, from the 32 bytes of its private one."""
    public = Ed25519PrivateKey.from_private_bytes(secret).public_key()
    return Verifier(name, public.public_bytes_raw())


def signed_note(text: str, name: str, secret: bytes) -> str:
    """Return the text as a note, signed."""
    signature = Ed25519PrivateKey.from_private_bytes(secret).sign(text.encode())
    whole = b64encode(verifier_of(name, secret).key_id + signature).decode()
    return f"{text}\n— {name} {whole}\n"


def _signatures(lines: str) -> Iterator[tuple[str, bytes, bytes]]:
    for name, encoded in _SIGNATURE.findall(lines):
        try:
            whole = b64decode(encoded, validate=True)
        except ValueError:
            raise BadNote("a signature is malformed") from None
        if len(whole) != ID_BYTES + SIGNATURE_BYTES:
            raise BadNote("a signature is malformed")
        yield name, whole[:ID_BYTES], whole[ID_BYTES:]
