"""The snippets of the usage document on a conversation, with their sync twins."""

from __future__ import annotations

import ast
import base64
import json

import pytest

from tests.mission.snippets import snippet
from voicelive.local.engines import ToneTranscriber

from .running import Runner, nth, speech

pytestmark = pytest.mark.timeout(300)


async def test_session_configuration(runner: Runner) -> None:
    """The configuration arrives whole: voice, formats, turn detection and the function tool."""
    await runner.run_on_connection(
        snippet("04_session_configuration"), after='await conn.wait_for("session.updated", timeout=60)'
    )
    session = next(event.session for event in runner.session.received if event.type == "session.update")
    assert session.instructions == "You are a helpful voice assistant."
    assert session.voice == "alloy"
    assert session.turn_detection is not None
    assert session.turn_detection.to_dict() == {
        "type": "server_vad",
        "threshold": 0.5,
        "prefix_padding_ms": 300,
        "silence_duration_ms": 500,
    }
    assert session.tools is not None
    assert session.tools[0].to_dict()["name"] == "get_weather"


async def test_send_audio(runner: Runner) -> None:
    """Base64 audio from the microphone reaches the service byte for byte."""
    await runner.run_on_connection(snippet("05_send_audio"), after="await conn.input_audio_buffer.clear()\n" + CLEARED)
    appended = [event for event in runner.session.received if event.type == "input_audio_buffer.append"]
    assert [event.audio_bytes for event in appended] == [speech("Hello there.")[:4800]]


CLEARED = 'await conn.wait_for("input_audio_buffer.cleared", timeout=60)'
ASK = """
await conn.conversation.item.create(item={
    "type": "message", "role": "user", "content": [{"type": "input_text", "text": question}]
})
await conn.response.create()
"""


async def test_receive_audio(runner: Runner) -> None:
    """The audio deltas, decoded as in the snippet, are the whole spoken answer."""
    await runner.run_on_connection(
        snippet("06_receive_audio"), before=ASK, enough=nth("response.done"), question="What is seven times eight?"
    )
    assert runner.printed == ["Audio complete"]
    answer = ToneTranscriber().transcribe(bytes(runner.heard), 24000).text
    assert answer == "Seven times eight is fifty six."


async def test_event_handling(runner: Runner) -> None:
    """A spoken question that needs a function: every branch of the example's match is reached and prints."""
    before = snippet("04_session_configuration") + "\nawait conn.input_audio_buffer.append(audio=audio)"
    seen = await runner.run_on_connection(
        snippet("07_event_handling"),
        before=before,
        enough=nth("response.done", 2),
        audio=speech("What is the weather in Paris?"),
    )
    text = "\n".join(runner.printed)
    for line in (
        "Session: ",
        "Session updated",
        "Speech started at 0ms",
        "Speech stopped at ",
        "User said: What is the weather in Paris?",
        "Response started: resp_",
        "Response complete: completed",
    ):
        assert line in text, text
    assert "Error:" not in text
    assert "21" in text
    output = next(e.item for e in runner.session.received if e.type == "conversation.item.create")
    assert output is not None
    assert "Paris" in json.dumps(output.to_dict())
    assert "response.audio.delta" in {event.type for event in seen}


async def test_event_handling_prints_errors(runner: Runner) -> None:
    """The example's error branch prints the service's message."""
    await runner.run_on_connection(
        snippet("07_event_handling"), before="await conn.input_audio_buffer.commit()", enough=nth("error")
    )
    assert any(line.startswith("Error: ") and "buffer" in line for line in runner.printed)


async def test_manual_turns(runner: Runner) -> None:
    """Without turn detection, commit ends the user's turn and response.create brings the answer."""
    question = "What is seven times eight?"
    await runner.run_on_connection(
        snippet("08_manual_turns"),
        after='await conn.wait_for("response.done", timeout=60)',
        b64_audio=base64.b64encode(speech(question)).decode(),
    )
    updated = next(event for event in runner.session.sent if event.type == "session.updated")
    assert updated.session.turn_detection is None
    heard = [e for e in runner.session.sent if e.type == "conversation.item.input_audio_transcription.completed"]
    assert [event.transcript for event in heard] == [question]


async def test_interruption(runner: Runner) -> None:
    """When the user starts to speak, the example cancels the response and clears the audio."""
    await runner.run_on_connection(
        snippet("09_interruption"),
        before=ASK + "\nawait conn.input_audio_buffer.append(audio=audio)",
        enough=nth("output_audio_buffer.cleared"),
        question="Tell me a joke.",
        audio=speech("Stop."),
    )
    types = runner.session.received_types()
    assert types.index("response.cancel") < types.index("output_audio_buffer.clear")


async def test_conversation_history(runner: Runner) -> None:
    """System and user messages enter the history, and the answer follows them."""
    await runner.run_on_connection(
        snippet("10_conversation_history"), after='await conn.wait_for("response.done", timeout=60)'
    )
    items = [item.to_dict() for item in runner.session.items]
    assert [item.get("role") for item in items] == ["system", "user", "assistant"]


async def test_turn_detection_options(runner: Runner) -> None:
    """Each of the document's turn detection settings is accepted by the service."""
    lines = [line.split("#")[0] for line in snippet("11_turn_detection").splitlines()]
    options = [ast.literal_eval(line.strip()) for line in lines if line.strip()]
    assert len(options) == 4
    for option in options:
        await runner.run_on_connection(
            'await conn.session.update(session={"turn_detection": option})',
            after='await conn.wait_for("session.updated", timeout=60)',
            option=option,
        )
        updated = next(event for event in runner.session.sent if event.type == "session.updated")
        assert updated.session.turn_detection is not None
        assert updated.session.turn_detection.type == option["type"]


@pytest.mark.parametrize("voice", ["alloy", "echo", "shimmer", "sage", "coral", "ash", "ballad", "verse"])
async def test_voices(runner: Runner, voice: str) -> None:
    """Each voice of the document's table is accepted."""
    await runner.run_on_connection(
        'await conn.session.update(session={"voice": voice})',
        after='await conn.wait_for("session.updated", timeout=60)',
        voice=voice,
    )
    assert "error" not in runner.session.sent_types()


@pytest.mark.filterwarnings("ignore::voicelive.ContractWarning")  # the document's spelling is that of 2025-10-01
@pytest.mark.parametrize("audio_format", ["pcm16", "pcm16-8000hz", "pcm16-16000hz", "g711_ulaw", "g711_alaw"])
async def test_audio_formats(runner: Runner, audio_format: str) -> None:
    """Each audio format of the document's table, in its spelling, is accepted for the answer."""
    await runner.run_on_connection(
        'await conn.session.update(session={"output_audio_format": audio_format})' + ASK,
        after='await conn.wait_for("response.done", timeout=60)',
        audio_format=audio_format,
        question="What is seven times eight?",
    )
    assert "error" not in runner.session.sent_types()
    assert "response.audio.delta" in runner.session.sent_types()
