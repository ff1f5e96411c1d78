"""The lines' codecs: every message of the vendors' documentation, in both directions, as tables."""

from __future__ import annotations

import base64
import json
from typing import Any

import pytest

from voicelive.telephony import (
    AcsLine,
    AudioReceived,
    CallEnded,
    CallHeld,
    CallStarted,
    DigitPressed,
    GenesysLine,
    Line,
    LineFault,
    MarkReturned,
    PlaybackCompleted,
    Reply,
    TwilioLine,
)

from . import frames


def started(line: Line) -> Line:
    """Bring a line to where sound follows."""
    opening = {"twilio": frames.TWILIO_START, "acs": frames.acs_metadata(), "genesys": frames.genesys_open()}
    line.receive(opening[line.name])
    assert line.started is not None
    return line


TWILIO = [
    ("connected", frames.TWILIO_CONNECTED, []),
    ("media", frames.TWILIO_MEDIA, [AudioReceived(frames.SOUND)]),
    ("media of the other track", frames.twilio("media", media={"track": "outbound", "payload": frames.PAYLOAD}), []),
    ("dtmf", frames.TWILIO_DTMF, [DigitPressed("1")]),
    ("mark", frames.TWILIO_MARK, [MarkReturned("v1")]),
    ("stop", frames.TWILIO_STOP, [CallEnded("stop")]),
    ("an event that is not known", frames.twilio("weather", weather={}), []),
]
ACS = [
    ("sound", frames.acs_audio(), [AudioReceived(frames.SOUND)]),
    ("silence counts", frames.acs_audio(silent=True), [AudioReceived(bytes(160), is_silent=True)]),
    ("silence without data", frames.acs_audio(b"", silent=True), [AudioReceived(bytes(960), is_silent=True)]),
    ("no sound at all", frames.acs_audio(b""), []),
    ("a key", frames.ACS_DTMF, [DigitPressed("5")]),
    ("a key by its name", frames.acs("DtmfData", dtmfData={"data": "pound"}), [DigitPressed("#")]),
    (
        "capitals, as in what it takes",
        json.dumps({"Kind": "AudioData", "AudioData": {"Data": frames.PAYLOAD, "Silent": False}}),
        [AudioReceived(frames.SOUND)],
    ),
    ("a kind that is not known", frames.acs("Weather", weather={}), []),
]
GENESYS = [
    ("sound", frames.SOUND, [AudioReceived(frames.SOUND)]),
    ("a key", frames.genesys("dtmf", 2, digit="9"), [DigitPressed("9")]),
    ("everything was played", frames.genesys("playback_completed", 2), [PlaybackCompleted()]),
    ("playback began", frames.genesys("playback_started", 2), []),
    ("the stream is paused", frames.genesys("paused", 2), [CallHeld(True)]),
    ("the stream goes on", frames.genesys("resumed", 2, start="PT1S", discarded="PT0.5S"), [CallHeld(False)]),
    ("a type that is not known", frames.genesys("weather", 2), []),
    ("a gap", frames.genesys("playback_started", 5), [LineFault("out_of_order", "message 5 came where 2 was due")]),
    (
        "an error",
        frames.genesys("error", 2, code=429, message="slow"),
        [LineFault("refused", "Genesys says 429: slow")],
    ),
]


@pytest.mark.parametrize(("shows", "message", "expected"), TWILIO, ids=[row[0] for row in TWILIO])
def test_what_twilio_says(shows: str, message: str, expected: list[Any]) -> None:
    """Each row: a message of Twilio's within a call, and what it means."""
    assert started(TwilioLine()).receive(message) == expected


@pytest.mark.parametrize(("shows", "message", "expected"), ACS, ids=[row[0] for row in ACS])
def test_what_azure_communication_services_say(shows: str, message: str, expected: list[Any]) -> None:
    """Each row: a message of the media streaming within a call, and what it means."""
    assert started(AcsLine()).receive(message) == expected


@pytest.mark.parametrize(("shows", "message", "expected"), GENESYS, ids=[row[0] for row in GENESYS])
def test_what_genesys_says(shows: str, message: str | bytes, expected: list[Any]) -> None:
    """Each row: a message of AudioHook's within a call, and what it means."""
    assert started(GenesysLine()).receive(message) == expected


def test_how_a_call_begins_at_twilio() -> None:
    """`start` names the call, and whom the parameters of the TwiML named."""
    parameters = {"caller": "+15550100", "called": "+15550199", "remote": "yes"}
    assert TwilioLine().receive(frames.TWILIO_START) == [
        CallStarted(
            call_id=frames.CALL,
            stream_id=frames.STREAM,
            caller="+15550100",
            called="+15550199",
            parameters=parameters,
        )
    ]


@pytest.mark.parametrize(
    ("rate", "output"), [(24000, "pcm16"), (16000, "pcm16_16000hz")], ids=["24 kHz", "16 kHz, which ACS has by default"]
)
def test_how_a_call_begins_at_azure_communication_services(rate: int, output: str) -> None:
    """The metadata say the rate, which the session takes as it is; who calls is known from the call's event."""
    line = AcsLine(call_id="call-7", caller="4:+15550100", called="4:+15550199")
    assert line.receive(frames.acs_metadata(sampleRate=rate)) == [
        CallStarted(call_id="call-7", stream_id="sub-1", caller="4:+15550100", called="4:+15550199")
    ]
    assert line.session == {
        "input_audio_format": "pcm16",
        "input_audio_sampling_rate": rate,
        "output_audio_format": output,
    }
    assert line.silence(20) == bytes(rate // 50 * 2)


def test_how_a_call_begins_at_genesys() -> None:
    """`open` names the call; it is answered by `opened` with one of the offered media, mono where there is a choice."""
    started_, reply = GenesysLine().receive(frames.genesys_open())
    assert started_ == CallStarted(
        call_id=frames.CONVERSATION,
        stream_id=frames.SESSION,
        caller="+15550100",
        called="+15550199",
        parameters={"shop": "12"},
    )
    assert isinstance(reply, Reply)
    assert json.loads(reply.message) == {
        "version": "2",
        "type": "opened",
        "seq": 1,
        "clientseq": 1,
        "id": frames.SESSION,
        "parameters": {"startPaused": False, "media": [frames.genesys_media("external")]},
    }


def test_genesys_may_offer_both_sides_only() -> None:
    """Of two channels the first is the caller."""
    line = GenesysLine()
    line.receive(frames.genesys_open(media=[frames.genesys_media("external", "internal")]))
    assert line.receive(b"\x01\x02\x03\x04") == [AudioReceived(b"\x01\x03")]


def test_genesys_tries_whether_somebody_answers() -> None:
    """A session of nobody's is answered like any other, and known for what it is."""
    nobody = "00000000-0000-0000-0000-000000000000"
    begun, reply = GenesysLine().receive(frames.genesys_open(conversationId=nobody))
    assert isinstance(begun, CallStarted)
    assert begun.is_probe
    assert isinstance(reply, Reply)


def test_what_genesys_wants_answered() -> None:
    """`ping` and `close` are answered at once, in the order of both sides' numbers."""
    line = started(GenesysLine())
    (pong,) = line.receive(frames.genesys("ping", 2, rtt="PT0.1S"))
    assert isinstance(pong, Reply)
    found = json.loads(pong.message)
    assert (found["type"], found["seq"], found["clientseq"]) == ("pong", 2, 2)
    closed, ended = line.receive(frames.genesys("close", 3, reason="end"))
    assert isinstance(closed, Reply)
    found = json.loads(closed.message)
    assert (found["type"], found["seq"], found["clientseq"]) == ("closed", 3, 3)
    assert ended == CallEnded("end")


def test_what_is_written_to_twilio() -> None:
    """Sound, a mark and `clear`, each for the stream that began."""
    line = started(TwilioLine())
    assert json.loads(line.write_audio(frames.SOUND)) == {
        "event": "media",
        "streamSid": frames.STREAM,
        "media": {"payload": frames.PAYLOAD},
    }
    assert json.loads(line.write_mark("v7")) == {"event": "mark", "streamSid": frames.STREAM, "mark": {"name": "v7"}}
    assert json.loads(line.write_clear()) == {"event": "clear", "streamSid": frames.STREAM}
    assert line.write_end() is None
    assert line.session == {
        "input_audio_format": "g711_ulaw",
        "input_audio_sampling_rate": 8000,
        "output_audio_format": "g711_ulaw",
    }
    assert line.silence(20) == b"\xff" * 160


def test_what_is_written_to_azure_communication_services() -> None:
    """Sound and `StopAudio`, in the capitals that it takes."""
    line = started(AcsLine())
    assert json.loads(line.write_audio(frames.SOUND)) == {
        "Kind": "AudioData",
        "AudioData": {"Data": frames.PAYLOAD},
        "StopAudio": None,
    }
    assert json.loads(line.write_clear()) == {"Kind": "StopAudio", "AudioData": None, "StopAudio": {}}
    assert line.write_end() is None


def test_what_is_written_to_genesys() -> None:
    """Sound as it is, `barge_in` as an event, and `disconnect` with what the flow is to know."""
    line = GenesysLine()
    started(line)
    assert line.write_audio(frames.SOUND) == frames.SOUND
    found = json.loads(line.write_clear())
    assert (found["type"], found["parameters"]) == ("event", {"entities": [{"type": "barge_in", "data": {}}]})
    line.output_variables["transfer_to"] = "sales"
    found = json.loads(line.write_end())
    assert (found["type"], found["seq"]) == ("disconnect", 3)
    assert found["parameters"] == {"reason": "completed", "outputVariables": {"transfer_to": "sales"}}


def test_sound_by_base64_of_any_size() -> None:
    """What is written is read back to the byte, whatever the size."""
    line = started(TwilioLine())
    for size in (1, 159, 160, 1600, 4801):
        audio = (frames.SOUND * 31)[:size]
        assert base64.b64decode(json.loads(line.write_audio(audio))["media"]["payload"]) == audio
