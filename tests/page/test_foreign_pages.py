"""Pages of strangers, in a browser: none of them reaches any door of the service."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest
from playwright.sync_api import Browser, Page, sync_playwright

from voicelive.local import LocalService, ThreadedLocalService

from ..outside import program
from .browser import CHROMIUM_ARGUMENTS
from .conftest import DEADLINE_MS

REALTIME = "/voice-live/realtime?api-version=2026-07-15&model=gpt-4o"

CLOSED = "closed"
"""What a page sees of a WebSocket that it was refused: nothing but its end."""

_SOCKET = """(url) => new Promise((done) => {
    const socket = new WebSocket(url);
    socket.onmessage = (message) => { done(JSON.parse(message.data).type ?? "something"); socket.close(); };
    socket.onopen = () => socket.send(JSON.stringify({ id: 1, do: "sessions" }));
    socket.onclose = () => done("closed");
})"""

_FETCH = """(url) => fetch(url).then((answer) => answer.text(), () => "closed")"""


class _Page(BaseHTTPRequestHandler):
    def do_GET(self) -> None:
        body = b"<!doctype html><title>a stranger</title>"
        self.send_response(200)
        self.send_header("Content-Type", "text/html")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, format: str, *args: object) -> None:
        """Say nothing."""


@pytest.fixture(scope="module")
def stranger() -> Iterator[int]:
    """The port of a web server of somebody else."""
    server = ThreadingHTTPServer(("127.0.0.1", 0), _Page)
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    yield server.server_address[1]
    server.shutdown()
    thread.join()
    server.server_close()


@pytest.fixture(scope="module")
def open_service(stranger: int) -> Iterator[ThreadedLocalService]:
    """A service with every door, which lets in the page at ``localhost``, and no other."""
    with LocalService.in_thread(control=True, allow_origins=[f"http://localhost:{stranger}"]) as running:
        yield running


@pytest.fixture(scope="module")
def page() -> Iterator[Page]:
    """A page in a browser for which ``evil.example`` leads to this machine."""
    arguments = [*CHROMIUM_ARGUMENTS, "--host-resolver-rules=MAP evil.example 127.0.0.1"]
    with sync_playwright() as playwright:
        browser: Browser = playwright.chromium.launch(executable_path=program("chromium"), args=arguments)
        opened = browser.new_page()
        opened.set_default_timeout(DEADLINE_MS)
        yield opened
        browser.close()


@pytest.mark.parametrize("door", [REALTIME, "/control"])
def test_a_page_of_another_origin_opens_no_socket(
    page: Page, stranger: int, open_service: ThreadedLocalService, door: str
) -> None:
    """The WebSocket is refused, whatever name of this machine it asks for, and no session begins."""
    before = len(open_service.sessions)
    page.goto(f"http://127.0.0.1:{stranger}/")
    for host in ("127.0.0.1", "localhost"):
        assert page.evaluate(_SOCKET, f"ws://{host}:{open_service.port}{door}") == CLOSED
    assert len(open_service.sessions) == before


def test_a_page_of_another_origin_reads_nothing(page: Page, stranger: int, open_service: ThreadedLocalService) -> None:
    """It cannot read the page of the service either."""
    page.goto(f"http://127.0.0.1:{stranger}/")
    assert page.evaluate(_FETCH, f"{open_service.endpoint}/") == CLOSED


def test_a_name_made_to_lead_here_is_refused_everywhere(page: Page, open_service: ThreadedLocalService) -> None:
    """Under such a name a page counts as of one origin with the service: it gets 403 at every door."""
    before = len(open_service.sessions)
    evil = f"evil.example:{open_service.port}"
    answer = page.goto(f"http://{evil}/")
    assert answer is not None
    assert answer.status == 403
    for door in (REALTIME, "/control"):
        assert page.evaluate(_SOCKET, f"ws://{evil}{door}") == CLOSED
    assert "--allow-host" in page.evaluate(_FETCH, f"http://{evil}{REALTIME}")
    assert len(open_service.sessions) == before


def test_a_page_without_an_origin_is_refused(page: Page, open_service: ThreadedLocalService) -> None:
    """A page that is only data has the origin null, which is nobody's name."""
    page.goto("data:text/html,<title>x</title>")
    assert page.evaluate(_SOCKET, f"ws://127.0.0.1:{open_service.port}{REALTIME}") == CLOSED


def test_a_page_that_is_allowed_by_name_gets_in(page: Page, stranger: int, open_service: ThreadedLocalService) -> None:
    """The origin that the operator named gets a session, and so does the service's own page."""
    page.goto(f"http://localhost:{stranger}/")
    assert page.evaluate(_SOCKET, f"ws://127.0.0.1:{open_service.port}{REALTIME}") == "session.created"
    page.goto(open_service.endpoint)
    assert page.evaluate(_FETCH, f"{open_service.endpoint}/nothing") != CLOSED
