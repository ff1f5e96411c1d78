"""Clients that mean harm or know no better: the service goes on, and so do the sessions of the others."""

from __future__ import annotations

import asyncio
import copy
import json
import logging
import os
import random
import socket
import struct
from collections.abc import AsyncGenerator, AsyncIterator
from contextlib import asynccontextmanager, suppress
from urllib.parse import urlsplit

import pytest
from websockets.asyncio.client import ClientConnection, connect
from websockets.exceptions import ConnectionClosed

from voicelive._local.limits import MAX_MESSAGE_BYTES
from voicelive.local import LocalService

from ..core.test_mutations import mutate
from ..outside import leave_out
from ..samples import CLIENT_TYPES, sample_event
from .helpers import DEADLINE, Client, connected, opened, tones, types, url_of
from .test_audio_turns import VAD_TURN

HALF_OPEN = 1000


@pytest.fixture(autouse=True)
async def bystander(service: LocalService, caplog: pytest.LogCaptureFixture) -> AsyncIterator[Client]:
    """Somebody else's session: open before, in order afterwards; and the service has nothing to complain of."""
    async with connected(service) as client:
        yield client
        await converse(client)
        async with connected(service) as latecomer:
            await converse(latecomer)
    assert [record for record in caplog.records if record.levelno >= logging.ERROR] == []


async def converse(client: Client) -> None:
    """Hold a spoken turn, which must be all that the client hears."""
    before = len(client.events)
    await client.speak(tones("I am fine"))
    await client.until("response.done")
    assert types(client.events[before:]) == VAD_TURN
    assert client.events[-1]["response"]["output"][0]["content"][0]["transcript"] == "You said I am fine"


@pytest.mark.parametrize("model", ["gpt-4o", "gpt-realtime"])
@pytest.mark.parametrize("version", ["2026-07-15", "v1"])
async def test_broken_events(service: LocalService, bystander: Client, model: str, version: str) -> None:
    """Events of the whole contract with one to three broken places each are answered or refused, a session through."""
    chance = random.Random(f"{model} {version}")
    samples = [sample_event(name, full=True) for name in CLIENT_TYPES.values()]
    async with connected(service, model, **{"api-version": version}) as client:
        for _ in range(400):
            payload = copy.deepcopy(chance.choice(samples))
            event_type = payload["type"]
            for _ in range(chance.randint(1, 3)):
                if payload:
                    mutate(payload, chance)
            if chance.random() < 0.8:
                payload["type"] = event_type
            await client.send_raw(json.dumps(payload))
        await converse(bystander)
        # Answered when everything before it has been.
        await client.send("conversation.item.delete", item_id="the last one")
        while "the last one" not in (await client.until("error"))["error"]["message"]:
            pass

    failures = [e for e in client.events if e["type"] == "error" and e["error"]["type"] == "server_error"]
    failures += [e for e in client.events if e["type"] == "response.done" and e["response"]["status"] == "failed"]
    assert failures == []


TOO_LONG = "x" * (MAX_MESSAGE_BYTES + 1)
NO_EVENTS: dict[str, str | bytes] = {
    "nothing": "",
    "no text": b"\x00\xff\xfe" * 100,
    "half of an event": '{"type": "session.update", "session": {',
    "no object": "[1, 2, 3]",
    "nested deeply": '{"type": "response.create", "response": {"metadata": ' + '{"a":' * 5000 + "1" + "}" * 5002,
    "a list nested deeply": "[" * 100_000,
    "a number of a million digits": '{"type": "response.create", "n": ' + "9" * 1_000_000 + "}",
    "many keys": json.dumps({"type": "session.update", "session": {f"k{n}": n for n in range(100_000)}}),
    "half a surrogate": '{"type": "\\ud800", "event_id": "\\udfff"}',
}


@pytest.mark.parametrize("message", NO_EVENTS.values(), ids=NO_EVENTS)
async def test_messages_that_are_no_events(service: LocalService, bystander: Client, message: str | bytes) -> None:
    """What is no event, or one beyond all measure, leaves the session open and in order."""
    async with connected(service) as client:
        await client.send_raw(message)
        await client.send("response.cancel", event_id="after it")
        while (await client.until("error"))["error"]["event_id"] != "after it":
            pass


async def test_an_oversized_message(service: LocalService, bystander: Client) -> None:
    """Over 32 MiB, in one frame or in many, ends the connection with 1009."""
    for message in (TOO_LONG, [TOO_LONG[: 2**20]] * 33):
        websocket = await connect(url_of(service.endpoint), max_size=None)
        await websocket.recv()
        with suppress(ConnectionClosed):
            await websocket.send(message)
        # 1006 where the rest of the message met a closed socket, and the reset overtook the close frame.
        assert await ended(websocket) in {1009, 1006}


async def ended(websocket: ClientConnection) -> int | None:
    """Wait for the end of a connection; return the close code."""
    with suppress(ConnectionClosed):
        while True:
            await asyncio.wait_for(websocket.recv(), DEADLINE)
    return websocket.close_code


def frame(opcode: int, payload: bytes = b"", *, final: bool = True, reserved: int = 0, masked: bool = True) -> bytes:
    """Write a WebSocket frame, right or wrong; the mask is all zeros."""
    head = bytes([final << 7 | reserved << 4 | opcode])
    size = len(payload)
    length = bytes([masked << 7 | size]) if size < 126 else bytes([masked << 7 | 126]) + struct.pack("!H", size)
    return head + length + (bytes(4) if masked else b"") + payload


BROKEN_FRAMES = {
    "no mask": (frame(1, b"{}", masked=False), 1002),
    "a reserved bit": (frame(1, b"{}", reserved=4), 1002),
    "a reserved opcode": (frame(5, b"{}"), 1002),
    "a long ping": (frame(9, bytes(200)), 1002),
    "a fragmented ping": (frame(9, b"", final=False), 1002),
    "an end without a beginning": (frame(0, b"{}"), 1002),
    "two beginnings": (frame(1, b"{", final=False) + frame(1, b"}"), 1002),
    "text that is none": (frame(1, b"\xff\xfe\xfd"), 1007),
    "half a close code": (frame(8, b"\x03"), 1002),
    "a close code that there is not": (frame(8, struct.pack("!H", 999)), 1002),
    "a frame of eight exbibytes": (b"\x81\xff" + b"\x7f" + b"\xff" * 7 + bytes(4), 1009),
}


@pytest.mark.parametrize(("data", "code"), BROKEN_FRAMES.values(), ids=BROKEN_FRAMES)
async def test_broken_frames(service: LocalService, bystander: Client, data: bytes, code: int) -> None:
    """What breaks the WebSocket protocol ends that connection with the protocol's code."""
    async with raw(service) as (websocket, transport):
        transport.write(data)
        assert await ended(websocket) == code


async def test_random_bytes(service: LocalService, bystander: Client) -> None:
    """Noise instead of frames, and instead of a handshake, ends the connection and nothing else."""
    chance = random.Random(7)
    for _ in range(20):
        async with raw(service) as (websocket, transport):
            transport.write(chance.randbytes(2000))
            transport.write_eof()
            await asyncio.wait_for(websocket.wait_closed(), DEADLINE)
        reader, writer = await asyncio.open_connection("127.0.0.1", service.port)
        writer.write(chance.randbytes(2000) + b"\r\n\r\n")
        writer.write_eof()
        await asyncio.wait_for(reader.read(), DEADLINE)
        writer.close()


@asynccontextmanager
async def raw(service: LocalService) -> AsyncGenerator[tuple[ClientConnection, asyncio.Transport], None]:
    """Connect properly, to write what one likes."""
    async with connect(url_of(service.endpoint), close_timeout=1) as websocket:
        yield websocket, websocket.transport


def allow_files(count: int) -> None:
    """Raise this process's limit of open files, or leave the test out."""
    if os.name == "nt":
        return
    import resource

    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    if soft >= count or soft == resource.RLIM_INFINITY:
        return
    if hard != resource.RLIM_INFINITY and hard < count:
        leave_out(f"only {hard} files may be open at once, and {count} are needed", f"ulimit -Hn {count}")
    resource.setrlimit(resource.RLIMIT_NOFILE, (count, hard))


HALF_A_REQUEST = b"GET /voice-live/realtime?api-version=1&model=m HTTP/1.1\r\nHost: 127.0.0.1\r\nUpgrade: webso"


async def test_a_thousand_half_open_connections(service: LocalService, bystander: Client) -> None:
    """While a thousand connections say nothing, or half of a handshake, others come, talk and go."""
    allow_files(2 * HALF_OPEN + 500)
    where = urlsplit(service.endpoint)
    loop = asyncio.get_running_loop()
    sockets: list[socket.socket] = []
    try:
        for number in range(HALF_OPEN):
            waiting = socket.socket()
            sockets.append(waiting)
            waiting.setblocking(False)
            await asyncio.wait_for(loop.sock_connect(waiting, (where.hostname, where.port)), DEADLINE)
            if number % 2:
                await loop.sock_sendall(waiting, HALF_A_REQUEST)
        await converse(bystander)
        async with connected(service) as client:
            await converse(client)
    finally:
        for number, waiting in enumerate(sockets):
            if number % 3 == 0:  # a reset rather than an end
                waiting.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
            waiting.close()


async def test_clients_that_come_and_vanish(service: LocalService, bystander: Client) -> None:
    """Two hundred sessions that break off in the middle of an answer end, every one."""

    async def vanish() -> None:
        async with connect(url_of(service.endpoint), close_timeout=0.1) as websocket:
            await websocket.send('{"type": "response.create"}')
            await websocket.recv()
            websocket.transport.abort()

    for _ in range(10):
        await asyncio.gather(*(vanish() for _ in range(20)))
    deadline = asyncio.get_running_loop().time() + DEADLINE
    while [record for record in service.sessions[1:] if not record.closed]:
        assert asyncio.get_running_loop().time() < deadline
        await asyncio.sleep(0.01)


async def test_a_client_that_ignores_the_close_frame() -> None:
    """stop() waits for it no longer than for others, and tells the others all the same."""
    async with LocalService() as service, opened(service) as polite:
        reader, writer = await asyncio.open_connection("127.0.0.1", service.port)
        writer.write(
            f"GET {url_of(service.endpoint).removeprefix(f'ws://127.0.0.1:{service.port}')} HTTP/1.1\r\n"
            "Host: 127.0.0.1\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Version: 13\r\n"
            "Sec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAA==\r\n\r\n".encode()
        )
        await polite.recv()
        await asyncio.wait_for(reader.readuntil(b"session.created"), DEADLINE)
        stopping = asyncio.create_task(service.stop())
        assert (await polite.closed())[0] == 1001
        await asyncio.wait_for(stopping, DEADLINE)
        writer.close()

    assert sorted(record.close_code or 0 for record in service.sessions) == [1001, 1006]
