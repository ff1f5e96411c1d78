"""WAV files for the tests: speech in tones, which the basic engines understand exactly, and files of every kind."""

from __future__ import annotations

import struct
import wave
from pathlib import Path

from voicelive._audio.g711 import encode_alaw, encode_ulaw
from voicelive._audio.resampling import resample
from voicelive.local.engines import ToneSynthesizer, ToneTranscriber

PCM, FLOAT, ALAW, ULAW, EXTENSIBLE = 1, 3, 6, 7, 0xFFFE


def tones(text: str, rate: int) -> bytes:
    """Return `text` spoken in tones: 16-bit samples at `rate` Hz."""
    synthesizer = ToneSynthesizer()
    pcm = b"".join(synthesizer.synthesize(text))
    return pcm if rate == synthesizer.sample_rate else resample(pcm, synthesizer.sample_rate, rate)


def listen_to(path: Path) -> str:
    """Return the text of the tones in a saved reply, after checking its format."""
    with wave.open(str(path), "rb") as reader:
        assert (reader.getnchannels(), reader.getsampwidth(), reader.getframerate()) == (1, 2, 24_000)
        return ToneTranscriber().transcribe(reader.readframes(reader.getnframes()), 24_000).text


def pcm_wav(path: Path, pcm: bytes, rate: int = 24_000, channels: int = 1) -> Path:
    """Write 16-bit samples with the standard library."""
    with wave.open(str(path), "wb") as writer:
        writer.setnchannels(channels)
        writer.setsampwidth(2)
        writer.setframerate(rate)
        writer.writeframes(pcm)
    return path


def spoken_wav(path: Path, text: str, rate: int = 24_000) -> Path:
    """Write `text` as tones, 16-bit samples at `rate` Hz."""
    return pcm_wav(path, tones(text, rate), rate)


def g711_wav(path: Path, text: str, law: int) -> Path:
    """Write `text` as tones in G.711: `law` is ULAW or ALAW."""
    encode = encode_ulaw if law == ULAW else encode_alaw
    return raw_wav(path, encode(tones(text, 8000)), tag=law, rate=8000, bits=8)


def raw_wav(
    path: Path,
    data: bytes,
    *,
    tag: int = PCM,
    channels: int = 1,
    rate: int = 16_000,
    bits: int = 16,
    subformat: int | None = None,
    promised: int | None = None,
    before_data: bytes = b"",
) -> Path:
    """Write a WAV file chunk by chunk; `promised` is the data size in the header, `before_data` are further chunks."""
    align = channels * bits // 8
    header = struct.pack("<HHIIHH", tag, channels, rate, rate * align, align, bits)
    if subformat is not None:
        header += struct.pack("<HHIH", 22, bits, 0, subformat) + bytes(14)
    size = len(data) if promised is None else promised
    chunks = _chunk(b"fmt ", header) + before_data + b"data" + struct.pack("<I", size) + data
    path.write_bytes(b"RIFF" + struct.pack("<I", (len(chunks) + 4) % 2**32) + b"WAVE" + chunks)
    return path


def _chunk(name: bytes, content: bytes) -> bytes:
    return name + struct.pack("<I", len(content)) + content + b"\x00" * (len(content) % 2)
