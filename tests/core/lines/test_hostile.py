"""What no line should say: each a typed fault or a typed end, never an exception."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from voicelive.telephony import AcsLine, GenesysLine, Line, LineEvent, LineFault, TwilioLine

from . import frames

LINES: list[type[Line]] = [TwilioLine, AcsLine, GenesysLine]
OPENING: dict[str, str] = {
    "twilio": frames.TWILIO_START,
    "acs": frames.acs_metadata(),
    "genesys": frames.genesys_open(),
}
EVERYTHING = "every line"


def twilio_media(payload: Any) -> str:
    return frames.twilio("media", media={"track": "inbound", "payload": payload})


# Which line, what it says before, what it says, and the fault's kind.
TABLE: list[tuple[str, str, list[str | bytes], str | bytes, str]] = [
    ("not JSON", EVERYTHING, [], "{", "not_json"),
    ("a list", EVERYTHING, [], "[]", "not_understood"),
    ("nothing", EVERYTHING, [], "", "not_json"),
    ("nested too deep", EVERYTHING, [], "[" * 100_000, "not_json"),
    ("a number too long to be read", EVERYTHING, [], '{"a":' + "9" * 5000 + "}", "not_json"),
    ("half a character", "twilio", [], b"\xff\xfe", "not_json"),
    ("no type", EVERYTHING, [], "{}", "not_understood"),
    ("a type of another type", "twilio", [], '{"event":{"a":1}}', "not_understood"),
    ("far too large", EVERYTHING, [], "x" * 300_000, "too_large"),
    ("sound before the start", "twilio", [], frames.TWILIO_MEDIA, "before_start"),
    ("sound before the start", "acs", [], frames.acs_audio(), "before_start"),
    ("sound before the start", "genesys", [], frames.SOUND, "before_start"),
    ("ping before the start", "genesys", [], frames.genesys("ping", 1), "before_start"),
    ("a mark before the start", "twilio", [], frames.TWILIO_MARK, "before_start"),
    ("not base64", "twilio", [frames.TWILIO_START], twilio_media("%%%"), "not_base64"),
    ("base64 cut short", "twilio", [frames.TWILIO_START], twilio_media(frames.PAYLOAD[:-1]), "not_base64"),
    ("no sound", "twilio", [frames.TWILIO_START], twilio_media(None), "not_understood"),
    ("no media", "twilio", [frames.TWILIO_START], frames.twilio("media"), "not_understood"),
    ("a key that no telephone has", "twilio", [frames.TWILIO_START], frames.twilio("dtmf", dtmf={"digit": "X"}), "n"),
    ("half a sample", "acs", [frames.acs_metadata()], frames.acs_audio(b"\1\2\3"), "odd_length"),
    ("the start again", "twilio", [frames.TWILIO_START], frames.TWILIO_START, "second_stream"),
    (
        "another stream's sound",
        "twilio",
        [frames.TWILIO_START],
        frames.TWILIO_MEDIA.replace(frames.STREAM, "MZother"),
        "second_stream",
    ),
    ("the start again", "acs", [frames.acs_metadata()], frames.acs_metadata(sampleRate=16000), "second_stream"),
    (
        "another participant",
        "acs",
        [frames.acs_metadata(), frames.acs_audio()],
        frames.acs_audio(participantRawID="8:acs:other"),
        "second_stream",
    ),
    ("the start again", "genesys", [frames.genesys_open()], frames.genesys_open(), "second_stream"),
    ("sound after the end", "twilio", [frames.TWILIO_START, frames.TWILIO_STOP], frames.TWILIO_MEDIA, "after_end"),
    ("an id that would break out of JSON", "twilio", [], frames.TWILIO_START.replace(frames.STREAM, 'a\\"b'), "n"),
    ("a rate that is not taken", "acs", [], frames.acs_metadata(sampleRate=48000), "unsupported_format"),
    ("a rate that is not one", "acs", [], frames.acs_metadata(sampleRate=[]), "unsupported_format"),
    ("stereo", "acs", [], frames.acs_metadata(channels=2), "unsupported_format"),
    (
        "another law",
        "twilio",
        [],
        frames.TWILIO_START.replace("audio/x-mulaw", "audio/x-alaw"),
        "unsupported_format",
    ),
    ("another law", "genesys", [], frames.genesys_open(media=[{"type": "audio"}, 7]), "unsupported_format"),
    ("media that are none", "genesys", [], frames.genesys_open(media="all"), "unsupported_format"),
    ("too much sound", "genesys", [frames.genesys_open()], bytes(64_001), "too_large"),
]
ROWS = [
    pytest.param(line, before, message, "not_understood" if kind == "n" else kind, id=f"{line.name}: {shows}")
    for shows, name, before, message, kind in TABLE
    for line in LINES
    if name in (EVERYTHING, line.name)
]


@pytest.mark.parametrize(("line_class", "before", "message", "kind"), ROWS)
def test_what_cannot_be_is_a_fault(
    line_class: type[Line], before: list[str | bytes], message: str | bytes, kind: str
) -> None:
    """Each row: what a line says that it should not, and the kind of the fault that it is told as."""
    line = line_class()
    for one in before:
        line.receive(one)
    fault = line.receive(message)[-1]
    assert isinstance(fault, LineFault)
    assert fault.kind == kind
    assert len(fault.detail) < 300


@pytest.mark.parametrize("line_class", LINES)
def test_a_fault_leaves_the_call_as_it_was(line_class: type[Line]) -> None:
    """After what cannot be, the next message is read as ever."""
    line = line_class()
    line.receive(OPENING[line.name])
    begun = line.started
    line.receive("{")
    line.receive(OPENING[line.name])
    assert line.started is begun
    sounds: dict[str, str | bytes] = {"twilio": frames.TWILIO_MEDIA, "acs": frames.acs_audio(), "genesys": frames.SOUND}
    (event,) = line.receive(sounds[line.name])
    assert getattr(event, "audio", None) == frames.SOUND


JSON = st.recursive(
    st.none() | st.booleans() | st.floats() | st.integers() | st.text(max_size=8),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=6), inner, max_size=3),
    max_leaves=8,
)
NAMES = st.sampled_from(
    ["event", "kind", "Kind", "type", "media", "start", "streamSid", "audioData", "audioMetadata", "parameters", "seq"]
)
VALUES = st.sampled_from(
    ["media", "start", "mark", "dtmf", "stop", "AudioData", "AudioMetadata", "DtmfData", "open", "close", "ping"]
)
MESSAGES = (
    st.dictionaries(NAMES | st.text(max_size=4), VALUES | JSON, max_size=6).map(json.dumps)
    | st.text(max_size=40)
    | st.binary(max_size=40)
)


@settings(max_examples=60)
@given(st.sampled_from(LINES), st.lists(MESSAGES, max_size=6), st.booleans())
def test_nothing_that_arrives_raises(line_class: type[Line], messages: list[str | bytes], is_open: bool) -> None:
    """Whatever comes, in whatever order, is read to events or to faults."""
    line = line_class()
    if is_open:
        line.receive(OPENING[line.name])
    for message in messages:
        found: list[LineEvent] = line.receive(message)
        assert all(type(event).__module__ == "voicelive.telephony" for event in found)
