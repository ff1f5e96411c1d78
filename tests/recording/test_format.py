"""The format of recordings: what is written can be read, and what is damaged is read as far as it goes and named."""

from __future__ import annotations

import base64
import json
import wave
import zipfile
from array import array
from math import pi, sin
from pathlib import Path
from typing import Any

import pytest

from voicelive.errors import ConfigurationError
from voicelive.recording import Recording, RecordingError, RecordingHeader, RecordingWriter, SoundFormat

RATE = 24_000


def tone(hertz: float, seconds: float, rate: int = RATE) -> bytes:
    return array("h", [int(8000 * sin(2 * pi * hertz * i / rate)) for i in range(int(seconds * rate))]).tobytes()


def text_of(sound: bytes) -> str:
    return base64.b64encode(sound).decode()


def append(sound: bytes) -> dict[str, Any]:
    return {"type": "input_audio_buffer.append", "audio": text_of(sound)}


def delta(sound: bytes, item_id: str = "item", response_id: str = "answer") -> dict[str, Any]:
    return {
        "type": "response.audio.delta",
        "response_id": response_id,
        "item_id": item_id,
        "content_index": 0,
        "delta": text_of(sound),
    }


def created(**session: Any) -> dict[str, Any]:
    return {"type": "session.created", "session": {"turn_detection": {"type": "server_vad"}, **session}}


def written(folder: Path, **options: Any) -> RecordingWriter:
    content = options.pop("content", True)
    return RecordingWriter(folder, RecordingHeader(started="2026-11-28T12:00:00Z", content=content), **options)


def call(folder: Path, **options: Any) -> Path:
    """One turn: a second of the user, a burst of two seconds of an answer, interrupted after one."""
    writer = written(folder, **options)
    writer.event("received", created(instructions="Be brief."), 0.1)
    for number in range(10):
        writer.event("sent", append(tone(440, 0.1)), 1 + number / 10)
    for number in range(10):
        writer.event("received", delta(tone(880, 0.2)), 2 + number / 100)
    writer.event("received", {"type": "input_audio_buffer.speech_started", "item_id": "next"}, 3)
    writer.event("received", delta(tone(880, 0.2)), 3.1)
    writer.flush(3.2)
    writer.close(4, code=1000)
    return folder


def loud(pcm: bytes, rate: int = RATE) -> tuple[float, float]:
    """Where sound begins and ends, in seconds."""
    samples = array("h", pcm)
    heard = [index for index, sample in enumerate(samples) if abs(sample) > 500]
    return heard[0] / rate, heard[-1] / rate


def test_events_come_back_as_they_were(tmp_path: Path) -> None:
    """Every event has its time, its direction and, put back, the very sound that it had."""
    recording = Recording.open(call(tmp_path / "one"))
    events = list(recording.events)
    assert [event.direction for event in events] == ["received", *["sent"] * 10, *["received"] * 12]
    assert recording.wire(events[1]) == append(tone(440, 0.1))
    assert recording.wire(events[11]) == delta(tone(880, 0.2))
    assert events[11].time == 2.0
    assert events[11].sounds[0].ms == 200
    assert recording.header.started == "2026-11-28T12:00:00Z"
    assert recording.ending is not None
    assert recording.ending["code"] == 1000
    assert recording.check() == []


def test_call_wav_has_both_sides_in_place(tmp_path: Path) -> None:
    """The user lies where it was said; a burst lies one piece after the other; what was interrupted is not there."""
    recording = Recording.open(call(tmp_path / "one"))
    assert loud(recording.audio.user) == pytest.approx((0.9, 1.9), abs=0.01)
    assert loud(recording.audio.assistant) == pytest.approx((2.0, 3.0), abs=0.01)
    said: list[Any] = []
    heard: list[Any] = []
    for stretch in recording.stretches:
        (said if stretch.side == "user" else heard).append((stretch.at, stretch.from_ms, stretch.to_ms))
    assert (said[0], said[-1][2]) == ((0.9, 0.0, pytest.approx(300, abs=1)), 1000)
    assert heard == [(2.0, 0.0, pytest.approx(1000, abs=1))]


def test_other_programs_can_read_the_sound(tmp_path: Path) -> None:
    """The three files are plain WAV, as any program reads them: the call in stereo, each direction as sent."""
    folder = call(tmp_path / "one")
    found = {}
    for name in ("call", "sent", "received"):
        with wave.open(str(folder / f"{name}.wav")) as file:
            found[name] = file.getnchannels(), file.getframerate(), file.getnframes()
    assert found == {"call": (2, RATE, 4 * RATE), "sent": (1, RATE, RATE), "received": (1, RATE, 11 * RATE // 5)}


def test_what_a_player_reports_is_what_was_heard(tmp_path: Path) -> None:
    """Reports of a player place the answer, at the time of each, and nothing else of it is there."""
    writer = written(tmp_path / "one")
    for number in range(10):
        writer.event("received", delta(tone(880, 0.2)), 2 + number / 100)
    for number in range(1, 31):
        writer.heard("item", 0, number * 20, 3 + number / 50)
    writer.event("received", {"type": "input_audio_buffer.speech_started"}, 3.7)
    writer.close(5)
    recording = Recording.open(tmp_path / "one")
    assert loud(recording.audio.assistant) == pytest.approx((3.0, 3.6), abs=0.01)
    assert [(one.at, one.item_id, one.to_ms) for one in recording.stretches] == [(3.0, "item", 600)]


def test_a_truncated_item_ends_where_the_client_says(tmp_path: Path) -> None:
    """Where nobody reports what was played, ``conversation.item.truncate`` says how far an item was heard."""
    writer = written(tmp_path / "one")
    writer.event("received", delta(tone(880, 2)), 1)
    truncate = {"type": "conversation.item.truncate", "item_id": "item", "content_index": 0, "audio_end_ms": 700}
    writer.event("sent", truncate, 2)
    writer.close(5)
    assert loud(Recording.open(tmp_path / "one").audio.assistant) == pytest.approx((1.0, 1.7), abs=0.01)


def test_a_late_burst_makes_up_for_its_gap(tmp_path: Path) -> None:
    """Where the microphone's sound comes late and then all at once, it lies where it was said."""
    writer = written(tmp_path / "one")
    for number in range(10):
        writer.event("sent", append(tone(440, 0.1)), 1.1 + number / 10)
    for number in range(10, 20):
        # Nothing went out for half a second, then everything that waited.
        writer.event("sent", append(tone(440, 0.1)), max(2.6, 1.1 + number / 10))
    writer.close(4)
    recording = Recording.open(tmp_path / "one")
    assert loud(recording.audio.user) == pytest.approx((1.0, 3.0), abs=0.05)


def test_several_stalls_in_a_row_shift_nothing(tmp_path: Path) -> None:
    """Sound that comes late again before it has caught up lies where it was said all the same."""
    writer = written(tmp_path / "one")
    for number in range(60):
        said = 1.1 + number / 10
        # Out at once, but for two stalls of 400 and 300 ms, the second before the first was made up for.
        sent = max(said, 2.5) if said < 2.3 else max(said, 2.8)
        writer.event("sent", append(tone(440, 0.1)), sent if 2.05 < said < 2.8 else said)
    writer.close(8)
    assert loud(Recording.open(tmp_path / "one").audio.user) == pytest.approx((1.0, 7.0), abs=0.03)


def test_formats_are_followed(tmp_path: Path) -> None:
    """G.711 is stored as it came; ``call.wav`` has both sides as PCM16, at one rate."""
    writer = written(tmp_path / "one")
    writer.event("received", created(), 0.1)
    settings = {"input_audio_format": "g711_ulaw", "output_audio_format": "g711_ulaw"}
    writer.event("sent", {"type": "session.update", "session": settings}, 0.2)
    writer.event("sent", append(bytes([0x00, 0x80] * 4000)), 1.5)
    writer.event("received", delta(bytes([0x00, 0x80] * 4000)), 2)
    writer.close(4)
    recording = Recording.open(tmp_path / "one")
    assert recording.audio.rate == 8000
    assert loud(recording.audio.user, 8000) == pytest.approx((0.5, 1.5), abs=0.01)
    assert loud(recording.audio.assistant, 8000) == pytest.approx((2.0, 3.0), abs=0.01)
    assert [line["output"]["format"] for line in recording.lines if line["kind"] == "format"] == ["g711_ulaw"]


def test_sides_of_different_rates_share_a_file(tmp_path: Path) -> None:
    """Where the microphone has another rate than the answer, both still lie where they belong."""
    header = RecordingHeader(input=SoundFormat("pcm16", 16_000))
    writer = RecordingWriter(tmp_path / "one", header)
    for number in range(10):
        writer.event("sent", append(tone(440, 0.1, 16_000)), 1 + number / 10)
    writer.event("received", delta(tone(880, 1)), 2)
    writer.close(4)
    recording = Recording.open(tmp_path / "one")
    assert recording.audio.rate == RATE
    assert loud(recording.audio.user) == pytest.approx((0.9, 1.9), abs=0.01)
    assert loud(recording.audio.assistant) == pytest.approx((2.0, 3.0), abs=0.01)


def test_content_can_be_left_out(tmp_path: Path) -> None:
    """Without content there is no text and no sound, but every event, its ids, its times and its lengths."""
    recording = Recording.open(call(tmp_path / "one", content=False))
    assert sorted(path.name for path in recording.path.iterdir()) == ["call.jsonl"]
    assert "brief" not in (recording.path / "call.jsonl").read_text()
    events = list(recording.events)
    assert len(events) == 23
    assert events[11].payload["item_id"] == "item"
    assert [sound.ms for sound in events[11].sounds] == [200]
    assert recording.sound(events[11].sounds[0]) == bytes(9600)
    assert recording.check() == []


def test_credentials_and_patterns_are_not_recorded(tmp_path: Path) -> None:
    """Keys and tokens of tools, the connection's own where the service repeats it, and what fits a pattern are gone."""

    def hide(text: str) -> str:
        return text.replace("my-very-own-key", "(hidden)")

    writer = written(tmp_path / "one", redact=[r"\b\d{4} \d{4}\b"], hide=hide)
    tool = {"type": "mcp", "server_url": "https://x", "authorization": "Bearer abcdef", "headers": {"X-One": "secret1"}}
    writer.event("sent", {"type": "session.update", "session": {"tools": [tool]}}, 0.1)
    writer.event("received", {"type": "error", "error": {"message": "not my-very-own-key: 1234 5678"}}, 0.2)
    writer.event("received", b"no JSON: my-very-own-key 1234 5678", 0.3)
    writer.event("received", {"type": "response.done", "response": {"usage": {"input_token_details": {"a": 1}}}}, 0.4)
    writer.close(1)
    text = (tmp_path / "one" / "call.jsonl").read_text()
    assert not [secret for secret in ("abcdef", "secret1", "my-very-own-key", "1234 5678") if secret in text]
    recording = Recording.open(tmp_path / "one")
    events = list(recording.events)
    assert events[1].payload["error"]["message"] == "not (hidden): (redacted)"
    assert events[2].raw == "no JSON: (hidden) (redacted)"
    assert events[3].payload["response"]["usage"]["input_token_details"] == {"a": 1}


def test_base64_that_would_not_come_back_the_same_stays_text(tmp_path: Path) -> None:
    """Sound that is not plain base64 is recorded as the text that it was."""
    writer = written(tmp_path / "one")
    odd = {**delta(b""), "delta": "not base64!"}
    writer.event("received", odd, 0.1)
    writer.event("received", {**odd, "delta": "QUI"}, 0.2)
    writer.close(1)
    recording = Recording.open(tmp_path / "one")
    assert [recording.wire(event)["delta"] for event in recording.events] == ["not base64!", "QUI"]


def test_a_zip_file_is_read_like_a_folder(tmp_path: Path) -> None:
    """One zip file holds the same events and the same sound."""
    recording = Recording.open(call(tmp_path / "one"))
    packed = Recording.open(recording.pack(tmp_path / "one.zip"))
    wires = [[one.wire(event) for event in one.events] for one in (recording, packed)]
    assert wires[0] == wires[1]
    assert packed.audio.user == recording.audio.user
    assert packed.check() == []
    with pytest.raises(RecordingError, match="exists already"):
        recording.pack(tmp_path / "one.zip")


def test_a_second_recording_of_a_name_is_refused(tmp_path: Path) -> None:
    """A recording never overwrites another."""
    folder = call(tmp_path / "one")
    before = (folder / "call.jsonl").read_bytes()
    with pytest.raises(ConfigurationError, match=r"there is a recording in .*one already"):
        written(folder)
    assert (folder / "call.jsonl").read_bytes() == before


def test_two_files_of_one_name_in_a_zip_are_named(tmp_path: Path) -> None:
    """Of two files of one name the first is used, and the other named."""
    packed = Recording.open(call(tmp_path / "one")).pack(tmp_path / "one.zip")
    with zipfile.ZipFile(packed, "a") as file:
        file.writestr("again/call.jsonl", '{"voicelive_recording":1}\n')
    recording = Recording.open(packed)
    assert recording.problems == ["one.zip has two files named call.jsonl: the first is used"]
    assert len(list(recording.events)) == 23


@pytest.mark.parametrize("kind", ["folder", "zip"])
def test_a_newer_format_is_read_as_far_as_it_is_known(tmp_path: Path, kind: str) -> None:
    """Of a newer format what is known is read; its version and its unknown lines are named."""
    folder = call(tmp_path / "one")
    lines = (folder / "call.jsonl").read_text().splitlines()
    header = {**json.loads(lines[0]), "voicelive_recording": 9, "new": {}}
    lines[0] = json.dumps(header)
    lines.insert(5, '{"t":1,"kind":"hologram"}')
    (folder / "call.jsonl").write_text("\n".join(lines) + "\n")
    path = folder if kind == "folder" else Recording.open(folder).pack(tmp_path / "one.zip")
    recording = Recording.open(path)
    assert len(list(recording.events)) == 23
    first, second = recording.check()
    assert first.startswith("the recording has format 9, and this version of voicelive knows 1")
    assert second == "1 line(s) of the unknown kind 'hologram'"


def test_damage_is_named(tmp_path: Path) -> None:
    """Lines that are not JSON, half a last line, sound that is cut short and a missing file are named; the rest is
    read."""
    folder = call(tmp_path / "one")
    lines = (folder / "call.jsonl").read_bytes().splitlines(keepends=True)
    lines[3] = b"\xff\xfe{{{\n"
    (folder / "call.jsonl").write_bytes(b"".join(lines)[:-10])
    with (folder / "received.wav").open("r+b") as file:
        file.truncate(44 + 10_000)
    (folder / "sent.wav").unlink()
    recording = Recording.open(folder)
    assert len(list(recording.events)) == 22
    assert recording.check() == [
        "line 4 of call.jsonl is not a JSON object",
        f"line {len(lines)} of call.jsonl is not a JSON object; the recording was cut short there",
        "sent.wav is missing",
        "received.wav is cut short: 105600 bytes of audio are referred to, 10000 are there",
    ]
    assert recording.ending is None
    last = [event for event in recording.events if event.sounds][-1]
    assert len(recording.sound(last.sounds[0])) == 9600


def test_no_byte_of_damage_stops_the_reader(tmp_path: Path) -> None:
    """Cut at any place, a recording still opens; every event whose line is whole is there."""
    folder = call(tmp_path / "one")
    text = (folder / "call.jsonl").read_bytes()
    for size in range(0, len(text), 97):
        (folder / "call.jsonl").write_bytes(text[:size])
        recording = Recording.open(folder)
        whole = [line for line in text[:size].split(b"\n")[:-1] if b'"event":' in line]
        assert len(list(recording.events)) in (len(whole), len(whole) + 1)
        recording.check()


def test_a_damaged_zip_is_named(tmp_path: Path) -> None:
    """A zip file with a broken part gives what comes before the break."""
    packed = Recording.open(call(tmp_path / "one")).pack(tmp_path / "one.zip")
    data = bytearray(packed.read_bytes())
    with zipfile.ZipFile(packed) as file:
        info = file.getinfo("received.wav")
    middle = info.header_offset + 30 + len("received.wav") + info.compress_size // 2
    data[middle : middle + 50] = b"\xaa" * 50
    packed.write_bytes(data)
    recording = Recording.open(packed)
    assert len(list(recording.events)) == 23
    for event in recording.events:
        recording.wire(event)
    assert any("received.wav" in problem for problem in recording.check())


@pytest.mark.parametrize(
    ("what", "message"),
    [
        ("nothing", "there is no recording at"),
        ("empty folder", r"there is no call\.jsonl in it"),
        ("another file", "neither a recording's folder nor its zip file"),
        ("empty zip", r"there is no call\.jsonl in it"),
    ],
)
def test_what_is_not_a_recording_is_refused(tmp_path: Path, what: str, message: str) -> None:
    """What holds no recording is refused, with what was found."""
    path = tmp_path / "one"
    if what == "empty folder":
        path.mkdir()
    elif what == "another file":
        path.write_text("hello")
    elif what == "empty zip":
        zipfile.ZipFile(path, "w").close()
    with pytest.raises(RecordingError, match=message):
        Recording.open(path)
