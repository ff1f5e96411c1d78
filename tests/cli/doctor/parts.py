"""Running `voicelive doctor`, and what stands in front of the service it looks at."""

from __future__ import annotations

import asyncio
import json
import ssl
from contextlib import suppress
from typing import Any

import trustme

from tests.cli.conftest import Command
from tests.clients.servers import (
    RawServer,
    ThreadedServer,
)
from tests.secrets import KEY

PASSWORD = "pr0xy/pass word"
STEPS = {
    "environment": 10,
    "dns": 11,
    "proxy": 12,
    "tcp": 13,
    "tls": 14,
    "redirect": 15,
    "upgrade": 16,
    "authentication": 17,
    "model and API version": 18,
    "session.created": 19,
    "text turn": 20,
}
PROXIES = ("HTTP_PROXY", "HTTPS_PROXY", "ALL_PROXY", "NO_PROXY", "WSS_PROXY", "WS_PROXY", "SOCKS_PROXY")


class Doctor:
    """Runs the command both ways, and looks at what both have in common."""

    def __init__(self, command: Command) -> None:
        self._command = command

    def examine(self, *arguments: object) -> dict[str, Any]:
        """Return the JSON report."""
        result = self._command("doctor", "--json", *arguments)
        for secret in (KEY, PASSWORD, "pr0xy", "cHIweHk", "eyJhbGci"):
            assert secret not in result.output
        report: dict[str, Any] = json.loads(result.stdout)
        assert report["exit_code"] == result.exit_code
        assert [row["step"] for row in report["steps"]] == list(STEPS)
        return report

    def passes(self, *arguments: object) -> dict[str, Any]:
        """Return the steps of a report without a failure, by their names."""
        report = self.examine(*arguments)
        assert (report["ok"], report["exit_code"], report["failed_step"]) == (True, 0, None), report
        return {row["step"]: row for row in report["steps"]}

    def fails(self, step: str, *arguments: object) -> dict[str, Any]:
        """Return the row of the one step that failed; what comes after it was not tried."""
        report = self.examine(*arguments)
        assert report["failed_step"] == step, report
        assert (report["ok"], report["exit_code"]) == (False, STEPS[step])
        rows = {row["step"]: row for row in report["steps"]}
        assert [name for name, row in rows.items() if row["status"] == "failed"] == [step]
        after = list(STEPS)[list(STEPS).index(step) + 1 :]
        assert {rows[name]["detail"] for name in after} <= {"not reached"}
        self.rows = rows
        row: dict[str, Any] = rows[step]
        assert row["remedy"]
        return row


async def waits(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    await reader.read()


class TlsFront(ThreadedServer):
    """Ends TLS in front of a service, as a gateway does."""

    scheme = "https"

    def __init__(self, certificate: trustme.LeafCert, port: int = 9) -> None:
        super().__init__()
        self._context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        certificate.configure_cert(self._context)
        self._behind = port
        self.received = 0

    async def start(self) -> None:
        self._server = server = await asyncio.start_server(self._handle, "127.0.0.1", 0, ssl=self._context)
        self.port = server.sockets[0].getsockname()[1]

    async def _handle(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        with suppress(OSError, asyncio.CancelledError):
            # A connection that only looks at the certificate sends nothing.
            first = await reader.read(65536)
            self.received += len(first)
            if first:
                await forward(reader, writer, self._behind, first)
        writer.close()
        with suppress(OSError):
            await writer.wait_closed()


async def forward(reader: asyncio.StreamReader, writer: asyncio.StreamWriter, port: int, first: bytes = b"") -> None:
    """Connect both sides to each other until both have ended; `first` has been read already."""
    there_reader, there_writer = await asyncio.open_connection("127.0.0.1", port)

    async def pump(source: asyncio.StreamReader, sink: asyncio.StreamWriter) -> None:
        with suppress(OSError):
            while data := await source.read(65536):
                sink.write(data)
                await sink.drain()
        sink.close()

    try:
        there_writer.write(first)
        await asyncio.gather(pump(reader, there_writer), pump(there_reader, writer))
    finally:
        # The transport has to be gone before the loop is.
        there_writer.close()
        with suppress(OSError):
            await there_writer.wait_closed()


class Proxy(RawServer):
    """An HTTP proxy that connects to a port of this machine, whatever it is asked for."""

    def __init__(
        self,
        port: int = 9,
        answer: bytes = b"HTTP/1.1 200 Connection established\r\n\r\n",
        later: bytes | None = None,
    ) -> None:
        super().__init__(self._serve)
        self._answer = answer
        self._later = answer if later is None else later
        self._port = port
        self.asked: list[str] = []

    @property
    def url(self) -> str:
        """The proxy's address, with a user and a password."""
        return f"http://user:pr0xy%2Fpass%20word@127.0.0.1:{self.port}"

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.asked.append((await reader.readuntil(b"\r\n\r\n")).decode())
        answer = self._answer if len(self.asked) == 1 else self._later
        writer.write(answer)
        await writer.drain()
        if b" 20" in answer:
            await forward(reader, writer, self._port)
