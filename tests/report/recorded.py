"""Recordings for reports: a call with a tool, an interruption and sound of both sides."""

from __future__ import annotations

import base64
from array import array
from math import pi, sin
from pathlib import Path
from typing import Any

from voicelive.recording import RecordingHeader, RecordingWriter

__all__ = ["HOSTILE", "record", "tone"]

RATE = 24_000
HOSTILE = (
    "</script><script>document.title = 'broken into'</script>"
    "<img src=x onerror=\"document.title='broken into'\"> {{data}} &amp;"
)
"""What somebody may say, or a service send."""
ANSWER = "seventy seven"


def tone(hertz: float, seconds: float) -> bytes:
    """A tone of 24 kHz PCM16."""
    return array("h", [int(8000 * sin(2 * pi * hertz * i / RATE)) for i in range(int(seconds * RATE))]).tobytes()


class _Script:
    """Writes a call, event by event, on a clock of its own."""

    def __init__(self, writer: RecordingWriter) -> None:
        self._writer = writer
        self.now = 0.0
        self.sent_ms = 0
        """How much was appended to the input."""

    def out(self, kind: str, **fields: Any) -> None:
        self._writer.event("received", {"type": kind, "event_id": f"event_{self.now}", **fields}, self.now)

    def into(self, kind: str, **fields: Any) -> None:
        self._writer.event("sent", {"type": kind, **fields}, self.now)

    def local(self, kind: str, **fields: Any) -> None:
        self._writer.event("local", {"type": kind, **fields}, self.now)

    def speak(self, seconds: float, hertz: float = 440) -> None:
        """Send sound as a microphone does; without `hertz`, silence."""
        for _ in range(round(seconds / 0.1)):
            self.now = round(self.now + 0.1, 3)
            self.sent_ms += 100
            pcm = tone(hertz, 0.1) if hertz else bytes(4800)
            self.into("input_audio_buffer.append", audio=base64.b64encode(pcm).decode())

    def said(self, item: str, end_ms: int, text: str) -> None:
        """The service has heard a turn of the user's."""
        self.out("input_audio_buffer.speech_stopped", item_id=item, audio_end_ms=end_ms)
        self.out("input_audio_buffer.committed", item_id=item, previous_item_id=None)
        self.out(
            "conversation.item.input_audio_transcription.completed", item_id=item, content_index=0, transcript=text
        )

    def answer(self, response: str, item: str, text: str, seconds: float) -> None:
        """The service answers in sound, faster than it plays."""
        self.out("response.created", response={"id": response, "status": "in_progress", "output": []})
        self.now = round(self.now + 0.2, 3)
        names = {"response_id": response, "item_id": item, "output_index": 0, "content_index": 0}
        self.out("response.audio_transcript.delta", delta=text, **names)
        for _ in range(round(seconds / 0.2)):
            self.out("response.audio.delta", delta=base64.b64encode(tone(880, 0.2)).decode(), **names)
        self.out("response.audio.done", **names)
        usage = {"total_tokens": 30, "input_tokens": 20, "output_tokens": 10}
        self.out("response.done", response={"id": response, "status": "completed", "output": [], "usage": usage})

    def play(self, item: str, from_ms: int, to_ms: int) -> None:
        """A player reports what it played, while the microphone sends silence."""
        for ms in range(from_ms + 100, to_ms + 1, 100):
            self.speak(0.1, 0)
            self._writer.heard(item, 0, ms, self.now)


def record(
    folder: Path, *, text: str = ANSWER, started: str = "2026-11-28T12:00:00.000Z", think: float = 0.3, **options: Any
) -> Path:
    """Write the call, and return its folder.

    The user asks; a tool is called; of the answer of two seconds one is heard, then the user speaks over it; the second
    answer, of three seconds, is heard to its end.
    """
    header = RecordingHeader(
        started=started,
        library="voicelive test",
        model="gpt-4o",
        api_version="2026-04-10",
        host="example.test",
        content=options.pop("content", True),
    )
    writer = RecordingWriter(folder, header, **options)
    call = _Script(writer)
    call.now = 0.1
    call.out(
        "session.created",
        session={"id": "sess_1", "turn_detection": {"type": "server_vad", "silence_duration_ms": 500}},
    )
    call.speak(1.0)
    call.out("input_audio_buffer.speech_started", item_id="item_1", audio_start_ms=0)
    call.speak(0.5, 0)
    call.said("item_1", 1500, "what is " + text)
    call.out("response.created", response={"id": "resp_0", "status": "in_progress", "output": []})
    call.out(
        "response.function_call_arguments.done",
        response_id="resp_0",
        item_id="call_item",
        output_index=0,
        call_id="call_1",
        name="look_up",
        arguments='{"what": "lake"}',
    )
    call.out("response.done", response={"id": "resp_0", "status": "completed", "output": []})
    call.speak(think, 0)
    call.into(
        "conversation.item.create", item={"type": "function_call_output", "call_id": "call_1", "output": "Caspian"}
    )
    call.into("response.create")
    call.answer("resp_1", "item_2", text, 2.0)
    call.play("item_2", 0, 900)
    began = call.sent_ms
    call.out("input_audio_buffer.speech_started", item_id="item_3", audio_start_ms=began)
    call.local(
        "voicelive.interrupted", item_id="item_2", response_id="resp_1", heard_ms=900, unheard_ms=1100, heard_text="sev"
    )
    call.into("conversation.item.truncate", item_id="item_2", content_index=0, audio_end_ms=900)
    call.speak(0.8, 550)
    call.speak(0.5, 0)
    call.said("item_3", began + 1300, "stop")
    call.answer("resp_2", "item_4", "all right", 3.0)
    call.play("item_4", 0, 3000)
    call.out("error", error={"type": "invalid_request_error", "code": "odd", "message": text})
    writer.close(call.now + 0.2, code=1000)
    return folder
