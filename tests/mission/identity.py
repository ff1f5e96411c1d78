"""Where an app in Azure gets its tokens, for DefaultAzureCredential to ask."""

from __future__ import annotations

import gc
import http.server
import json
import os
import threading
from collections.abc import Iterator
from typing import Any

import pytest

from tests.secrets import TOKEN


class Identity(http.server.BaseHTTPRequestHandler):
    """The endpoint where an app in Azure gets its tokens; azure-identity really asks it."""

    asked: list[str]

    def do_GET(self) -> None:
        self.asked.append(self.path)
        body = json.dumps(
            {"access_token": TOKEN, "expires_on": "4102444800", "resource": "r", "token_type": "Bearer"}
        ).encode()
        self.send_response(200)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, format: str, *args: Any) -> None:
        """Keep quiet."""


@pytest.fixture
def identity(monkeypatch: pytest.MonkeyPatch) -> Iterator[list[str]]:
    """An identity endpoint for DefaultAzureCredential; the value lists the requests it got."""

    class Handler(Identity):
        asked: list[str] = []  # noqa: RUF012 - one list a server, on purpose

    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    server.daemon_threads = False  # so that closing the server waits for them
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    for name in [name for name in os.environ if name.startswith("AZURE_") and "COGNITIVE" not in name]:
        monkeypatch.delenv(name)
    monkeypatch.setenv("IDENTITY_ENDPOINT", f"http://127.0.0.1:{server.server_port}/token")
    monkeypatch.setenv("IDENTITY_HEADER", "secret")
    yield Handler.asked
    # What the snippet left open is found now, in the test that excuses it, not in a later one.
    gc.collect()
    server.shutdown()
    thread.join(10)
    server.server_close()
