"""The messages that the replay server sends: one spoken turn as the service sends it, in both dialects.

Every event starts with an ``event_id`` of fixed width, so that the server can put the time of sending there without
encoding the event again.
"""

from __future__ import annotations

import base64
import json
import math
import struct
import zlib
from collections.abc import Callable, Iterator
from typing import Any

__all__ = ["AUDIO_BYTES", "DIALECTS", "MIXES", "PCM_CHUNK", "audio_bytes", "frame", "messages", "split_at_stamp"]

Event = dict[str, Any]

STAMP = "event_" + "0" * 19
"""Where the time of sending goes: nanoseconds of the monotonic clock, 19 digits."""

DIALECTS = ("dated", "ga")
"""The event names of the dated API versions, and those that the openai package knows."""

MIXES = ("audio", "audio500", "audio1m", "turn", "turns", "session", "unknown", "misfit", "malformed", "hello")

AUDIO_BYTES = 4800
"""One audio delta, and one chunk to send: 100 ms of 24 kHz PCM16."""

TRANSCRIPT = "The largest lake by area is the Caspian Sea, and the largest by volume of fresh water is Lake Baikal."
AUDIO_DELTAS = 40
TURNS = 64
"""How many turns of their own ids the mix ``turns`` has: who keeps the conversation tells one from another."""
ITEM, USER_ITEM, RESPONSE = "msg_1OYhahtfsYvgb37E3O5r4n", "item_7jGvdP12htunOrihM6UbQS", "resp_2adQYpu7qP3YuXs0X9rFi6"


def _tone(samples: int, offset: int) -> bytes:
    values = (
        int(9000 * math.sin((offset + index) * 0.081) + 3000 * math.sin(index * 0.37)) for index in range(samples)
    )
    return struct.pack(f"<{samples}h", *values)


PCM_CHUNK = _tone(AUDIO_BYTES // 2, 0)
"""What is sent: 100 ms of 24 kHz PCM16."""


def messages(mix: str, dialect: str) -> list[bytes]:
    """Return the JSON texts of a mix, to be sent over and over."""
    makers: dict[str, Callable[[], list[Event]]] = {
        "audio": lambda: [_audio_delta(index, dialect) for index in range(16)],
        "audio500": lambda: [_audio_delta(index, dialect, 5) for index in range(4)],
        "audio1m": lambda: [_audio_delta(0, dialect, 209)],
        "turn": lambda: list(_turn(dialect)),
        "session": lambda: [_session_created(dialect), *_turn(dialect)],
        "turns": lambda: _turns(dialect),
        "unknown": lambda: [{"type": "response.novelty.delta", **_ids(), "delta": word} for word in TRANSCRIPT.split()],
        "misfit": lambda: [{**_audio_delta(0, dialect), "output_index": "0"}],
        "malformed": list,
        "hello": lambda: [_session_created(dialect)],
    }
    if mix == "malformed":
        return [b'{"event_id":"%b","type":"response.audio.delta","delta":' % STAMP.encode()]
    return [json.dumps({"event_id": STAMP, **event}, separators=(",", ":")).encode() for event in makers[mix]()]


def audio_bytes(mix: str, count: int) -> int:
    """Return how many bytes of audio the first `count` messages of a mix hold; clients are held to it."""
    cycle = [_audio_bytes(json.loads(message)) for message in messages(mix, "dated")]
    full, rest = divmod(count, len(cycle))
    return full * sum(cycle) + sum(cycle[:rest])


def _audio_bytes(event: Event) -> int:
    return len(base64.b64decode(event["delta"])) if event["type"] == "response.audio.delta" else 0


def frame(message: bytes, *, deflate: bool = False) -> bytes:
    """Return `message` as an unmasked WebSocket text frame, compressed on its own if `deflate`."""
    first = 0x81
    if deflate:
        compressor = zlib.compressobj(wbits=-15)
        message = (compressor.compress(message) + compressor.flush(zlib.Z_SYNC_FLUSH))[:-4]
        first = 0xC1
    if len(message) < 126:
        head = struct.pack("!BB", first, len(message))
    elif len(message) < 65536:
        head = struct.pack("!BBH", first, 126, len(message))
    else:
        head = struct.pack("!BBQ", first, 127, len(message))
    return head + message


def split_at_stamp(framed: bytes) -> tuple[bytes, bytes]:
    """Return what comes before and after the digits of the time of sending."""
    before, _, after = framed.partition(STAMP.encode())
    return before + b"event_", after


def _ids() -> Event:
    return {"response_id": RESPONSE, "item_id": ITEM, "output_index": 0, "content_index": 0}


def _name(suffix: str, dialect: str) -> str:
    return ("response.output_" if dialect == "ga" else "response.") + suffix


def _audio_delta(index: int, dialect: str, chunks: int = 1) -> Event:
    audio = base64.b64encode(_tone(chunks * AUDIO_BYTES // 2, index * 37)).decode()
    return {"type": _name("audio.delta", dialect), **_ids(), "delta": audio}


def _item(status: str, content: list[Event], *, user: bool = False) -> Event:
    item_id, role = (USER_ITEM, "user") if user else (ITEM, "assistant")
    base = {"id": item_id, "object": "realtime.item", "type": "message", "status": status, "role": role}
    return {**base, "content": content}


def _response(status: str, output: list[Event], dialect: str) -> Event:
    usage = {
        "total_tokens": 1391,
        "input_tokens": 1217,
        "output_tokens": 174,
        "input_token_details": {
            "cached_tokens": 1024,
            "text_tokens": 1186,
            "audio_tokens": 31,
            "image_tokens": 0,
            "cached_tokens_details": {"text_tokens": 1024, "audio_tokens": 0, "image_tokens": 0},
        },
        "output_token_details": {"text_tokens": 27, "audio_tokens": 147},
    }
    base = {
        "object": "realtime.response",
        "id": RESPONSE,
        "status": status,
        "status_details": None,
        "output": output,
        "usage": usage if output else None,
        "conversation_id": "conv_E8EHTgtLD3f5JyTFcq82k",
        "metadata": None,
    }
    if dialect == "ga":
        audio = {"output": {"format": {"type": "audio/pcm", "rate": 24000}, "voice": "marin"}}
        return {**base, "output_modalities": ["audio"], "max_output_tokens": "inf", "audio": audio}
    voice = {"name": "en-US-AvaMultilingualNeural", "type": "azure-standard", "temperature": None, "style": None}
    return {
        **base,
        "modalities": ["audio", "text"],
        "voice": voice,
        "output_audio_format": "pcm16",
        "temperature": 0.8,
        "max_output_tokens": None,
    }


def _turn(dialect: str) -> Iterator[Event]:
    """Yield one question and its answer: the user's speech, the transcript a word at a time, then the audio."""
    question = [{"type": "input_audio", "transcript": "Which lake is the largest?"}]
    user_item = _item("completed", question, user=True)
    open_item = _item("in_progress", [])
    spoken = {"type": "audio", "transcript": TRANSCRIPT}
    part = {"type": "output_audio" if dialect == "ga" else "audio", "transcript": TRANSCRIPT}
    item = _item("completed", [part])
    created = "conversation.item.added" if dialect == "ga" else "conversation.item.created"
    at = {"output_index": 0, "response_id": RESPONSE}
    yield {"type": "input_audio_buffer.speech_started", "audio_start_ms": 0, "item_id": USER_ITEM}
    yield {"type": "input_audio_buffer.speech_stopped", "audio_end_ms": 3776, "item_id": USER_ITEM}
    yield {"type": "input_audio_buffer.committed", "previous_item_id": None, "item_id": USER_ITEM}
    transcription = {"item_id": USER_ITEM, "content_index": 0, "transcript": question[0]["transcript"]}
    if dialect == "ga":
        transcription["usage"] = {"type": "duration", "seconds": 3.8}
    yield {"type": "conversation.item.input_audio_transcription.completed", **transcription}
    yield {"type": created, "previous_item_id": None, "item": user_item}
    yield {"type": "response.created", "response": _response("in_progress", [], dialect)}
    yield {"type": "response.output_item.added", **at, "item": open_item}
    yield {"type": created, "previous_item_id": USER_ITEM, "item": open_item}
    yield {"type": "response.content_part.added", **_ids(), "part": {"type": "audio", "transcript": ""}}
    for word in TRANSCRIPT.split():
        yield {"type": _name("audio_transcript.delta", dialect), **_ids(), "delta": f" {word}"}
    for index in range(AUDIO_DELTAS):
        yield _audio_delta(index, dialect)
    yield {"type": _name("audio.done", dialect), **_ids()}
    yield {"type": _name("audio_transcript.done", dialect), **_ids(), "transcript": TRANSCRIPT}
    yield {"type": "response.content_part.done", **_ids(), "part": spoken}
    yield {"type": "response.output_item.done", **at, "item": item}
    yield {"type": "response.done", "response": _response("completed", [item], dialect)}


def _turns(dialect: str) -> list[Event]:
    """Return turns whose items and responses have ids of their own, all of one length."""
    turn = json.dumps(list(_turn(dialect)))
    events: list[Event] = []
    for number in range(TURNS):
        renamed = turn
        for name in (ITEM, USER_ITEM, RESPONSE):
            renamed = renamed.replace(name, f"{name[:-3]}{number:03}")
        events += json.loads(renamed)
    return events


def _session_created(dialect: str) -> Event:
    detection = {
        "type": "server_vad",
        "threshold": 0.5,
        "prefix_padding_ms": 300,
        "silence_duration_ms": 500,
        "create_response": True,
        "interrupt_response": True,
    }
    base: Event = {"id": "sess_3P1gF7XDKRiDxMyEQwH4ph", "object": "realtime.session", "instructions": "Answer briefly."}
    base |= {"model": "gpt-realtime", "tools": [], "tool_choice": "auto", "expires_at": 1785650089}
    if dialect == "ga":
        sound = {"type": "audio/pcm", "rate": 24000}
        listening = {"format": sound, "transcription": None, "noise_reduction": None, "turn_detection": detection}
        audio = {"input": listening, "output": {"format": sound, "voice": "marin", "speed": 1.0}}
        session: Event = {**base, "type": "realtime", "output_modalities": ["audio"], "audio": audio}
        return {"type": "session.created", "session": session}
    session = {
        **base,
        "modalities": ["audio", "text"],
        "voice": {"name": "en-US-AvaNeural", "type": "azure-standard", "temperature": None},
        "input_audio_format": "pcm16",
        "output_audio_format": "pcm16",
        "input_audio_sampling_rate": 24000,
        "turn_detection": detection,
        "temperature": 0.8,
        "max_response_output_tokens": "inf",
    }
    return {"type": "session.created", "session": session}
