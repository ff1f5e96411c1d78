"""Many sessions at once, each in real time. `nox -s load` measures how many are too many."""

from __future__ import annotations

import asyncio

from voicelive.local import LocalService

from .helpers import DEADLINE, Client, connected, tones, types
from .test_audio_turns import VAD_TURN

SESSIONS = 40
FRAME_BYTES = 4800  # 100 ms of PCM16 at 24 kHz


async def talk(client: Client, sound: bytes) -> None:
    """Send sound as a microphone gives it: 100 ms every 100 ms, late frames as soon as may be."""
    clock = asyncio.get_running_loop().time
    due = clock()
    for start in range(0, len(sound), FRAME_BYTES):
        await asyncio.sleep(max(0.0, due - clock()))
        await client.append(sound[start : start + FRAME_BYTES])
        due += 0.1


async def test_forty_people_talk_at_once(service: LocalService) -> None:
    """Each is heard, in order and to the letter, and answered, while all the others talk."""

    async def converse(number: int) -> Client:
        async with connected(service) as client:
            talking = asyncio.create_task(talk(client, tones(f"I am {number}", silence_ms=400)))
            await client.until("response.done")
            await asyncio.wait_for(talking, DEADLINE)
            return client

    clients = await asyncio.gather(*(converse(number) for number in range(SESSIONS)))

    for number, client in enumerate(clients):
        assert types(client.events)[1:] == VAD_TURN
        (heard,) = (e["transcript"] for e in client.events if e["type"].endswith("transcription.completed"))
        assert heard == f"I am {number}"
        assert client.events[-1]["response"]["output"][0]["content"][0]["transcript"] == f"You said I am {number}"
