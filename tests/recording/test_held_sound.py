"""Sound is written in blocks, and read as if each piece had been written by itself."""

from __future__ import annotations

from array import array
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from voicelive._recording import wav_files
from voicelive._recording.sounds import SoundFormat
from voicelive._recording.wav_files import HEADER, Stereo, Stream
from voicelive.recording import Recording

from .test_format import append, created, delta, tone, written

LENGTH = 400

step = st.one_of(
    st.tuples(st.just("put"), st.integers(0, 1), st.integers(0, 300), st.integers(1, 100)),
    st.tuples(st.just("follow"), st.integers(0, 1), st.just(0), st.integers(1, 100)),
    st.tuples(st.just("silence"), st.integers(0, 1), st.integers(0, 300), st.integers(1, 100)),
    st.tuples(st.just("settle"), st.just(0), st.just(0), st.just(1)),
)


@given(st.lists(step, max_size=30), st.integers(1, 300))
def test_two_channels_hold_what_was_put_last(steps: list[tuple[str, int, int, int]], held: int) -> None:
    """However samples are put into two channels, each has the latest at every place, in the file as well."""
    wanted = [[0] * LENGTH * 100, [0] * LENGTH * 100]
    ends, length = [0, 0], 0
    with pytest.MonkeyPatch.context() as patch, TemporaryDirectory() as folder:
        patch.setattr(wav_files, "_HELD", held)
        stereo = Stereo(Path(folder), "call", 8000)
        for number, (what, channel, at, count) in enumerate(steps, 1):
            if what == "settle":
                stereo.settle()
                continue
            at = ends[channel] if what == "follow" else at
            values = [0] * count if what == "silence" else [number] * count
            if what == "silence":
                stereo.silence(channel, at, at + count)
            else:
                stereo.put(channel, at, array("h", values))
            wanted[channel][at : at + count] = values
            ends[channel], length = at + count, max(length, at + count)
            assert stereo.length == length
        assert [list(stereo.get(channel, 0, length)) for channel in (0, 1)] == [one[:length] for one in wanted]
        stereo.close()
        path = Path(folder) / "call.wav"
        written = array("h", path.read_bytes()[HEADER:]) if path.exists() else array("h")
    assert [list(written[channel::2]) for channel in (0, 1)] == [one[:length] for one in wanted]


@given(st.lists(st.tuples(st.integers(1, 60), st.booleans(), st.booleans()), max_size=30), st.integers(1, 200))
def test_a_stream_is_read_wherever_it_is(pieces: list[tuple[int, bool, bool]], held: int) -> None:
    """What was appended can be read at once, whether it is held, written, or in a file before, alone or with others."""
    narrow, wide = SoundFormat("g711_ulaw", 8000), SoundFormat("g711_alaw", 8000)
    with pytest.MonkeyPatch.context() as patch, TemporaryDirectory() as folder:
        patch.setattr(wav_files, "_HELD", held)
        stream = Stream(Path(folder), "received")
        wholes: dict[str, bytes] = {}
        for number, (size, is_wide, settles) in enumerate(pieces):
            data = bytes([number]) * size
            start = stream.append(data, wide if is_wide else narrow)
            whole = wholes[stream.name] = wholes.get(stream.name, b"") + data
            assert whole[start:] == data
            for name, expected in wholes.items():
                assert stream.read(name, len(expected) - 1, 1) == expected[-1:]
            if settles:
                assert stream.read(stream.name, 0, len(whole)) == whole
                stream.settle()
        stream.close()
        for name, expected in wholes.items():
            assert (Path(folder) / name).read_bytes()[HEADER:] == expected


def test_sound_is_written_in_blocks(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Short pieces of sound do not cost a write each: fifty of both sides take a few, and all are there."""
    writes: list[int] = []
    write = wav_files._File.write

    def counted(file: Any, at: int, data: bytes) -> None:
        writes.append(len(data))
        write(file, at, data)

    monkeypatch.setattr(wav_files._File, "write", counted)
    writer = written(tmp_path / "one")
    writer.event("received", created(), 0)
    for number in range(50):
        writer.event("sent", append(tone(440, 0.02)), number / 50)
        writer.event("received", delta(tone(880, 0.02)), number / 50)
    writer.flush(1)
    assert len(writes) < 20
    recording = Recording.open(tmp_path / "one")
    assert recording.check() == []
    assert len(list(recording.events)) == 101
    writer.close(1)
    assert Recording.open(tmp_path / "one").audio.seconds == 1


def test_a_closed_recording_takes_nothing_more(tmp_path: Path) -> None:
    """What comes after the end is refused, not held forever."""
    writer = written(tmp_path / "one")
    writer.close(1)
    with pytest.raises(ValueError, match="is closed: nothing more can be written"):
        writer.event("received", created(), 2)


def test_an_event_whose_type_is_not_a_text_is_recorded(tmp_path: Path) -> None:
    """The service may send anything as type: it is recorded like any other event."""
    writer = written(tmp_path / "one")
    event = {"type": ["response.audio.delta"], "item": {"content": [{"audio": "AAAA"}]}}
    writer.event("received", event, 1)
    writer.close(2)
    recording = Recording.open(tmp_path / "one")
    (found,) = recording.events
    assert [sound.size for sound in found.sounds] == [3]
    assert recording.wire(found) == event
