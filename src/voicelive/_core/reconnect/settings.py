"""The session's effective settings: what the application asked for and the service took."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

__all__ = ["Settings"]

_KINDS = {
    "session.update": ("session.updated", "session"),
    "transcription_session.update": ("transcription_session.updated", "session"),
    "byom_credential.update": ("byom_credential.updated", ""),
}
"""Client events that set something for good: what confirms them, and which field merges with earlier ones."""

_DEFAULTS = {"session.created": "session.update", "transcription_session.created": "transcription_session.update"}
_MERGED_BELOW = {"audio"}
"""Groups whose members are settings of their own: those of the versions with nested sessions."""

_BYTES_PER_MS = {
    "pcm16": 48,
    "pcm16_16000hz": 32,
    "pcm16-16000hz": 32,
    "pcm16_8000hz": 16,
    "pcm16-8000hz": 16,
    "g711_ulaw": 8,
    "g711_alaw": 8,
    "audio/pcm": 48,
    "audio/pcmu": 8,
    "audio/pcma": 8,
}


class Settings:
    """Follows updates and their confirmations. The service may merge an update into the session or replace it.

    Which of the two it did shows in what it reports: a setting that is back at its default, although it was set
    earlier, was replaced and is not asked for again.
    """

    def __init__(self) -> None:
        self._taken: dict[str, dict[str, Any]] = {}
        self._asked: list[dict[str, Any]] = []
        self._unsure: list[dict[str, Any]] = []
        self._defaults: dict[str, Mapping[str, Any]] = {}
        self._reported: dict[str, Mapping[str, Any]] = {}

    def sent(self, event: dict[str, Any]) -> None:
        """Note an update that is on its way; other events are passed over."""
        if event.get("type") in _KINDS:
            self._asked.append(event)

    def retract(self, event: dict[str, Any]) -> None:
        """Take back an update that could not be sent."""
        if event in self._asked:
            self._asked.remove(event)

    def received(self, kind: str, session: Mapping[str, Any]) -> None:
        """Learn from what the service reports."""
        if kind in _DEFAULTS:
            self._defaults[_DEFAULTS[kind]] = session
            self._reported[_DEFAULTS[kind]] = session
            return
        for update, (confirmation, _) in _KINDS.items():
            if kind == confirmation:
                self._confirmed(update, session)

    def refused(self, event_id: str | None = None) -> None:
        """Drop an update that the service refused: the one of this id, or the oldest."""
        for event in self._asked:
            if event_id is None or event.get("event_id") == event_id:
                self._asked.remove(event)
                return

    def end(self) -> None:
        """Note that the connection ended: updates without a confirmation are asked for again, one by one."""
        self._unsure.extend(self._asked)
        self._asked.clear()

    @property
    def unconfirmed(self) -> bool:
        """Whether an update waits for its confirmation."""
        return bool(self._asked)

    def updates(self) -> list[dict[str, Any]]:
        """Return the events that set everything again: what is known to work first, then what is not."""
        return [{"type": kind, **fields} for kind, fields in self._taken.items()] + [
            {name: value for name, value in event.items() if name != "event_id"} for event in self._unsure
        ]

    def settle(self) -> None:
        """Note that what was unsure has been asked for: its confirmation is no news any more."""
        for event in self._unsure:
            self._take(str(event["type"]), event)
        self._unsure.clear()

    def drop_unsure(self, update: Mapping[str, Any]) -> None:
        """Drop an unsure update that a new connection refused."""
        self._unsure = [
            event for event in self._unsure if {k: v for k, v in event.items() if k != "event_id"} != dict(update)
        ]

    @property
    def manual_turns(self) -> bool:
        """Whether the application says where a turn ends, rather than the service."""
        detection = _at(self._session, "turn_detection", ("audio", "input", "turn_detection"), default="")
        return detection is None or (isinstance(detection, Mapping) and detection.get("type") == "none")

    @property
    def answers_by_itself(self) -> bool:
        """Whether the service answers a turn without being asked."""
        detection = _at(self._session, "turn_detection", ("audio", "input", "turn_detection"), default={})
        return isinstance(detection, Mapping) and detection.get("create_response") is not False

    @property
    def output_bytes_per_ms(self) -> int:
        """The size of a millisecond of the service's audio."""
        form = _at(self._session, "output_audio_format", ("audio", "output", "format"), default="pcm16")
        name = form.get("type") if isinstance(form, Mapping) else form
        return _BYTES_PER_MS.get(str(name), 48)

    @property
    def input_bytes_per_ms(self) -> int:
        """The size of a millisecond of the application's audio."""
        form = _at(self._session, "input_audio_format", ("audio", "input", "format"), default="pcm16")
        name = form.get("type") if isinstance(form, Mapping) else form
        if name == "pcm16" and self._session.get("input_audio_sampling_rate") == 16000:
            return 32
        return _BYTES_PER_MS.get(str(name), 48)

    @property
    def _session(self) -> Mapping[str, Any]:
        return self._reported.get("session.update", {})

    def _confirmed(self, kind: str, session: Mapping[str, Any]) -> None:
        event = next((event for event in self._asked if event["type"] == kind), None)
        if event is None:
            self._reported[kind] = session
            return
        self._asked.remove(event)
        self._drop_replaced(kind, event, session)
        self._take(kind, event)
        self._reported[kind] = session

    def _take(self, kind: str, event: Mapping[str, Any]) -> None:
        merged = _KINDS[kind][1]
        asked = event.get(merged) if merged else None
        if not isinstance(asked, Mapping):
            self._taken[kind] = {name: value for name, value in event.items() if name not in ("type", "event_id")}
            return
        known = self._taken.setdefault(kind, {merged: {}})[merged]
        # In place of the object that was sent: it is the application's.
        self._taken[kind] = {merged: _merge(known, asked)}

    def _drop_replaced(self, kind: str, event: Mapping[str, Any], session: Mapping[str, Any]) -> None:
        merged = _KINDS[kind][1]
        known, asked = self._taken.get(kind, {}).get(merged), event.get(merged)
        default, before = self._defaults.get(kind, {}), self._reported.get(kind, {})
        if not isinstance(known, dict) or not isinstance(asked, Mapping):
            return
        for name in list(known):
            was_set = before.get(name) != default.get(name)
            if name not in asked and name in session and was_set and session[name] == default.get(name):
                del known[name]


def _merge(known: Mapping[str, Any], asked: Mapping[str, Any]) -> dict[str, Any]:
    merged = dict(known)
    for name, value in asked.items():
        if name in _MERGED_BELOW and isinstance(value, Mapping) and isinstance(merged.get(name), Mapping):
            merged[name] = {
                group: {**merged[name].get(group, {}), **members} if isinstance(members, Mapping) else members
                for group, members in {**merged[name], **value}.items()
            }
        else:
            merged[name] = value
    return merged


def _at(session: Mapping[str, Any], flat: str, nested: tuple[str, ...], default: object) -> Any:
    if flat in session:
        return session[flat]
    value: Any = session
    for name in nested:
        if not isinstance(value, Mapping) or name not in value:
            return default
        value = value[name]
    return value
