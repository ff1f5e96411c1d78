"""A complete assistant, from WAV to WAV: two tools, an interruption, and how long the user waited."""

import time
from pathlib import Path

from voicelive import connect
from voicelive.audio import ArrayBackend, AudioDevice, WavSink, WavSource
from voicelive.local import Engines, LocalService
from voicelive.tools import Tools


def get_weather(location: str) -> dict[str, str | int]:
    """Return the current weather in a city."""
    return {"location": location, "weather": "sunny", "temperature": 21}


def get_time() -> str:
    """Return the time of day."""
    return time.strftime("%H:%M")


if __name__ == "__main__":
    tools, audio = Tools([get_weather, get_time]), Path(__file__).parent / "audio"
    interruptions = [WavSource(audio / "what_time_is_it.wav").pcm]
    with LocalService.in_thread(engines=Engines.best(), pacing="real") as service, WavSink("assistant.wav") as wav:
        files = ArrayBackend(WavSource(audio / "weather_in_paris.wav"), sink=wav)  # left out: microphone, loudspeaker
        with connect(endpoint=service.endpoint, model="gpt-4o", barge_in=True, tools=tools, user_away=5) as conn:
            with AudioDevice(echo="off", backend=files) as device:  # files have no echo
                device.attach(conn)
                conn.session.update(session={"tools": tools.definitions})
                while (event := conn.recv()).type != "voicelive.user_away":
                    if event.type == "voicelive.state" and event.state == "speaking" and interruptions:
                        files.speak(interruptions.pop())
                    elif event.type.endswith(("transcript.done", "tool_done", "interrupted")):
                        print(event.to_dict())
            print(conn.metrics.spread("voice_to_voice_ms"), *conn.turns, sep="\n")
