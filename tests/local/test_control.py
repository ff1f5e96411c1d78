"""The control endpoint and the page: what viewers are told, what they can do, and who may look at all."""

from __future__ import annotations

import asyncio
import base64
import hashlib
import json
import re
from collections.abc import AsyncGenerator, AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import replace
from typing import Any

import pytest
from websockets.asyncio.client import ClientConnection, connect
from websockets.exceptions import InvalidStatus

from voicelive._audio.g711 import encode_ulaw
from voicelive._local.control.client import ControlClient, ControlError
from voicelive._local.control.sound import MAX_SESSION_SOUND_BYTES, MAX_SOUND_BYTES, Piece, SoundMemory
from voicelive._local.control.timeline import MAX_TIMELINE_EVENTS, Timeline
from voicelive.local import Engines, LocalService

from .helpers import DEADLINE, Scripted, audio_of, connected, tones

Message = dict[str, Any]


@pytest.fixture
async def service() -> AsyncIterator[LocalService]:
    """A service that lets itself be looked at."""
    engines = replace(Engines.basic(), responder=Scripted())
    async with LocalService(engines=engines, control=True) as running:
        yield running


class Viewer:
    """A connection to the control endpoint."""

    def __init__(self, websocket: ClientConnection) -> None:
        self.websocket = websocket
        self.events: list[Message] = []
        self._number = 0

    async def ask(self, action: str, **fields: Any) -> Message:
        """Ask, and return the answer."""
        self._number += 1
        await self.websocket.send(json.dumps({"id": self._number, "do": action, **fields}))
        while True:
            said = await self.recv()
            if said.get("reply") == self._number:
                return said

    async def recv(self) -> Message:
        """Return what is said next."""
        said: Message = json.loads(await asyncio.wait_for(self.websocket.recv(), DEADLINE))
        if said.get("push") == "events":
            self.events += said["events"]
        return said

    async def until(self, event_type: str) -> Message:
        """Return the first event of a type of the session that is watched."""
        while True:
            for event in self.events:
                if event["type"] == event_type:
                    return event
            await self.recv()


@asynccontextmanager
async def viewing(service: LocalService, **headers: str) -> AsyncGenerator[Viewer, None]:
    """Look at a service."""
    address = f"{service.endpoint.replace('http', 'ws', 1)}/control"
    async with connect(address, additional_headers=headers, max_size=None, proxy=None) as websocket:
        yield Viewer(websocket)


async def get(service: LocalService, target: str, host: str | None = None) -> tuple[int, dict[str, str], str]:
    """Get a page as a browser does; return status, headers (names in lower case) and body."""
    reader, writer = await asyncio.open_connection("127.0.0.1", service.port)
    writer.write(f"GET {target} HTTP/1.1\r\nHost: {host or f'127.0.0.1:{service.port}'}\r\n\r\n".encode())
    answer = (await asyncio.wait_for(reader.read(), DEADLINE)).decode()
    writer.close()
    head, _, body = answer.partition("\r\n\r\n")
    status, *lines = head.split("\r\n")
    headers = {name.lower(): value for name, _, value in (line.partition(": ") for line in lines)}
    return int(status.split()[1]), headers, body


# --- what viewers are told -------------------------------------------------------------------------------------------


async def test_a_viewer_is_told_of_sessions_and_their_ends(service: LocalService) -> None:
    """Sessions are listed as they come and go, with counts and close codes."""
    async with viewing(service) as viewer:
        async with connected(service) as client:
            await client.update(modalities=["text"])
            (session,) = (await viewer.ask("sessions"))["sessions"]
            assert (session["model"], session["received"], session["sent"], session["closed"]) == (
                "gpt-4o",
                1,
                2,
                False,
            )
        while True:
            said = await viewer.recv()
            if said.get("push") == "sessions" and said["sessions"][0]["closed"]:
                assert said["sessions"][0]["close_code"] == 1000
                break


async def test_a_viewer_sees_both_directions_of_a_session(service: LocalService) -> None:
    """Every event of both sides in order, the earlier ones too, with sound as levels and base64 cut short."""
    async with connected(service) as client, viewing(service) as viewer:
        await client.speak(tones("hello"))
        await client.until("response.done")
        await viewer.ask("watch", session=service.sessions[0].id)
        await viewer.until("response.done")
    assert [event["n"] for event in viewer.events] == list(range(len(viewer.events)))
    assert [e["at"] for e in viewer.events] == sorted(e["at"] for e in viewer.events)
    sent = [event["type"] for event in viewer.events if event["dir"] == "in"]
    assert set(sent) == {"input_audio_buffer.append"}
    assert [event["type"] for event in viewer.events if event["dir"] == "out"] == [e["type"] for e in client.events]
    first = next(event for event in viewer.events if event["dir"] == "in")
    assert (first["audio"]["ms"], len(first["audio"]["levels"])) == (50, 2)
    assert re.fullmatch(r".{64}… \(3,200 characters\)", first["payload"]["audio"])
    spoken = next(event for event in viewer.events if event["type"] == "response.audio.delta")
    assert spoken["audio"]["ms"] == 200
    assert max(spoken["audio"]["levels"]) > 10


async def test_a_viewer_sees_what_faults_do(service: LocalService) -> None:
    """A dropped event is shown as lost with the fault that took it; a broken one as what was sent."""
    async with connected(service) as client, viewing(service) as viewer:
        service.faults.add("drop:response.created", "malformed:text@event=response.done")
        await client.say("hello")
        await client.send("response.create")
        await viewer.ask("watch", session=service.sessions[0].id)
        assert (await viewer.until("response.created"))["fault"] == "drop:response.created"
        assert (await viewer.until("response.created"))["lost"]
        broken = await viewer.until("(not JSON)")
        assert broken["payload"].startswith("<html>")
        assert broken["fault"] == "malformed:text@event=response.done"


@pytest.mark.parametrize(
    ("settings", "size"),
    [
        ({"input_audio_sampling_rate": 16000}, 1600),
        ({"input_audio_format": "g711_ulaw"}, 400),
        ({"input_audio_format": "g711_alaw"}, 400),
    ],
)
async def test_sound_is_measured_in_its_format(service: LocalService, settings: Message, size: int) -> None:
    """50 ms are 50 ms at any rate and in any format."""
    async with connected(service) as client, viewing(service) as viewer:
        await client.update(**settings)
        await client.append(bytes(size))
        await viewer.ask("watch", session=service.sessions[0].id)
        assert (await viewer.until("input_audio_buffer.append"))["audio"]["ms"] == 50


def test_a_timeline_hides_what_the_service_authenticates_itself_with() -> None:
    """Tokens and headers for MCP servers and models of one's own are in no entry; that there are some is."""
    timeline = Timeline()
    tool = {"type": "mcp", "server_label": "files", "authorization": "t0ken", "headers": {"x-key": "s3cret"}}
    for event in (
        {"type": "session.update", "session": {"tools": [tool]}},
        {"type": "byom_credential.update", "authorization_headers": {"api-key": "s3cret"}},
        {"type": "session.updated", "session": {"tools": [{**tool, "headers": None}]}},
    ):
        timeline.add("in", json.dumps(event))
    shown = timeline.since(0, 10)
    assert not any("t0ken" in entry or "s3cret" in entry for entry in shown)
    assert json.loads(shown[0])["payload"]["session"]["tools"][0]["headers"] == {"x-key": "(hidden)"}
    assert json.loads(shown[2])["payload"]["session"]["tools"][0]["headers"] is None


def test_a_timeline_forgets_its_oldest_events() -> None:
    """It stays within its bound, and numbers go on."""
    timeline = Timeline()
    for _ in range(MAX_TIMELINE_EVENTS + 10):
        timeline.add("in", b'{"type":"response.create"}')
    assert (timeline.first, timeline.next) == (10, MAX_TIMELINE_EVENTS + 10)
    assert json.loads(timeline.since(0, 1)[0])["n"] == 10


@pytest.mark.parametrize("message", [b"\xff\xfe", "nonsense", "[1]", "5", "null", '{"type": 5}', "[" * 100_000])
def test_a_timeline_takes_any_message(message: bytes | str) -> None:
    """What is no event is shown as what it is."""
    timeline = Timeline()
    timeline.add("in", message)
    assert json.loads(timeline.since(0, 1)[0])["type"] in ("(not JSON)", "(no type)")


# --- what viewers can do ---------------------------------------------------------------------------------------------


async def test_faults_are_added_listed_and_cleared(service: LocalService) -> None:
    """What the endpoint adds works in running sessions, and is told to other viewers."""
    async with connected(service) as client, viewing(service) as viewer, viewing(service) as other:
        assert (await viewer.ask("faults.add", faults=["drop:nothing", "error:overloaded"]))["faults"] == [
            {"id": "fault_1", "fault": "drop:nothing"},
            {"id": "fault_2", "fault": "error:overloaded"},
        ]
        assert (await client.error())["code"] == "overloaded"
        (left,) = (await viewer.ask("faults.list"))["faults"]
        assert (left["id"], left["fault"], left["committed"]) == ("fault_1", "drop:nothing", 0)
        while (await other.recv()).get("faults", []) != [left]:
            pass
        assert (await viewer.ask("faults.clear", ids=["fault_1"]))["faults"] == []
        assert len(service.faults) == 0


@pytest.mark.parametrize(
    ("request_text", "says"),
    [
        ("nonsense", "a request is a JSON object"),
        ("[]", "a request is a JSON object"),
        ('{"id": 1}', "cannot do None: use one of sessions, watch"),
        ('{"id": 1, "do": "faults.add", "faults": "close"}', "'faults' is a list of texts"),
        ('{"id": 1, "do": "faults.add", "faults": ["explode"]}', "there is no fault 'explode'"),
        ('{"id": 1, "do": "faults.clear", "ids": ["fault_9"]}', "no fault fault_9 is waiting"),
        ('{"id": 1, "do": "watch", "session": "sess_x"}', "there is no session 'sess_x'"),
        (" " * 70_000, "too long"),
    ],
)
async def test_a_request_that_cannot_be_is_answered(service: LocalService, request_text: str, says: str) -> None:
    """It gets the reason, and the connection goes on."""
    async with viewing(service) as viewer:
        await viewer.websocket.send(request_text)
        while "reply" not in (said := await viewer.recv()):
            pass
        assert says in said["error"]
        assert "sessions" in await viewer.ask("sessions")


async def test_stopping_the_service_ends_its_viewers(service: LocalService) -> None:
    """A viewer does not keep the service from stopping."""
    async with viewing(service) as viewer:
        await viewer.ask("sessions")
        await asyncio.wait_for(service.stop(), DEADLINE)
        await asyncio.wait_for(viewer.websocket.wait_closed(), DEADLINE)
        assert viewer.websocket.close_code == 1001


def test_the_blocking_client_asks_and_is_told_why_not() -> None:
    """The client of the command line: answers, refusals, and a service that is not there."""
    with LocalService.in_thread(control=True) as running:
        with ControlClient(running.endpoint) as control:
            assert control.ask("faults.add", faults=["expire"])["faults"][0]["fault"] == "expire"
            with pytest.raises(ControlError, match="there is no fault 'nope'"):
                control.ask("faults.add", faults=["nope"])
        endpoint = running.endpoint
    with pytest.raises(ControlError, match=f"no service answers at {endpoint}"), ControlClient(endpoint):
        pass
    with LocalService.in_thread() as closed, pytest.raises(ControlError, match="nothing at this path"):
        ControlClient(closed.endpoint).__enter__()
    with pytest.raises(ControlError, match="is not the address of a service"):
        ControlClient("localhost")


# --- who may look ----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "headers",
    [
        {"Origin": "http://evil.example"},
        {"Origin": "null"},
        {"Origin": "https://127.0.0.1"},
        {"Host": "evil.example"},
        {"Host": "evil.example:80", "Origin": "http://evil.example:80"},
    ],
)
async def test_a_page_of_another_origin_cannot_reach_it(service: LocalService, headers: dict[str, str]) -> None:
    """Neither from another origin, nor under a stranger's name for this machine."""
    reader, writer = await asyncio.open_connection("127.0.0.1", service.port)
    sent = {
        "Host": f"127.0.0.1:{service.port}",
        "Upgrade": "websocket",
        "Connection": "Upgrade",
        "Sec-WebSocket-Key": base64.b64encode(bytes(16)).decode(),
        "Sec-WebSocket-Version": "13",
        **headers,
    }
    lines = "".join(f"{name}: {value}\r\n" for name, value in sent.items())
    writer.write(f"GET /control HTTP/1.1\r\n{lines}\r\n".encode())
    status = await asyncio.wait_for(reader.readline(), DEADLINE)
    writer.close()
    assert b" 403 " in status


async def test_its_own_page_can_reach_it(service: LocalService) -> None:
    """The origin of the service itself is let in."""
    async with viewing(service, Origin=service.endpoint) as viewer:
        assert "sessions" in await viewer.ask("sessions")


async def test_with_a_key_it_takes_the_key() -> None:
    """Without the right key nobody looks in: 401."""
    async with LocalService(control=True, api_key="s3cret") as service:
        for headers in ({}, {"api-key": "wrong"}):
            with pytest.raises(InvalidStatus) as caught:
                async with viewing(service, **headers):
                    pass
            assert caught.value.response.status_code == 401
        async with viewing(service, **{"api-key": "s3cret"}) as viewer:
            assert "sessions" in await viewer.ask("sessions")
        assert 'data-needs-key="yes"' in (await get(service, "/"))[2]


async def test_beyond_loopback_there_is_control_with_the_key_but_no_page() -> None:
    """A service that other machines reach shows no page, and its control endpoint takes any name with the key."""
    async with LocalService("0.0.0.0", control=True, api_key="s3cret") as service:
        assert (await get(service, "/"))[0] == 404
        async with viewing(service, **{"api-key": "s3cret"}) as viewer:
            assert "sessions" in await viewer.ask("sessions")


async def test_without_being_asked_for_there_is_neither() -> None:
    """A service of a test has no control endpoint unless it is given one."""
    async with LocalService() as service:
        assert (await get(service, "/"))[0] == 404
        with pytest.raises(InvalidStatus):
            async with viewing(service):
                pass


# --- sound that is kept ---------------------------------------------------------------------------------------------


async def test_the_sound_of_events_is_returned(service: LocalService) -> None:
    """What was sent and what was answered, as PCM16 with its rate, by the numbers of the events; also afterwards."""
    question = tones("one two three")
    async with viewing(service) as viewer, connected(service) as client:
        session = service.sessions[-1].id
        await client.update(turn_detection=None)
        await client.speak(question)
        await client.send("input_audio_buffer.commit")
        await client.send("response.create")
        await client.until("response.done")
        deltas = audio_of(client.events)
        await viewer.ask("watch", session=session)
        await viewer.until("response.done")
    numbers = {way: [e["n"] for e in viewer.events if e.get("audio") and e["dir"] == way] for way in ("in", "out")}
    async with viewing(service) as later:
        said = await later.ask("audio", session=session, events=numbers["in"])
        assert [piece["n"] for piece in said["audio"]] == numbers["in"]
        assert ({piece["rate"] for piece in said["audio"]}, said["left"]) == ({24000}, [])
        assert joined(said["audio"]) == question
        assert joined((await later.ask("audio", session=session, events=numbers["out"]))["audio"]) == deltas
        assert (await later.ask("audio", session=session, events=[0, 10**9]))["audio"] == []
        assert "forgotten" in (await later.ask("audio", session="sess_none", events=[1]))["error"]
        assert "list" in (await later.ask("audio", session=session, events="all"))["error"]


async def test_the_sound_of_telephones_is_returned_as_pcm16(service: LocalService) -> None:
    """G.711 in both directions: at its rate, in the form that every player takes."""
    async with viewing(service) as viewer, connected(service) as client:
        await client.update(input_audio_format="g711_ulaw", output_audio_format="g711_alaw", turn_detection=None)
        await client.append(encode_ulaw(bytes(1600)))
        await client.say("x")
        await client.send("response.create")
        await client.until("response.done")
        session = service.sessions[-1].id
        await viewer.ask("watch", session=session)
        await viewer.until("response.done")
        numbers = [e["n"] for e in viewer.events if e.get("audio")]
        said = (await viewer.ask("audio", session=session, events=numbers))["audio"]
    assert {piece["rate"] for piece in said} == {8000}
    assert len(joined(said[:1])) == 1600
    assert len(joined(said[1:])) == 2 * len(audio_of(client.events))


def joined(pieces: list[Message]) -> bytes:
    """Return the sound of pieces, one after the other."""
    return b"".join(base64.b64decode(piece["pcm"]) for piece in pieces)


async def test_much_sound_comes_in_several_answers(service: LocalService) -> None:
    """An answer holds about a mebibyte, and says of which events the sound is left."""
    async with viewing(service) as viewer, connected(service) as client:
        for _ in range(10):
            await client.append(bytes(180_000))
        await client.update(instructions="x")
        session = service.sessions[-1].id
        await viewer.ask("watch", session=session)
        await viewer.until("session.updated")
        numbers = [e["n"] for e in viewer.events if e.get("audio")]
        first = await viewer.ask("audio", session=session, events=numbers)
        second = await viewer.ask("audio", session=session, events=first["left"])
    assert [piece["n"] for piece in first["audio"] + second["audio"]] == numbers
    assert (len(first["audio"]), second["left"]) == (6, [])


def test_what_is_kept_of_the_sound_is_bounded() -> None:
    """A session's oldest sound makes room for its newest; of all sessions, the one that fell silent first loses its."""
    piece = 1024 * 1024
    memory = SoundMemory()
    silent, talking = memory.begin(), memory.begin()
    for number in range(40):
        silent.add(Piece(number, 24000, bytes(piece)))
    assert silent.size == MAX_SESSION_SOUND_BYTES
    assert silent.find(7) is None
    assert silent.find(8) is not None
    for number in range(32):
        talking.add(Piece(number, 24000, bytes(piece)))
    assert (memory.size, silent.size, talking.size) == (MAX_SOUND_BYTES, 32 * piece, 32 * piece)
    last = memory.begin()
    for number in range(31):
        last.add(Piece(number, 24000, bytes(piece)))
    assert (memory.size, silent.size, talking.size) == (MAX_SOUND_BYTES, piece, 32 * piece)
    for number in range(31, 64):
        last.add(Piece(number, 24000, bytes(piece)))
    assert (silent.size, last.size) == (0, MAX_SESSION_SOUND_BYTES)
    assert memory.size == talking.size + last.size <= MAX_SOUND_BYTES


# --- the page --------------------------------------------------------------------------------------------------------


async def test_the_page_is_one_file_with_a_strict_policy(service: LocalService) -> None:
    """Everything but the audio thread's script is in it, and its policy allows what comes from the service alone."""
    status, headers, body = await get(service, "/")
    assert (status, headers["content-type"]) == (200, "text/html; charset=utf-8")
    policy = headers["content-security-policy"]
    assert "default-src 'none'" in policy
    assert f"connect-src 'self' ws://127.0.0.1:{service.port};" in policy
    for tag in ("style", "script"):
        (text,) = re.findall(rf"<{tag}[^>]*>(.*?)</{tag}>", body, re.DOTALL)
        digest = base64.b64encode(hashlib.sha256(text.encode()).digest()).decode()
        own = " 'self'" if tag == "script" else ""
        assert f"; {tag}-src 'sha256-{digest}'{own};" in policy
    assert "{{" not in body
    assert not re.search(r"""(?:src|href)=["'](?!data:|#)""", body)
    assert headers["x-content-type-options"] == "nosniff"


async def test_the_script_of_the_audio_thread_is_served(service: LocalService) -> None:
    """As a script of its own, which no other origin can load."""
    status, headers, body = await get(service, "/worklet.js")
    assert (status, headers["content-type"]) == (200, "text/javascript; charset=utf-8")
    assert headers["cross-origin-resource-policy"] == "same-origin"
    assert 'registerProcessor("player", Player)' in body
    async with LocalService() as other:
        assert (await get(other, "/worklet.js"))[0] == 404


@pytest.mark.parametrize("host", ["evil.example", "evil.example:80", "127.0.0.1;script-src *", ""])
async def test_the_page_is_not_served_under_other_names(service: LocalService, host: str) -> None:
    """A name that is not this machine's own gets nothing to read."""
    status, headers, body = await get(service, "/", host or " ")
    assert status == 403
    assert "content-security-policy" not in headers
    assert "<html" not in body


@pytest.mark.parametrize("name", ["localhost", "[::1]", "127.0.0.2"])
async def test_the_page_is_served_under_names_of_this_machine(service: LocalService, name: str) -> None:
    """Under any loopback name, with a policy that fits it."""
    host = f"{name}:{service.port}"
    status, headers, _ = await get(service, "/", host)
    assert status == 200
    assert f"ws://{host};" in headers["content-security-policy"]
