"""What the service answers `voicelive doctor` with: redirects, refusals, no session, no turn."""

from __future__ import annotations

import asyncio
import json
import time
from typing import Any

import pytest
import trustme
from websockets.asyncio.server import ServerConnection

from tests.cli.conftest import Command
from tests.clients.servers import (
    Answer,
    Behaviour,
    RawBehaviour,
    RawServer,
    WebSocketServer,
    breaks,
    closes,
    event,
    refuses,
    sends,
)
from tests.secrets import KEY
from voicelive.local import LocalService

from .parts import Doctor, Proxy, TlsFront, waits

pytestmark = pytest.mark.timeout(300)


def examined(doctor: Doctor, step: str, answer: Answer | None, *arguments: object) -> dict[str, Any]:
    with WebSocketServer(answer=answer) as server:
        row = doctor.fails(step, "--endpoint", server.endpoint, *arguments)
    assert len(server.requests) == 1
    return row


def test_a_redirect_is_refused(doctor: Doctor) -> None:
    """The target's host is named, and nothing of its path and query; nothing is sent there."""
    with WebSocketServer() as other:
        location = f"ws://localhost:{other.port}/login?token={KEY}"
        row = examined(doctor, "redirect", refuses(302, Location=location))
    assert other.requests == []
    assert "'localhost'" in row["detail"]
    assert "login" not in row["detail"]
    assert "make it the endpoint" in row["remedy"]


REFUSALS = [
    (401, "authentication", "key of this resource"),
    (403, "authentication", "Cognitive Services User"),
    (400, "model and API version", "--model"),
    (404, "model and API version", "--api-version"),
    (429, "upgrade", "wait 17 s"),
    (500, "upgrade", "request id req-1"),
    (503, "upgrade", "try again later"),
    (200, "upgrade", "web page"),
]


@pytest.mark.parametrize(("status", "step", "remedy"), REFUSALS)
def test_a_refusal(doctor: Doctor, status: int, step: str, remedy: str) -> None:
    """Each status is a failure of its step, with the service's words and request id; credentials in them are hidden."""
    body = json.dumps({"error": {"message": f"no, {KEY}; Bearer eyJhbGciOiJub25lIn0.e30.x is not\x1b[2J right"}})
    row = examined(doctor, step, refuses(status, body, Retry_After="17", apim_request_id="req-1"))
    assert remedy in row["remedy"]
    assert f"HTTP {status}" in row["detail"]
    assert "\x1b" not in row["detail"]
    assert "[hidden]" in row["detail"]
    assert (row["facts"]["status"], row["facts"]["request_id"]) == (status, "req-1")
    if step != "upgrade":
        assert doctor.rows["upgrade"]["status"] == "noted"
        assert f"HTTP {status}" in doctor.rows["upgrade"]["detail"]


def test_a_wrong_key(doctor: Doctor) -> None:
    """The local service with another key refuses: authentication."""
    with LocalService.in_thread(api_key="another key") as service:
        row = doctor.fails("authentication", "--endpoint", service.endpoint)
    assert "401" in row["detail"]
    assert "AZURE_VOICELIVE_API_KEY" in row["remedy"]


def test_no_token_to_be_had(
    doctor: Doctor, command: Command, authority: trustme.CA, trusted: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A credential that gives no token is a failure of authentication, before anything is asked of the service."""
    monkeypatch.delenv("AZURE_VOICELIVE_API_KEY")
    # Leaves only this one of the credentials in the chain, which has nothing to go by.
    monkeypatch.setenv("AZURE_TOKEN_CREDENTIALS", "EnvironmentCredential")
    for name in ("AZURE_CLIENT_ID", "AZURE_CLIENT_SECRET", "AZURE_TENANT_ID"):
        monkeypatch.delenv(name, raising=False)
    with TlsFront(authority.issue_cert("resource.example")) as front, Proxy(front.port) as proxy:
        monkeypatch.setenv("HTTPS_PROXY", proxy.url)
        row = doctor.fails("authentication", "--endpoint", "https://resource.example")
    assert "gave no token" in row["detail"]
    assert "az login" in row["remedy"]
    assert doctor.rows["environment"]["facts"]["credential"] == "tokens"
    assert front.received == 0


async def closes_at_once(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    await reader.read(1)


async def speaks_no_http(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    if await reader.read(1):  # nothing comes while only TCP is looked at
        writer.write(b"220 mail.example ESMTP\r\n\r\n")
        await writer.drain()
        await reader.read()


@pytest.mark.parametrize(
    ("behaviour", "detail", "remedy"),
    [
        (waits, "within 2 s", "--timeout"),
        (closes_at_once, "", "check that the endpoint is a Voice Live resource|cuts WebSockets"),
        (speaks_no_http, "instead of an HTTP answer", "check that the endpoint is a Voice Live resource"),
    ],
    ids=["silent", "closes", "no HTTP"],
)
def test_no_answer_to_the_upgrade(doctor: Doctor, behaviour: RawBehaviour, detail: str, remedy: str) -> None:
    """A server that is silent, hangs up or speaks something else fails at the upgrade, in time."""
    with RawServer(behaviour) as server:
        started = time.monotonic()
        # Only the one that is silent is to run into the limit, and in no step before.
        row = doctor.fails("upgrade", "--timeout", 2 if behaviour is waits else 30, "--endpoint", server.endpoint)
        assert time.monotonic() - started < 30
    assert detail in row["detail"]
    assert any(text in row["remedy"] for text in remedy.split("|"))


def test_a_model_that_is_not_there(doctor: Doctor) -> None:
    """The service opens the connection and then refuses the model: the step says which, and where to look."""
    with LocalService.in_thread(models=["gpt-4o"]) as service:
        row = doctor.fails("model and API version", "--endpoint", service.endpoint, "--model", "gpt-9")
        doctor.passes("--endpoint", service.endpoint, "--model", "gpt-4o")
    assert "gpt-9 is not supported in this region" in row["detail"]
    assert "region offers the model gpt-9" in row["remedy"]
    assert row["facts"]["code"] == "invalid_model"
    assert doctor.rows["authentication"]["status"] == "passed"


def refused_by_an_error(**error: Any) -> str:
    return event("error", error={"type": "invalid_request_error", "param": None, "event_id": None, **error})


@pytest.mark.parametrize(
    ("behaviour", "detail", "remedy"),
    [
        (sends(), "did not come within 0.5 s", "request id"),
        (closes(1008, "not today"), "not today", "what the reason says"),
        (closes(1013, "overloaded"), "1013", "try again later"),
        (breaks, "before session.created", "proxy or firewall"),
        (sends(refused_by_an_error(code="server_error", message=f"sorry, {KEY}")), "sorry, [hidden]", "request id"),
    ],
    ids=["never", "1008", "1013", "broken", "error"],
)
def test_no_session(doctor: Doctor, behaviour: Behaviour, detail: str, remedy: str) -> None:
    """A connection that opens, but brings no session, fails at session.created."""
    with WebSocketServer(behaviour) as server:
        row = doctor.fails("session.created", "--timeout", 0.5, "--endpoint", server.endpoint)
    assert detail in row["detail"]
    assert remedy in row["remedy"]
    assert doctor.rows["upgrade"]["facts"]["status"] == 101


CREATED = event("session.created", session={"id": "sess_1", "model": "gpt-4o"})


async def fails_the_response(connection: ServerConnection) -> None:
    await connection.send(CREATED)
    error = {"type": "server_error", "code": "quota", "message": f"the quota of {KEY} is used up"}
    details = {"type": "failed", "error": error}
    response = {"id": "r", "object": "realtime.response", "status": "failed", "status_details": details, "output": []}
    async for message in connection:
        if json.loads(message)["type"] == "response.create":
            await connection.send(event("response.done", response=response))


@pytest.mark.parametrize(
    ("behaviour", "detail", "remedy"),
    [
        (sends(CREATED), "no response.done within 0.5 s", "--timeout"),
        (sends(CREATED, refused_by_an_error(code="server_error", message="broken")), "broken", "request id"),
        (sends(CREATED, then=closes(1011, "gone")), "1011", "try again later"),
        (fails_the_response, "the quota of [hidden] is used up", "quota"),
    ],
    ids=["never", "error", "closed", "failed"],
)
def test_no_turn(doctor: Doctor, behaviour: Behaviour, detail: str, remedy: str) -> None:
    """A session in which no response comes to a good end fails at the text turn."""
    with WebSocketServer(behaviour) as server:
        row = doctor.fails("text turn", "--timeout", 0.5, "--endpoint", server.endpoint)
    assert detail in row["detail"]
    assert remedy in row["remedy"]
    assert doctor.rows["session.created"]["facts"]["session_id"] == "sess_1"
