"""A person's real browser: sign-in and consent in Chromium, with every header in force."""

from __future__ import annotations

import base64
import hashlib
import http.server
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from urllib.parse import parse_qs, urlencode, urlsplit

import httpx
import pytest
from playwright.sync_api import Browser, Page, expect

from tests.running import PASSWORD, RunningServer

VERIFIER = "a-verifier-of-more-than-forty-three-characters-0"
CHALLENGE = (
    base64.urlsafe_b64encode(hashlib.sha256(VERIFIER.encode()).digest()).rstrip(b"=").decode()
)


class Callback(http.server.BaseHTTPRequestHandler):
    """The client's own listener on this machine."""

    def do_GET(self) -> None:
        self.server.came.append(self.path)  # type: ignore[attr-defined]  # set below
        self.send_response(200)
        self.end_headers()
        self.wfile.write(b"<title>Back at the client</title>")

    def log_message(self, *_: object) -> None:
        """Say nothing."""


@contextmanager
def listening() -> Iterator[tuple[str, list[str]]]:
    came: list[str] = []
    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), Callback) as server:
        server.came = came  # type: ignore[attr-defined]  # read above
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield f"http://127.0.0.1:{server.server_address[1]}/callback", came
        server.shutdown()


@pytest.fixture
def page(chromium: Browser) -> Iterator[Page]:
    with chromium.new_context() as context:
        opened = context.new_page()
        complaints: list[str] = []
        opened.on("console", lambda message: complaints.append(message.text))
        yield opened
        assert [one for one in complaints if "Content Security Policy" in one] == []


def authorization_url(server: RunningServer, redirect_uri: str) -> str:
    registration = {"client_name": "A desktop client", "redirect_uris": [redirect_uri]}
    client = httpx.post(f"{server.issuer}/register", json=registration).json()
    asked = {
        "response_type": "code",
        "client_id": client["client_id"],
        "redirect_uri": redirect_uri,
        "code_challenge": CHALLENGE,
        "code_challenge_method": "S256",
        "state": "kept",
        "resource": server.mcp_url,
    }
    return f"{server.issuer}/authorize?{urlencode(asked)}"


def test_a_person_signs_in_consents_and_is_taken_back_to_the_client(
    server: RunningServer, page: Page
) -> None:
    with listening() as (redirect_uri, came):
        page.goto(authorization_url(server, redirect_uri))
        page.get_by_label("User name").fill("alice")
        page.get_by_label("Password").fill("wrong password")
        page.keyboard.press("Enter")
        expect(page.get_by_role("alert")).to_be_visible()
        page.get_by_label("User name").fill("alice")
        page.get_by_label("Password").fill(PASSWORD)
        page.keyboard.press("Enter")
        expect(page.get_by_role("heading")).to_contain_text("A desktop client")
        expect(page.get_by_text("submit access requests in your name")).to_be_visible()
        page.get_by_role("button", name="Allow").click()
        expect(page).to_have_title("Back at the client")
    answer = parse_qs(urlsplit(came[0]).query)
    assert answer["state"] == ["kept"]
    assert answer["iss"] == [server.issuer]
    assert answer["code"][0]


def test_a_remembered_consent_is_not_asked_again_and_a_denial_is_told(
    server: RunningServer, page: Page
) -> None:
    with listening() as (redirect_uri, came):
        url = authorization_url(server, redirect_uri)
        page.goto(url)
        page.get_by_label("User name").fill("carol")
        page.get_by_label("Password").fill(PASSWORD)
        page.keyboard.press("Enter")
        page.get_by_role("button", name="Allow").click()
        expect(page).to_have_title("Back at the client")
        page.goto(url)
        expect(page).to_have_title("Back at the client")
        page.goto(authorization_url(server, redirect_uri))
        page.get_by_role("button", name="Deny").click()
        expect(page).to_have_title("Back at the client")
    answers = [parse_qs(urlsplit(path).query) for path in came if "callback" in path]
    assert "code" in answers[0]
    assert "code" in answers[1]
    assert answers[2]["error"] == ["access_denied"]
