"""The keys that sign client ids: rotated without anybody noticing, dropped when they must be."""

from __future__ import annotations

import stat
import subprocess
import sys
from pathlib import Path

import pytest

from adapters.key_file import BadKeyFile, KeyFile
from adapters.system import utc_now
from domain.ports import Unavailable
from tests.web import Web

pytestmark = pytest.mark.anyio


@pytest.fixture
def database_url() -> str:
    """Keys are a file."""
    return "sqlite:///:memory:"


async def test_a_client_of_an_older_key_goes_on_until_that_key_is_dropped(web: Web) -> None:
    """Also one with a secret, which was derived from that key."""
    keys, flow = web.system.signing_keys, web.flow()
    registered = await flow.register(token_endpoint_auth_method="client_secret_post")
    secret = registered.json()["client_secret"]
    (former,) = keys.ring()
    keys.rotate()
    code = (await flow.answer(web.browser()))["code"]
    assert (await flow.redeem(code, client_secret=secret)).status_code == 200
    later = web.flow()
    await later.register()
    assert keys.drop(former.key_id)
    assert (await flow.redeem("x", client_secret=secret)).json()["error"] == "invalid_client"
    assert "code" in await later.answer(web.browser())


def test_the_key_that_signs_is_never_dropped(tmp_path: Path) -> None:
    keys = KeyFile(tmp_path / "signing.keys", utc_now)
    assert not keys.drop(keys.ring()[0].key_id)
    assert not keys.drop("unknown")
    assert len(keys.ring()) == 1


def test_another_processs_rotation_is_seen(tmp_path: Path) -> None:
    ours, theirs = (KeyFile(tmp_path / "signing.keys", utc_now) for _ in range(2))
    assert ours.ring() == theirs.ring()
    fresh = theirs.rotate()
    assert ours.ring()[0] == fresh
    assert [one.key_id for one in ours.ring()] == [one.key_id for one in theirs.ring()]


def test_rotations_at_once_are_all_kept(tmp_path: Path) -> None:
    path = tmp_path / "signing.keys"
    KeyFile(path, utc_now)
    program = (
        "import sys; from pathlib import Path; from adapters.key_file import KeyFile; "
        "from adapters.system import utc_now; KeyFile(Path(sys.argv[1]), utc_now).rotate()"
    )
    root = Path(__file__).parents[2]
    started = [
        subprocess.Popen([sys.executable, "-c", program, str(path)], cwd=root) for _ in range(6)
    ]
    assert [one.wait() for one in started] == [0] * 6
    assert len(KeyFile(path, utc_now).ring()) == 7


def test_the_file_is_its_owners_alone_and_shows_no_secret_in_an_error(tmp_path: Path) -> None:
    path = tmp_path / "signing.keys"
    keys = KeyFile(path, utc_now)
    keys.rotate()
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    secret = path.read_text().split()[-1]
    assert secret not in repr(keys.ring())
    path.write_text(path.read_text() + f"k3 2026-11-25T00:00:00+00:00 {secret[:-8]}\n")
    with pytest.raises(BadKeyFile) as caught:
        KeyFile(path, utc_now)
    assert "line 3" in str(caught.value)
    assert secret[:-8] not in str(caught.value)
    with pytest.raises(Unavailable):
        keys.ring()


@pytest.mark.parametrize("text", ["", "\n", "one two", "\0", "a b c d"])
def test_a_file_without_keys_is_refused(tmp_path: Path, text: str) -> None:
    path = tmp_path / "signing.keys"
    path.write_text(text)
    with pytest.raises(BadKeyFile):
        KeyFile(path, utc_now)
