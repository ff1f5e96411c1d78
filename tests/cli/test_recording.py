"""Which WAV files can be sent, and what is said about the others."""

from __future__ import annotations

import os
import struct
import threading
from pathlib import Path

import pytest

from voicelive._cli.recording import RecordingError, read_recording

from .recordings import ALAW, EXTENSIBLE, FLOAT, PCM, ULAW, g711_wav, pcm_wav, raw_wav, spoken_wav, tones


@pytest.mark.parametrize("rate", [8000, 16_000, 24_000])
def test_pcm_is_taken_as_it_is(tmp_path: Path, rate: int) -> None:
    """16-bit mono PCM at each of the service's rates is read byte for byte."""
    recording = read_recording(spoken_wav(tmp_path / "a.wav", "hello", rate))
    assert (recording.input_audio_format, recording.rate) == ("pcm16", rate)
    assert recording.data == tones("hello", rate)
    assert recording.format_name == f"{rate // 1000} kHz PCM16"


@pytest.mark.parametrize(("law", "name", "silence"), [(ULAW, "g711_ulaw", 0xFF), (ALAW, "g711_alaw", 0xD5)])
def test_g711_is_taken_as_it_is(tmp_path: Path, law: int, name: str, silence: int) -> None:
    """Both G.711 laws are read, one byte a sample, and their silence is the law's own."""
    recording = read_recording(g711_wav(tmp_path / "a.wav", "hello", law))
    assert (recording.input_audio_format, recording.rate) == (name, 8000)
    assert recording.duration_ms == pytest.approx(len(tones("hello", 8000)) / 16, abs=1)
    assert recording.silence(20) == bytes([silence]) * 160


def test_an_extensible_header_is_read(tmp_path: Path) -> None:
    """The header that many programs write for plain PCM too is understood."""
    path = raw_wav(tmp_path / "a.wav", bytes(3200), tag=EXTENSIBLE, subformat=PCM)
    assert read_recording(path).input_audio_format == "pcm16"


def test_other_chunks_are_skipped(tmp_path: Path) -> None:
    """Notes before the audio, of odd length and padded, do not get in the way."""
    path = raw_wav(tmp_path / "a.wav", b"\x01\x02" * 800, before_data=b"LIST" + struct.pack("<I", 3) + b"abc\x00")
    assert read_recording(path).data == b"\x01\x02" * 800


@pytest.mark.parametrize("promised", [0, 2_000_000_000, 0x7FFFF000, 0x80000000, 0xFFFFFFFF, 44 + 3200, 36 + 3200])
def test_a_placeholder_for_the_size_means_what_is_there(tmp_path: Path, promised: int) -> None:
    """A program that wrote to a pipe could not know the size; some give that of the whole file."""
    path = raw_wav(tmp_path / "a.wav", b"\x01\x02" * 1600, promised=promised)
    assert read_recording(path).data == b"\x01\x02" * 1600


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="pipes have no names here")
def test_a_pipe_is_read_without_seeking(tmp_path: Path) -> None:
    """Chunks before the audio are passed over by reading, in pieces as they come."""
    notes = b"LIST" + struct.pack("<I", 100_001) + bytes(100_002)
    content = raw_wav(tmp_path / "a.wav", b"\x01\x02" * 800, promised=0xFFFFFFFF, before_data=notes).read_bytes()
    pipe = tmp_path / "pipe"
    os.mkfifo(pipe)

    def write() -> None:
        with pipe.open("wb", buffering=0) as file:
            for start in range(0, len(content), 7001):
                file.write(content[start : start + 7001])

    writer = threading.Thread(target=write)
    writer.start()
    recording = read_recording(pipe)
    writer.join(10)
    assert recording.data == b"\x01\x02" * 800


def test_audio_that_never_ends_is_refused(tmp_path: Path) -> None:
    """What is there is read up to the longest session, and no further."""
    path = tmp_path / "a.wav"
    raw_wav(path, b"", promised=0xFFFFFFFF)
    with path.open("r+b") as file:
        file.truncate(2_000_000_000)  # sparse: takes no room
    with pytest.raises(RecordingError, match="60 minutes"):
        read_recording(path)


def test_the_end_of_speech_is_found(tmp_path: Path) -> None:
    """Silence at the end of a recording does not count as speech."""
    recording = read_recording(pcm_wav(tmp_path / "a.wav", tones("hello", 16_000) + bytes(32_000), 16_000))
    assert recording.speech_end_ms == pytest.approx(recording.duration_ms - 1000, abs=40)


def test_silence_ends_where_it_ends(tmp_path: Path) -> None:
    """A recording without any sound counts as a whole."""
    assert read_recording(pcm_wav(tmp_path / "a.wav", bytes(32_000), 16_000)).speech_end_ms == 1000


@pytest.mark.parametrize(
    ("header", "found"),
    [
        ({"channels": 2}, "16-bit PCM, 16000 Hz, stereo"),
        ({"channels": 6}, "16-bit PCM, 16000 Hz, 6 channels"),
        ({"rate": 48_000}, "16-bit PCM, 48000 Hz, mono"),
        ({"bits": 8}, "8-bit PCM, 16000 Hz, mono"),
        ({"bits": 24}, "24-bit PCM, 16000 Hz, mono"),
        ({"tag": FLOAT, "bits": 32}, "32-bit floating-point, 16000 Hz, mono"),
        ({"tag": ULAW, "bits": 8, "rate": 16_000}, "8-bit µ-law, 16000 Hz, mono"),
        ({"tag": EXTENSIBLE, "bits": 32, "subformat": FLOAT}, "32-bit floating-point, 16000 Hz, mono"),
        ({"tag": 0x1234}, "16-bit coding 0x1234, 16000 Hz, mono"),
        ({"rate": 0}, "16-bit PCM, 0 Hz, mono"),
    ],
)
def test_audio_that_cannot_be_sent_is_named(tmp_path: Path, header: dict[str, int], found: str) -> None:
    """The message says what the file holds, and gives commands that convert it."""
    path = raw_wav(tmp_path / "my call.wav", bytes(4800), **header)  # type: ignore[arg-type]
    with pytest.raises(RecordingError) as failure:
        read_recording(path)
    message = str(failure.value)
    assert found in message
    assert f"ffmpeg -i '{path}'" in message
    assert "sox " in message


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (b"", "not a WAV file"),
        (b"ID3\x04\x00\x00\x00\x00\x00\x00\x00\x00 an MP3", "not a WAV file (it begins with b'ID3"),
        (b"RIFF\x04\x00\x00\x00AVI LIST", "not a WAV file"),
        (b"RIFF\x04\x00\x00\x00WAVE", "without a format"),
        (b"RIFF\x04\x00\x00\x00WAVEfmt \x02\x00\x00\x00\x01\x00", "damaged header"),
        (b"RIFF\x04\x00\x00\x00WAVEdata\x04\x00\x00\x00abcd", "without a format"),
    ],
)
def test_files_that_are_no_wav_are_refused(tmp_path: Path, content: bytes, said: str) -> None:
    """Something else, or half a header, is told apart from audio that cannot be sent."""
    path = tmp_path / "a.wav"
    path.write_bytes(content)
    with pytest.raises(RecordingError, match=r"a\.wav") as failure:
        read_recording(path)
    assert said in str(failure.value)


def test_a_file_without_audio_is_refused(tmp_path: Path) -> None:
    """An empty data chunk is no recording."""
    with pytest.raises(RecordingError, match="holds no audio"):
        read_recording(raw_wav(tmp_path / "a.wav", b""))


def test_a_file_that_is_cut_short_is_refused(tmp_path: Path) -> None:
    """Less audio than the header promises: the message gives both numbers."""
    with pytest.raises(RecordingError, match=r"promises 9000 bytes of audio, 3200 are there"):
        read_recording(raw_wav(tmp_path / "a.wav", bytes(3200), promised=9000))


def test_a_file_longer_than_a_session_is_refused(tmp_path: Path) -> None:
    """More than an hour cannot be sent in one session."""
    with pytest.raises(RecordingError, match="60 minutes"):
        read_recording(raw_wav(tmp_path / "a.wav", bytes(8000 * 3600 + 1), tag=ULAW, bits=8, rate=8000))


@pytest.mark.parametrize("name", ["missing.wav", "."])
def test_a_file_that_cannot_be_read_is_named(tmp_path: Path, name: str) -> None:
    """A missing file, or a folder, is an error of one line with the path."""
    with pytest.raises(RecordingError, match="cannot read"):
        read_recording(tmp_path / name)
