"""Checkpoints stamped by a real time-stamp authority: OpenSSL's, behind HTTP."""

from __future__ import annotations

import shutil
import subprocess
import threading
from collections.abc import Iterator
from dataclasses import dataclass, replace
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest

from adapters.timestamp_authority import HttpTimestampAuthority
from domain.checkpoint import Unwitnessed, Witnessed
from server.audit.checkpoints.stamps import check_stamps, parse_roots
from server.bad_file import BadFile
from tests.conftest import missing

pytestmark = pytest.mark.anyio

CONFIG = """
[tsa]
default_tsa = one
[one]
serial = {folder}/serial
crypto_device = builtin
signer_cert = {folder}/tsa.pem
signer_key = {folder}/tsa.key
signer_digest = sha256
default_policy = 1.2.3.4.1
digests = sha256
accuracy = secs:1
ordering = no
tsa_name = no
ess_cert_id_chain = no
"""


@dataclass
class Authority:
    """The authority's folder, and what it answers."""

    folder: Path
    url: str = ""
    status: int = 200
    body: bytes | None = None
    """Answered in place of a stamp."""

    def stamp(self, query: bytes) -> bytes:
        """Answer as OpenSSL does."""
        asked = self.folder / "query.tsq"
        asked.write_bytes(query)
        self.openssl(
            "ts", "-reply", "-queryfile", asked, "-config", "tsa.cnf", "-out", "reply.tsr"
        )
        return (self.folder / "reply.tsr").read_bytes()

    def openssl(self, *arguments: object) -> None:
        subprocess.run(
            ["openssl", *map(str, arguments)], cwd=self.folder, check=True, capture_output=True
        )

    @property
    def roots(self) -> bytes:
        return (self.folder / "ca.pem").read_bytes()


def founded(folder: Path) -> Authority:
    """Make an authority with certificates of its own."""
    if shutil.which("openssl") is None:
        missing("openssl")
    made = Authority(folder)
    (folder / "tsa.cnf").write_text(CONFIG.format(folder=folder))
    (folder / "serial").write_text("01\n")
    (folder / "ext.cnf").write_text(
        "basicConstraints=critical,CA:FALSE\nkeyUsage=critical,digitalSignature\n"
        "extendedKeyUsage=critical,timeStamping\nsubjectKeyIdentifier=hash\n"
        "authorityKeyIdentifier=keyid\n"
    )
    new = ("-newkey", "rsa:2048", "-nodes")
    made.openssl(
        "req",
        "-x509",
        *new,
        "-keyout",
        "ca.key",
        "-out",
        "ca.pem",
        "-subj",
        "/CN=Root",
        "-days",
        3,
    )
    made.openssl("req", *new, "-keyout", "tsa.key", "-out", "tsa.csr", "-subj", "/CN=Stamps")
    made.openssl(
        "x509", "-req", "-in", "tsa.csr", "-CA", "ca.pem", "-CAkey", "ca.key", "-out", "tsa.pem",
        "-extfile", "ext.cnf", "-days", 2, "-set_serial", 7,
    )  # fmt: skip
    return made


@pytest.fixture(scope="module")
def authority(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Authority]:
    made = founded(tmp_path_factory.mktemp("authority"))

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            query = self.rfile.read(int(self.headers["Content-Length"]))
            reply = made.stamp(query) if made.body is None else made.body
            self.send_response(made.status)
            self.send_header("Content-Type", "application/timestamp-reply")
            self.end_headers()
            self.wfile.write(reply)

        def log_message(self, *_parts: object) -> None:
            """Say nothing."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    made.url = f"http://127.0.0.1:{server.server_port}/"
    yield made
    server.shutdown()
    server.server_close()


NOTE = "doorward/main\n5\nhash\n\n— doorward/main signature\n"


async def test_a_stamp_is_good_for_what_was_stamped_and_under_its_root_alone(
    authority: Authority, tmp_path: Path
) -> None:
    stamp = await HttpTimestampAuthority(authority.url).stamp(NOTE.encode())
    roots = parse_roots(authority.roots)
    witnessed = Witnessed(NOTE, stamp)
    assert check_stamps([witnessed, Witnessed("never stamped")], roots).good == 1
    other = check_stamps([replace(witnessed, note=NOTE + "x")], roots)
    assert (other.good, len(other.faults)) == (0, 1)
    stranger = check_stamps([witnessed], parse_roots(founded(tmp_path).roots))
    assert (stranger.good, len(stranger.faults)) == (0, 1)
    broken = check_stamps([replace(witnessed, timestamp=stamp[:-20])], roots)
    assert (broken.good, len(broken.faults)) == (0, 1)


async def test_an_authority_that_answers_otherwise_has_not_stamped(authority: Authority) -> None:
    asked = HttpTimestampAuthority(authority.url)
    foreign = await asked.stamp(b"something else")
    try:
        for body in (b"", b"nonsense", foreign):
            authority.body = body
            with pytest.raises(Unwitnessed):
                await asked.stamp(NOTE.encode())
        authority.body, authority.status = None, 500
        with pytest.raises(Unwitnessed, match="it answers 500"):
            await asked.stamp(NOTE.encode())
    finally:
        authority.body, authority.status = None, 200
    with pytest.raises(Unwitnessed):
        await HttpTimestampAuthority("http://127.0.0.1:9/").stamp(b"x")


def test_what_is_no_certificate_is_refused() -> None:
    with pytest.raises(BadFile, match="PEM"):
        parse_roots(b"nonsense")
