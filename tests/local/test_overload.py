"""One client that sends too much: it is told so, the others go on, and what it took is given back.

The service runs in a process of its own, and what counts is the processor's time that it spends on a bystander's turn:
other programs on this machine change nothing about that.
"""

from __future__ import annotations

import asyncio
import base64
import json
import math
import subprocess
import sys
import time
from array import array
from collections.abc import AsyncGenerator, Awaitable, Callable, Iterator
from contextlib import asynccontextmanager, suppress
from dataclasses import replace
from typing import Any

import psutil  # type: ignore[import-untyped]
import pytest
from aiohttp import web
from websockets.asyncio.client import connect

from voicelive._local import limits
from voicelive._local.engines import openai_chat
from voicelive._local.engines.openai_chat import OpenAIResponder
from voicelive._local.engines.sse import MAX_EVENT_CHARS, EventStream
from voicelive._local.session import generation
from voicelive.local import Engines, LocalService

from .chat_endpoint import ChatEndpoint
from .helpers import DEADLINE, Client, connected, tones, url_of

MIB = 2**20

_SERVE = """
import asyncio, sys
from voicelive._local.session import generation
from voicelive.local import Engines, LocalService

async def main():
    async with LocalService(control=True) as service:
        print(service.endpoint, flush=True)
        await asyncio.to_thread(sys.stdin.read)

asyncio.run(main())
"""


class Outside:
    """A service in another process."""

    def __init__(self, endpoint: str, pid: int) -> None:
        self.endpoint = endpoint
        self._process = psutil.Process(pid)

    def cpu_s(self) -> float:
        """Return the processor's time that it has used."""
        times = self._process.cpu_times()
        return float(times.user + times.system)

    def memory(self) -> int:
        """Return the bytes of memory that it has."""
        return int(self._process.memory_info().rss)


@pytest.fixture(scope="module")
def outside() -> Iterator[Outside]:
    """A service in a process of its own, with every door. Each test compares with what that took before."""
    command = [sys.executable, "-c", _SERVE]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        assert process.stdin is not None
        try:
            yield Outside(process.stdout.readline().strip(), process.pid)
            process.stdin.close()
            process.wait(DEADLINE)
        finally:
            process.kill()


@asynccontextmanager
async def session_of(outside: Outside, **settings: Any) -> AsyncGenerator[Client, None]:
    """Open a session, in writing unless the settings say otherwise."""
    async with connect(url_of(outside.endpoint), max_size=None, max_queue=None, compression=None) as websocket:
        client = Client(websocket)
        assert (await client.recv())["type"] == "session.created"
        await client.update(**(settings or {"modalities": ["text"]}))
        yield client


SPEAKING = {"modalities": ["text", "audio"], "max_response_output_tokens": 4}
"""Short answers: what a session has been sent is remembered, sound too."""

_SAID = tones("hi") + bytes(48_000)
_HUM = array("h", [int(8000 * math.sin(2 * math.pi * n / 80)) for n in range(2400)]).tobytes()
"""A tone of 300 Hz: loud enough for speech, and no word of any kind."""

Turn = Callable[[Client], Awaitable[None]]


async def turn(client: Client) -> None:
    """Ask and be answered."""
    await client.say("What is two plus two?")
    await client.send("response.create")
    await client.until("response.done")


async def spoken_turn(client: Client) -> None:
    """Say something, and be answered by sound."""
    await client.append(_SAID)
    await client.until("response.done")


async def dearest_turn(outside: Outside, client: Client, attack: asyncio.Task[None], hold: Turn = turn) -> float:
    """Hold turns until an attack is over, once at least; return the service's seconds during the dearest one."""
    dearest = 0.0
    while True:
        before, began = outside.cpu_s(), time.monotonic()
        await hold(client)
        # No turn can have kept the service busy for longer than it lasted.
        dearest = max(dearest, min(outside.cpu_s() - before, time.monotonic() - began))
        if attack.done():
            attack.result()
            return dearest


async def back_within(outside: Outside, before: int, client: Client) -> None:
    """Hold turns until the service has no more than 100 MiB more than it had before."""
    deadline = time.monotonic() + DEADLINE
    while outside.memory() - before >= 100 * MIB:
        assert time.monotonic() < deadline, (outside.memory() - before) / MIB
        await turn(client)


def item(*parts: dict[str, Any] | str) -> dict[str, Any]:
    """Return a user message."""
    return {"type": "message", "role": "user", "content": list(parts)}


TEXT = {"type": "input_text", "text": "a"}
BEYOND_MEASURE: dict[str, tuple[dict[str, Any], str, int]] = {
    "parts": ({"type": "conversation.item.create", "item": item("...")}, json.dumps(TEXT), 600_000),
    "unknown": ({"type": "no.such.event", "x": ["..."]}, '{"a": [1, 2]}', 1_250_000),
    "tools": (
        {"type": "session.update", "session": {"tools": ["..."]}},
        '{"type": "function", "name": "t", "parameters": {}}',
        60_000,
    ),
    "dense": ({"type": "session.update", "session": {"x": ["..."]}}, "[[], {}]", 60_000),
}
"""Events with a list of how many of what."""


@pytest.mark.parametrize("hold", [turn, spoken_turn], ids=["written", "spoken"])
@pytest.mark.parametrize("kind", BEYOND_MEASURE)
async def test_an_event_beyond_measure_is_refused_at_once(outside: Outside, kind: str, hold: Turn) -> None:
    """It gets an error with a code and the event's id, the bystander goes on, and the memory comes back."""
    event, value, count = BEYOND_MEASURE[kind]
    message = json.dumps({"event_id": "e", **event}).replace('"..."', ", ".join([value] * count))
    async with session_of(outside) as bystander, session_of(outside, **SPEAKING) as speaker:
        other = bystander if hold is turn else speaker
        await turn(bystander)
        await hold(other)
        before = outside.memory()

        async def attack() -> None:
            async with session_of(outside) as hog:
                await hog.send_raw(message)
                error = await hog.error()
                assert (error["code"], error["event_id"]) == ("event_too_large", "e")

        assert await dearest_turn(outside, other, asyncio.create_task(attack()), hold) < 1
        await back_within(outside, before, bystander)


@pytest.mark.parametrize("sound", [bytes(4800), _HUM], ids=["silence", "noise"])
async def test_audio_by_the_minute_leaves_with_its_session(outside: Outside, sound: bytes) -> None:
    """Ten minutes of audio at once: somebody else is heard and answered meanwhile, and the memory comes back."""
    audio = base64.b64encode(sound * (15 * MIB // len(sound))).decode()
    message = json.dumps({"type": "input_audio_buffer.append", "audio": audio})
    async with session_of(outside) as bystander, session_of(outside, **SPEAKING) as speaker:
        await turn(bystander)
        await spoken_turn(speaker)
        before = outside.memory()

        async def attack() -> None:
            async with session_of(outside) as hog:
                for _ in range(2):
                    await hog.send_raw(message)
                await hog.send("input_audio_buffer.clear")
                await hog.until("input_audio_buffer.cleared")

        assert await dearest_turn(outside, speaker, asyncio.create_task(attack()), spoken_turn) < 1
        await back_within(outside, before, bystander)


async def test_texts_by_the_hundred_fill_a_conversation_and_leave_with_it(outside: Outside) -> None:
    """Texts of 1 MB are taken until the conversation is full; when the session ends, so does what they took."""
    text = json.dumps({"type": "conversation.item.create", "item": item({"type": "input_text", "text": "a" * 10**6})})
    taken = limits.MAX_CONVERSATION_BYTES // 10**6
    async with session_of(outside) as bystander:
        await turn(bystander)
        before = outside.memory()

        async def attack() -> None:
            async with session_of(outside) as hog:
                for _ in range(taken + 3):
                    await hog.send_raw(text)
                seen = [(await hog.recv()) for _ in range(taken + 3)]
                assert [event["type"] for event in seen] == ["conversation.item.created"] * taken + ["error"] * 3
                assert seen[-1]["error"]["code"] == "conversation_too_long"

        assert await dearest_turn(outside, bystander, asyncio.create_task(attack())) < 1
        await back_within(outside, before, bystander)


async def test_items_by_the_thousand_are_answered_as_fast_as_a_few(outside: Outside) -> None:
    """With 5,000 items a response costs little more than with the 4,000 that a responder sees; all of them leave."""
    create = json.dumps({"type": "conversation.item.create", "item": item(TEXT)})
    async with session_of(outside) as bystander:
        await turn(bystander)
        before = outside.memory()

        async def attack() -> None:
            async with session_of(outside) as hog:
                for _ in range(10):
                    for _ in range(500):
                        await hog.send_raw(create)
                    for _ in range(500):
                        assert (await hog.recv())["type"] == "conversation.item.created"
                for _ in range(3):
                    await turn(hog)

        assert await dearest_turn(outside, bystander, asyncio.create_task(attack())) < 1
        await back_within(outside, before, bystander)


async def test_sessions_by_the_hundred_come_one_after_the_other(outside: Outside) -> None:
    """Hundreds of handshakes at once are all answered, and a session that was there before goes on between them."""
    count = 200

    async def visit() -> None:
        async with connect(url_of(outside.endpoint), open_timeout=60, compression=None) as websocket:
            assert json.loads(await asyncio.wait_for(websocket.recv(), 60))["type"] == "session.created"

    async def attack() -> None:
        await asyncio.gather(*(visit() for _ in range(count)))

    async with session_of(outside) as bystander:
        await turn(bystander)
        assert await dearest_turn(outside, bystander, asyncio.create_task(attack())) < 1


# --- limits ----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("event", "code", "param"),
    [
        ({"session": {"tools": [{"type": "function", "name": "t"}] * 129}}, "array_above_max_length", "session.tools"),
        ({"session": {"instructions": "x" * 256_001}}, "string_above_max_length", "session.instructions"),
        ({"session": {"instructions": "x" * 5_000_000}}, "event_too_large", None),
        ({"type": "conversation.item.create", "item": item(*[TEXT] * 1001)}, "array_above_max_length", "item.content"),
        (
            {"type": "response.create", "response": {"input": [item(TEXT), item(*[TEXT] * 1001)]}},
            "array_above_max_length",
            "response.input[1].content",
        ),
        (
            {"type": "response.create", "response": {"tools": [{"type": "function", "name": "t"}] * 129}},
            "array_above_max_length",
            "response.tools",
        ),
    ],
)
async def test_each_limit_has_its_code(client: Client, event: dict[str, Any], code: str, param: str | None) -> None:
    """What passes a limit is refused with the code of realtime services, by name, and the session goes on."""
    await client.send_raw(json.dumps({"type": "session.update", "event_id": "mine", **event}))
    error = await client.error()
    assert (error["type"], error["code"], error["param"]) == ("invalid_request_error", code, param)
    assert error["event_id"] == "mine"
    await client.update(instructions="still here")


async def test_what_is_within_the_limits_is_taken(client: Client) -> None:
    """128 tools, 256,000 characters of instructions, 1,000 parts, a megabyte of text with commas, 15 MiB of audio."""
    tools = [{"type": "function", "name": f"t{n}"} for n in range(128)]
    session = await client.update(tools=tools, instructions="x" * 256_000, turn_detection=None)
    assert len(session["tools"]) == 128
    await client.create_item(item(*[TEXT] * 1000))
    assert len((await client.until("conversation.item.created"))["item"]["content"]) == 1000
    await client.say('1,2,[3],{"4"},' * 70_000)
    await client.until("conversation.item.created")
    await client.append(bytes(15 * MIB))
    await client.send("input_audio_buffer.clear")
    assert (await client.recv())["type"] == "input_audio_buffer.cleared"


async def test_typed_texts_are_bounded_together(client: Client) -> None:
    """Bits of text that are never finished add up to 4 MiB at most; finished ones make room."""
    for _ in range(4):
        await client.send("input_text.delta", id="one", delta="x" * MIB)
    await client.send("input_text.delta", id="two", delta="x")
    assert (await client.error())["code"] == "string_above_max_length"
    await client.send("input_text.done", id="one")
    await client.until("conversation.item.created")
    await client.send("input_text.delta", id="two", delta="x")
    await client.send("input_text.done", id="two")
    assert (await client.recv())["item"]["content"][0]["text"] == "x"


async def test_a_finished_session_keeps_little(service: LocalService) -> None:
    """Of a long conversation the record keeps the latest items, and its settings without what is long in them."""
    async with connected(service) as client:
        await client.update(instructions="x" * 200_000, modalities=["text"])
        for number in range(40):
            await client.say(f"{number} {'x' * 10_000}")
            await client.until("conversation.item.created")
        record = service.sessions[-1]
        assert len(record.items) == 40
    deadline = asyncio.get_running_loop().time() + DEADLINE
    while not record.closed:
        assert asyncio.get_running_loop().time() < deadline
        await asyncio.sleep(0.01)
    kept = [each.to_dict()["content"][0]["text"].split()[0] for each in record.items]
    assert kept == [str(number) for number in range(40 - len(kept), 40)]
    assert 0 < len(kept) < 10
    assert record.settings["instructions"] == ""
    assert record.settings["modalities"] == ["text"]


# --- a chat endpoint that never ends ---------------------------------------------------------------------------------

_CHUNK = {"choices": [{"index": 0, "delta": {"content": "word "}, "finish_reason": None}]}


def endless(piece: bytes) -> Any:
    """Answer with the same bytes for ever."""

    async def answer(request: web.Request) -> web.StreamResponse:
        response = web.StreamResponse(headers={"Content-Type": "text/event-stream"})
        await response.prepare(request)
        with suppress(ConnectionError):
            while True:
                await response.write(piece)
        return response

    return answer


@pytest.mark.parametrize(
    ("piece", "status", "code"),
    [
        (b"data: " + b"x" * 65536, "failed", "invalid_stream"),
        (b": a comment\n" * 5000, "failed", "answer_too_long"),
        (f"data: {json.dumps({'choices': []})}\n\n".encode() * 400, "failed", "answer_too_long"),
        (f"data: {json.dumps(_CHUNK)}\n\n".encode() * 400, "incomplete", None),
    ],
    ids=["one line", "comments", "empty chunks", "words"],
)
async def test_an_answer_that_never_ends_is_ended(
    piece: bytes, status: str, code: str | None, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It fails, or is cut off where a model's answer would be, and the event loop belongs to everybody meanwhile."""
    monkeypatch.setattr(generation, "MAX_OUTPUT_TOKENS", 500)
    monkeypatch.setattr(openai_chat, "MAX_ANSWER_EVENTS", 5000)
    async with ChatEndpoint(endless(piece)).serving() as endpoint:
        engines = replace(Engines.basic(), responder=OpenAIResponder(endpoint.base_url, "m"))
        async with LocalService(engines=engines) as service, connected(service) as hog, connected(service) as other:
            await hog.update(modalities=["text"])
            await hog.say("go")
            await hog.send("response.create")
            ending = asyncio.create_task(hog.until("response.done"))
            updates = 0
            while not ending.done():
                await other.update(instructions="x")
                updates += 1
            response = (await ending)["response"]
    assert response["status"] == status
    assert ((response["status_details"] or {}).get("error") or {}).get("code") == code
    assert updates >= 3


def test_a_line_in_many_pieces_is_looked_through_once() -> None:
    """Reading it costs as much in pieces of a hundred bytes as at once, and an event too long is refused."""
    stream = EventStream()
    began = time.process_time()
    for _ in range(30_000):
        assert list(stream.feed(b"x" * 100)) == []
    assert time.process_time() - began < 2
    with pytest.raises(ValueError, match=f"longer than {MAX_EVENT_CHARS}"):
        list(stream.feed(b"x" * (MAX_EVENT_CHARS - 2_999_999)))


@pytest.mark.parametrize("cut", [1, 2, 3, 7])
def test_a_stream_is_read_alike_however_it_is_cut(cut: int) -> None:
    """Line ends of every kind, halves of them too, and characters of several bytes."""
    whole = "\ufeffdata: a\r\ndata: ä\r\n\r\n: x\rdata:b\r\rdata: c\n\ndata: 😀\n\r\n".encode()
    stream = EventStream()
    pieces = [data for start in range(0, len(whole), cut) for data in stream.feed(whole[start : start + cut])]
    assert pieces == list(EventStream().feed(whole)) == ["a\nä", "b", "c", "😀"]
