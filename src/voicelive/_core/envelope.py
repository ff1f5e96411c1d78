"""What a message is, read from its head: its type, and how much audio it carries. Most messages need no more.

Deltas are most of what arrives, so they are told apart without being parsed. A type that does not stand at the head is
not found here, and the message is to be read in full.
"""

from __future__ import annotations

import re

__all__ = ["AUDIO_DELTAS", "SAY_NOTHING", "audio_size", "is_append", "is_audio", "kind_of", "text_at"]

_KIND = re.compile(rb'\{(?:"event_id"\s*:\s*"[^"\\]*"\s*,\s*)?"type"\s*:\s*"([^"\\]*)"')
"""The type of an event where it stands first or second, as services write it."""

_APPEND = re.compile(rb'"type"\s*:\s*"input_audio_buffer\.append"')
_AUDIO = re.compile(rb'"type"\s*:\s*"input_audio(?:_buffer\.append|\.turn\.append)"')
_SOUND = re.compile(rb'"(?:audio|delta)"\s*:\s*"')
_LOOK_AT, _LOOK_FOR_SOUND = 200, 500
_COLON, _COMMA = (b":", b": "), (b",", b", ")
_APPEND_HEAD = b'{"type":"input_audio_buffer.append"'
"""How this package writes an append."""

AUDIO_DELTAS = frozenset({b"response.audio.delta", b"response.output_audio.delta"})
"""Types of the pieces of an answer's audio: most of what arrives, and not to be read in full here."""

SAY_NOTHING = frozenset(
    {
        b"conversation.item.input_audio_transcription.delta",
        b"response.animation_blendshapes.delta",
        b"response.animation_viseme.delta",
        b"response.audio_timestamp.delta",
        b"response.audio_transcript.delta",
        b"response.function_call_arguments.delta",
        b"response.output_audio_transcript.delta",
        b"response.output_text.delta",
        b"response.text.delta",
        b"response.video.delta",
    }
)
"""Types of events that leave no trace in a session: what they are pieces of comes whole later."""


def kind_of(data: bytes) -> bytes:
    """Return the type of a message that shows it at its head, else nothing."""
    # As services write it; quicker than the pattern.
    parts = data[:_LOOK_AT].split(b'"', 8)
    if (
        len(parts) == 9
        and parts[0] == b"{"
        and parts[1] == b"event_id"
        and parts[2] in _COLON
        and parts[4] in _COMMA
        and parts[5] == b"type"
        and parts[6] in _COLON
        and b"\\" not in parts[3]
        and b"\\" not in parts[7]
    ):
        return parts[7]
    found = _KIND.match(data)
    return b"" if found is None else found[1]


def is_audio(data: bytes) -> bool:
    """Return whether an encoded event carries input audio, as its head says."""
    return data.startswith(_APPEND_HEAD) or _AUDIO.search(data, 0, _LOOK_AT) is not None


def is_append(data: bytes) -> bool:
    """Return whether an encoded event adds to the input audio buffer, as its head says."""
    return data.startswith(_APPEND_HEAD) or _APPEND.search(data, 0, _LOOK_AT) is not None


def audio_size(data: bytes) -> int:
    """Return how many bytes of audio an event carries as base64, of either side."""
    start = text_at(data, b'"delta"', _LOOK_FOR_SOUND) or text_at(data, b'"audio"', _LOOK_FOR_SOUND)
    if not start:
        found = _SOUND.search(data)
        if found is None:
            return 0
        start = found.end()
    end = data.find(b'"', start)
    return (end - start) * 3 // 4 - data.count(b"=", max(start, end - 2), end)


def text_at(data: bytes, name: bytes, most: int) -> int:
    """Return where the text of a field begins, if its name, with its quotes, stands in the first bytes; else 0."""
    at = data.find(name, 0, most)
    if at < 0:
        return 0
    at += len(name)
    quote = data.find(b'"', at, at + 3)
    return quote + 1 if quote >= 0 and data[at:quote] in _COLON else 0
