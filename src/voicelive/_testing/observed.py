"""What a client sent in one session, as a test wants to look at it."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from typing import Any, cast

from .._audio.resampling import Resampler
from .._base import decode_base64
from .._core.events import AnyClientEvent
from .._generated import models
from .._local.records import SessionRecord
from .._local.session.agent_wire import flat_session, wire_for
from .._local.session.input_audio import InputFormat
from .._public import public_in

__all__ = ["ObservedSession"]

_RATE = 24000


@public_in("voicelive.testing")
class ObservedSession:
    """One connection of the client under test. Everything is live: reading again shows what has come since."""

    def __init__(self, record: SessionRecord) -> None:
        self.record = record
        """The service's own notes: query, headers, events of both directions, items, how it closed."""
        self._wire = wire_for(record.api_version)

    def __repr__(self) -> str:
        state = "closed" if self.record.closed else "open"
        return f"<ObservedSession {self.record.id} {self.record.model} {state}>"

    def events(self, event_type: str | None = None) -> list[AnyClientEvent]:
        """Return the events that the client sent, those of one type or all, oldest first."""
        return [event for event in self.record.received if event_type in (None, event.type)]

    @property
    def settings(self) -> Mapping[str, Any]:
        """The session's settings in force, defaults included, in the flat form of the dated versions."""
        return self.record.settings

    @property
    def audio(self) -> bytes:
        """All audio that the client sent, as PCM16 at 24,000 Hz, mono."""
        pcm = bytearray()
        resampler = Resampler(_RATE, _RATE)
        for rate, part in self._audio_parts():
            if rate != resampler.from_rate:
                pcm += resampler.flush()
                resampler = Resampler(rate, _RATE)
            pcm += resampler.feed(part)
        return bytes(pcm + resampler.flush())

    @property
    def audio_seconds(self) -> float:
        """How long the audio is that the client sent, silence included."""
        return sum(len(part) / 2 / rate for rate, part in self._audio_parts())

    @property
    def heard(self) -> list[str]:
        """What the service understood of each spoken turn, oldest first."""
        return self.record.heard

    @property
    def texts(self) -> list[str]:
        """What the client wrote in the user's name, oldest first."""
        return [text for item in self._created("message") if item.get("role") == "user" for text in _texts_of(item)]

    def tool_outputs(self, name: str) -> list[Any]:
        """Return what the client answered to the calls of a function, oldest first; JSON is decoded."""
        calls = {
            item["call_id"]
            for item in (item.to_dict() for item in self.record.items)
            if item.get("type") == "function_call" and item.get("name") == name
        }
        outputs = [item for item in self._created("function_call_output") if item.get("call_id") in calls]
        return [_decoded(item.get("output", "")) for item in outputs]

    @property
    def answers(self) -> list[str]:
        """What the assistant said or wrote in each finished response, oldest first; empty where it only called."""
        return [_answer_of(response) for response in self.responses]

    @property
    def responses(self) -> list[dict[str, Any]]:
        """The finished responses in wire form, oldest first: ``status``, ``status_details``, ``output``, ``usage``."""
        return [
            event.response.to_dict() for event in self.record.sent if isinstance(event, models.ServerEventResponseDone)
        ]

    @property
    def errors(self) -> list[models.ServerEventErrorDetails]:
        """What the service refused: the insides of its ``error`` events, oldest first."""
        return [event.error for event in self.record.sent if isinstance(event, models.ServerEventError)]

    def _flat(self) -> Iterator[models.ClientEvent]:
        return (self._wire.inbound(event) for event in self.record.received)

    def _created(self, kind: str) -> Iterator[dict[str, Any]]:
        for event in self._flat():
            if isinstance(event, models.ClientEventConversationItemCreate) and event.item is not None:
                item = event.item.to_dict()
                if item.get("type") == kind:
                    yield item

    def _audio_parts(self) -> Iterator[tuple[int, bytes]]:
        """Yield the audio of each event as mono PCM16, and its sampling rate, by the settings of that moment."""
        audio_format = InputFormat("pcm16", _RATE, 1)
        for entry in self.record.timeline():
            if isinstance(entry.event, (models.ServerEventSessionCreated, models.ServerEventSessionUpdated)):
                audio_format = InputFormat.of(self._settings_in(entry.event))
            audio = getattr(entry.event, "audio", None) if entry.sender == "client" else None
            if isinstance(audio, str):
                data = decode_base64(audio)
                whole = len(data) - len(data) % audio_format.frame_bytes
                yield audio_format.rate, audio_format.decode(data[:whole])

    def _settings_in(self, event: models.ServerEvent) -> dict[str, Any]:
        session = event.to_dict()["session"]
        return flat_session(session, self.record.api_version)


def _texts_of(item: Mapping[str, Any]) -> list[str]:
    content = cast("list[dict[str, Any]]", item.get("content") or [])
    return [part["text"] for part in content if part.get("type") == "input_text" and part.get("text")]


def _answer_of(response: Mapping[str, Any]) -> str:
    parts = [part for item in response.get("output") or () for part in item.get("content") or ()]
    return "".join(part.get("text") or part.get("transcript") or "" for part in parts)


def _decoded(output: str) -> Any:
    try:
        return json.loads(output)
    except ValueError:
        return output
