"""A complete assistant, from WAV to WAV: two tools, an interruption, and how long the user waited."""

import asyncio
import os
import time
import wave
from pathlib import Path

from voicelive.aio import VoiceLiveConnection, connect
from voicelive.local import Engines, LocalService
from voicelive.tools import Tools

AUDIO = Path(__file__).parent / "audio"
DETECTION = {"type": "server_vad", "silence_duration_ms": 500}


def get_weather(location: str) -> dict[str, str | int]:
    """Return the current weather in a city."""
    return {"location": location, "weather": "sunny", "temperature": 21}


def get_time() -> str:
    """Return the time of day."""
    return time.strftime("%H:%M")


async def sound_card(conn: VoiceLiveConnection, waiting: bytearray) -> None:
    """Listen and play 100 ms at a time; the second question comes in the midst of the first answer."""
    questions = [AUDIO / "weather_in_paris.wav", AUDIO / "what_time_is_it.wav"]
    speech = b"".join(path.read_bytes()[44:] + bytes(32 * 5000) for path in questions)  # 16 kHz PCM16
    with wave.open("assistant.wav", "wb") as loudspeaker:
        loudspeaker.setparams((1, 2, 24000, 0, "NONE", ""))
        for start in range(0, len(speech), 3200):
            await conn.input_audio_buffer.append(audio=speech[start : start + 3200])
            playing, waiting[:4800] = bytes(waiting[:4800]), b""
            loudspeaker.writeframes(playing.ljust(4800, b"\0"))
            conn.playback.played(len(playing))
            await asyncio.sleep(0.1)
    await conn.close()


async def main() -> None:
    tools, waiting = Tools([get_weather, get_time]), bytearray()
    with LocalService.in_thread(engines=Engines.best(), pacing="real") as service:
        endpoint = os.environ.get("AZURE_VOICELIVE_ENDPOINT", service.endpoint)
        async with connect(endpoint=endpoint, model="gpt-4o", barge_in=True, tools=tools) as conn:
            conn.playback.on_flush(waiting.clear)
            await conn.session.update(
                session={"tools": tools.definitions, "input_audio_sampling_rate": 16000, "turn_detection": DETECTION}
            )
            playing = asyncio.create_task(sound_card(conn, waiting))
            async for event in conn:
                if event.type == "response.audio.delta":
                    waiting += event.delta_bytes
                elif event.type in ("response.audio_transcript.done", "voicelive.tool_done", "voicelive.interrupted"):
                    print(event.to_dict())
            print(conn.metrics.spread("voice_to_voice_ms"), *conn.turns, sep="\n")
            await playing


if __name__ == "__main__":
    asyncio.run(main())
