"""The session's effective settings: what the application asked for and the service took."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

from ..._audio.formats import audio_format
from ..envelope import compact

__all__ = ["REPORTS_SETTINGS", "Settings"]

_KINDS = {
    "session.update": ("session.updated", "session"),
    "transcription_session.update": ("transcription_session.updated", "session"),
    "byom_credential.update": ("byom_credential.updated", ""),
}
"""Client events that set something for good: what confirms them, and which field merges with earlier ones."""

_DEFAULTS = {"session.created": "session.update", "transcription_session.created": "transcription_session.update"}
REPORTS_SETTINGS = (*_DEFAULTS, *(confirmation for confirmation, _ in _KINDS.values()))
"""The types that :meth:`Settings.received` learns from."""

_MOST_ASKED = 100
_GROUP = "audio"
"""Its members' members are settings of their own: those of the versions with nested sessions."""

_DETECTION = "turn_detection", ("audio", "input", "turn_detection")
"""Where a session says who ends a turn: in the dated versions, and in those with nested sessions."""

_Path = tuple[str, ...]
"""Where a setting stands, e.g. ``("voice",)`` or ``("audio", "output", "voice")``."""


def _bytes_per_ms(form: Any, rate: Any) -> float:
    """The size of a millisecond in a format, given by its name or as v1's object; `rate` counts for plain PCM16."""
    name = form.get("type") if isinstance(form, Mapping) else form
    found = audio_format(name, rate if isinstance(rate, int) else None)
    return found.rate * found.width / 1000


class Settings:
    """Follows updates and their confirmations. The service may merge an update into the session or replace it.

    Which of the two it did shows in what it reports: a setting that is back at its default, although it was set
    earlier, was replaced and is not asked for again.
    """

    __slots__ = (
        "_asked",
        "_defaults",
        "_reported",
        "_taken",
        "_unsure",
        "answers_by_itself",
        "input_bytes_per_ms",
        "manual_turns",
        "output_bytes_per_ms",
    )

    def __init__(self) -> None:
        self._taken: dict[str, dict[_Path, Any]] = {}
        self._asked: list[dict[str, Any]] = []
        self._unsure: list[dict[str, Any]] = []
        # As JSON: a session's settings are seldom looked at, and as objects take twice as much memory.
        self._defaults: dict[str, bytes] = {}
        self._reported: dict[str, bytes] = {}
        self.input_bytes_per_ms = self.output_bytes_per_ms = _bytes_per_ms("pcm16", None)
        """The size of a millisecond of the application's audio, and of the service's."""
        self.manual_turns = False
        """Whether the application says where a turn ends, rather than the service."""
        self.answers_by_itself = True
        """Whether the service answers a turn without being asked."""

    def sent(self, event: dict[str, Any]) -> bool:
        """Note an update that is on its way; False for other events."""
        if str(event.get("type")) not in _KINDS:
            return False
        self._asked.append(event)
        # A service that confirms nothing must not fill the memory.
        self._unsure.extend(self._asked[:-_MOST_ASKED])
        del self._asked[:-_MOST_ASKED]
        while len(self._unsure) > _MOST_ASKED:
            self._take(str(self._unsure[0]["type"]), self._unsure.pop(0))
        return True

    def retract(self, event: dict[str, Any]) -> bool:
        """Take back an update that could not be sent; False if it will be asked for again anyway."""
        self._asked = [asked for asked in self._asked if asked is not event]
        return not any(unsure is event for unsure in self._unsure)

    def received(self, kind: str, session: Mapping[str, Any]) -> None:
        """Learn from what the service reports."""
        if kind in _DEFAULTS:
            self._report(_DEFAULTS[kind], session)
            self._defaults[_DEFAULTS[kind]] = self._reported[_DEFAULTS[kind]]
            return
        for update, (confirmation, _) in _KINDS.items():
            if kind == confirmation:
                self._confirmed(update, session)

    def refused(self, event_id: str | None = None) -> None:
        """Drop an update that the service refused: the one of this id, or the oldest."""
        for events in (self._unsure, self._asked):
            for index, event in enumerate(events):
                if event_id is None or event.get("event_id") == event_id:
                    del events[index]
                    return

    def end(self) -> None:
        """Stop waiting for confirmations: updates without one are asked for again, one by one."""
        self._unsure.extend(self._asked)
        self._asked.clear()

    @property
    def unconfirmed(self) -> bool:
        """Whether an update waits for its confirmation."""
        return bool(self._asked)

    def updates(self) -> list[dict[str, Any]]:
        """Return the events that set everything again: what is known to work first, then what is not."""
        taken = [
            {"type": kind, **({_KINDS[kind][1]: _nested(fields)} if _KINDS[kind][1] else _nested(fields))}
            for kind, fields in self._taken.items()
        ]
        return taken + [_without_id(event) for event in self._unsure]

    def settle(self) -> None:
        """Note that what was unsure has been asked for: its confirmation says nothing new."""
        for event in self._unsure:
            self._take(str(event["type"]), event)
        self._unsure.clear()

    def drop_unsure(self, update: Mapping[str, Any]) -> None:
        """Drop an unsure update that a new connection refused."""
        self._unsure = [event for event in self._unsure if _without_id(event) != update]

    def _confirmed(self, kind: str, session: Mapping[str, Any]) -> None:
        event = next((event for event in self._asked if event["type"] == kind), None)
        if event is None:
            self._report(kind, session)
            return
        self._asked.remove(event)
        self._drop_replaced(kind, event, session)
        self._take(kind, event)
        self._report(kind, session)

    def _report(self, kind: str, session: Mapping[str, Any]) -> None:
        self._reported[kind] = compact(session)
        if kind == "session.update":
            # Read here, once: they are asked for in every turn.
            self.input_bytes_per_ms, self.output_bytes_per_ms = _input_rate(session), _output_rate(session)
            self.manual_turns, self.answers_by_itself = _is_manual(session), _answers_by_itself(session)

    def _take(self, kind: str, event: Mapping[str, Any]) -> None:
        merged = _KINDS[kind][1]
        known = self._taken.setdefault(kind, {})
        if not merged:
            known.clear()
        for path, value in _asked_for(kind, event).items():
            # A group as a whole, e.g. null, takes the place of its members, and they that of it.
            for other in [other for other in known if other[: len(path)] == path[: len(other)]]:
                del known[other]
            known[path] = value

    def _drop_replaced(self, kind: str, event: Mapping[str, Any], session: Mapping[str, Any]) -> None:
        known, asked, reported = self._taken.get(kind, {}), _asked_for(kind, event), _flat(session)
        default, before = _flat(_read(self._defaults.get(kind))), _flat(_read(self._reported.get(kind)))
        for path in list(known):
            was_set = before.get(path) != default.get(path)
            if path not in asked and path in reported and was_set and reported[path] == default.get(path):
                del known[path]


def _read(session: bytes | None) -> dict[str, Any]:
    return {} if session is None else json.loads(session)


def _output_rate(session: Mapping[str, Any]) -> float:
    form = _at(session, "output_audio_format", ("audio", "output", "format"), default="pcm16")
    return _bytes_per_ms(form, None)


def _input_rate(session: Mapping[str, Any]) -> float:
    form = _at(session, "input_audio_format", ("audio", "input", "format"), default="pcm16")
    return _bytes_per_ms(form, session.get("input_audio_sampling_rate"))


def _is_manual(session: Mapping[str, Any]) -> bool:
    detection = _at(session, *_DETECTION, default="")
    return detection is None or (isinstance(detection, Mapping) and detection.get("type") == "none")


def _answers_by_itself(session: Mapping[str, Any]) -> bool:
    detection = _at(session, *_DETECTION, default={})
    return (
        isinstance(detection, Mapping)
        and detection.get("type") != "none"
        and detection.get("create_response") is not False
    )


def _asked_for(kind: str, event: Mapping[str, Any]) -> dict[_Path, Any]:
    merged = _KINDS[kind][1]
    if not merged:
        return {(name,): value for name, value in event.items() if name not in ("type", "event_id")}
    session = event.get(merged)
    return _flat(session) if isinstance(session, Mapping) else {}


def _flat(session: Mapping[str, Any], above: _Path = ()) -> dict[_Path, Any]:
    flat: dict[_Path, Any] = {}
    for name, value in session.items():
        path = (*above, name)
        if path[0] == _GROUP and len(path) < 3 and isinstance(value, Mapping):
            flat.update(_flat(value, path))
        else:
            flat[path] = value
    return flat


def _nested(flat: Mapping[_Path, Any]) -> dict[str, Any]:
    nested: dict[str, Any] = {}
    for path, value in flat.items():
        place = nested
        for name in path[:-1]:
            place = place.setdefault(name, {})
        place[path[-1]] = value
    return nested


def _without_id(event: Mapping[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in event.items() if name != "event_id"}


def _at(session: Mapping[str, Any], flat: str, nested: tuple[str, ...], default: object) -> Any:
    if flat in session:
        return session[flat]
    value: Any = session
    for name in nested:
        if not isinstance(value, Mapping) or name not in value:
            return default
        value = value[name]
    return value
