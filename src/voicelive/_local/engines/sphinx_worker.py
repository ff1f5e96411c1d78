"""The process that hears: reads utterances from its input, writes what they say.

The recogniser keeps Python's global lock for a whole utterance, which would stop every
session of the service meanwhile; so it runs in a process of its own. This file is run
by its path and imports nothing of the package, to start quickly.

In: a length (4 bytes, little-endian) and that much PCM16 at 16 kHz, again and again.
Out: one JSON object a line: ``{"ready": true}`` first, then for each utterance
``{"words": [[text, offset_ms, duration_ms], …]}``, or ``{"error": "…"}``.
"""

from __future__ import annotations

import json
import re
import signal
import sys
from typing import Any, BinaryIO

RATE = 16000
_FRAME_MS = 10
_MIN_BYTES = RATE // 10 * 2
_ALTERNATIVE = re.compile(r"\(\d+\)$")


def main() -> None:
    """Serve utterances until the input ends."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # the parent decides when to stop
    source, sink = sys.stdin.buffer, sys.stdout.buffer
    try:
        from pocketsphinx import Decoder

        decoder = Decoder(samprate=RATE, loglevel="FATAL")
    except (ImportError, RuntimeError, OSError) as error:
        _write(sink, {"error": f"{type(error).__name__}: {error}"})
        return
    _write(sink, {"ready": True})
    while len(header := source.read(4)) == 4:
        pcm = source.read(int.from_bytes(header, "little"))
        try:
            _write(sink, {"words": hear(decoder, pcm)})
        except (RuntimeError, TypeError, ValueError) as error:
            _write(sink, {"error": f"{type(error).__name__}: {error}"})


def hear(decoder: Any, pcm: bytes) -> list[tuple[str, int, int]]:
    """The words of an utterance, each with its offset and duration in milliseconds."""
    if len(pcm) < _MIN_BYTES:
        return []
    decoder.reinit_feat()  # else the utterance before would colour this one
    decoder.start_utt()
    try:
        decoder.process_raw(pcm, full_utt=True)
    finally:
        decoder.end_utt()
    words: list[tuple[str, int, int]] = []
    for segment in decoder.seg() or ():
        if segment.word[:1] in "<[+":  # silence, noise, sentence marks
            continue
        offset = segment.start_frame * _FRAME_MS
        duration = (segment.end_frame - segment.start_frame + 1) * _FRAME_MS
        words.append((_ALTERNATIVE.sub("", segment.word), offset, duration))
    return words


def _write(sink: BinaryIO, message: dict[str, Any]) -> None:
    sink.write(json.dumps(message).encode() + b"\n")
    sink.flush()


if __name__ == "__main__":
    main()
