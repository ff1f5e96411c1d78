"""The items of a conversation: their order, their links, their sound, and what a responder sees of them."""

from __future__ import annotations

import copy
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from itertools import islice
from typing import Any, Literal

from ..dialects import Dialect
from ..engines.protocols import (
    ConversationTurn,
    FunctionCallTurn,
    FunctionOutputTurn,
    MessageTurn,
)
from . import error_details as errors
from .error_details import RefusedError

__all__ = [
    "MAX_CONTEXT_CHARS",
    "MAX_CONTEXT_ITEMS",
    "MAX_STORED_AUDIO",
    "Conversation",
    "Entry",
    "item_from_request",
    "turns_of",
]

MAX_STORED_AUDIO = 32 * 1024 * 1024
"""Bytes of audio that a conversation keeps; beyond that the oldest items lose their sound first."""

MAX_CONTEXT_ITEMS = 4000
"""Items, the latest ones, that a responder gets to see."""

MAX_CONTEXT_CHARS = 512 * 1024
"""Characters that they may add up to, about what a model with 128,000 tokens of context sees; one item with words is
always seen."""

Origin = Literal["client", "speech", "response"]

_CREATABLE = ("message", "function_call", "function_call_output", "mcp_approval_response")


@dataclass(eq=False)  # an item is itself: comparing what is in two of them would be slow
class Entry:
    """One item of the conversation."""

    payload: dict[str, Any]
    """The item's wire form, as echoed."""
    origin: Origin
    heard: str | None = None
    """What was understood of a spoken item, even where the session shows no transcripts."""
    only_fillers: bool = False
    """Whether all that was said is filler words, which the session leaves out."""
    audio: bytearray = field(default_factory=bytearray)
    """The item's sound in its wire format; empty once dropped."""
    audio_ms: int = 0
    """How long the item's sound is, kept or not."""
    size: int = 0
    """Bytes of JSON that a client sent for it."""

    @property
    def id(self) -> str:
        """The item's id."""
        return str(self.payload["id"])

    @property
    def is_user_message(self) -> bool:
        """Whether the user said or wrote this."""
        return self.payload.get("role") == "user"

    @property
    def is_spoken_answer(self) -> bool:
        """Whether this is an assistant message with sound, the only kind that can be truncated."""
        content = self.payload.get("content") or [{}]
        return self.payload.get("role") == "assistant" and content[0].get("type") == "audio"


class Conversation:
    """The items of one session, oldest first."""

    def __init__(self, dialect: Dialect, max_audio: int = MAX_STORED_AUDIO) -> None:
        self._dialect = dialect
        self._max_audio = max_audio
        self._by_id: dict[str, Entry] = {}
        self._audio_bytes = 0
        self.size = 0
        """Bytes of JSON that the client sent for the items."""
        self.entries: list[Entry] = []

    def find(self, item_id: str) -> Entry | None:
        """Return the entry of an item, or None."""
        return self._by_id.get(item_id)

    def add(self, entry: Entry, after: str | None = None) -> str | None:
        """Add an item and return the ``previous_item_id`` to announce it with.

        Args:
            entry: the new item.
            after: id of the item to put it after, or ``root`` for the front; the end by default.

        Raises:
            RefusedError: if the id is taken, or `after` names no item.
        """
        if self.find(entry.id) is not None:
            raise RefusedError(errors.duplicate_item(entry.id))
        if not after:
            previous = self.link_for(entry.origin)
            self.entries.append(entry)
        else:
            previous = after
            self.entries.insert(self._place_after(after), entry)
        self._by_id[entry.id] = entry
        self._audio_bytes += len(entry.audio)
        self.size += entry.size
        self._drop_audio()
        return previous

    def _place_after(self, item_id: str) -> int:
        if item_id == "root":
            return 0
        entry = self.find(item_id)
        if entry is None:
            raise RefusedError(errors.unknown_previous_item(item_id))
        return self.entries.index(entry) + 1

    def link_for(self, origin: Origin) -> str | None:
        """Return the ``previous_item_id`` that the service would report for a new last item.

        A realtime model links every item to the one before. A cascaded one links spoken user items to each other
        (null for the first) and answers to the spoken question; in typed turns it reports the empty string.
        """
        if self._dialect.links_all_items:
            return self.entries[-1].id if self.entries else None
        if origin == "speech":
            return next((e.id for e in reversed(self.entries) if e.origin == "speech"), None)
        if origin == "response":
            question = next((e for e in reversed(self.entries) if e.is_user_message), None)
            if question is not None and question.origin == "speech":
                return question.id
        return ""

    def remove(self, item_id: str) -> None:
        """Delete an item.

        Raises:
            RefusedError: if there is none with this id.
        """
        entry = self.find(item_id)
        if entry is None:
            raise RefusedError(errors.unknown_item("delete", item_id))
        self.entries.remove(entry)
        del self._by_id[item_id]
        self._audio_bytes -= len(entry.audio)
        self.size -= entry.size

    def clear(self) -> None:
        """Forget everything: the session is over."""
        self.entries.clear()
        self._by_id.clear()
        self._audio_bytes = self.size = 0

    def check_call(self, call_id: str) -> None:
        """Refuse the output of a call that is not in the conversation.

        Raises:
            RefusedError: naming the call.
        """
        if not any(
            entry.payload.get("type") == "function_call" and entry.payload.get("call_id") == call_id
            for entry in self.entries
        ):
            raise RefusedError(errors.unknown_call(call_id))

    def truncate(self, item_id: str, audio_end_ms: int, *, early: bool = False, appended: str = "") -> None:
        """Cut an assistant message to what was heard of it; its transcript leaves the context.

        Args:
            item_id: the message's id.
            audio_end_ms: how much of it was heard.
            early: whether a message without any sound yet can be cut too.
            appended: what stands in the place of the transcript.

        Raises:
            RefusedError: if there is no such item, it has no assistant audio, or is shorter than `audio_end_ms`, or
                that is below 0.
        """
        entry = self.find(item_id)
        if entry is None:
            raise RefusedError(errors.unknown_item("truncate", item_id))
        if audio_end_ms < 0:
            raise RefusedError(errors.negative_truncation(audio_end_ms))
        if not entry.is_spoken_answer or not (entry.audio_ms or early or audio_end_ms):
            raise RefusedError(errors.not_truncatable())
        if audio_end_ms > entry.audio_ms:
            raise RefusedError(errors.truncation_too_long(entry.audio_ms, audio_end_ms))
        if entry.audio_ms:
            kept = len(entry.audio) * audio_end_ms // entry.audio_ms
            # Whole 16-bit samples; a byte more or less of G.711 is an eighth of a millisecond.
            self._audio_bytes -= len(entry.audio)
            del entry.audio[kept - kept % 2 :]
            self._audio_bytes += len(entry.audio)
        entry.audio_ms = audio_end_ms
        entry.payload["content"][0]["transcript"] = appended

    def store_audio(self, entry: Entry, audio: bytes, milliseconds: int) -> None:
        """Append sound to an item, dropping the oldest items' sound where the limit is passed."""
        entry.audio_ms += milliseconds
        entry.audio += audio
        if self._by_id.get(entry.id) is not entry:
            return  # counted when it is added
        self._audio_bytes += len(audio)
        self._drop_audio()

    def _drop_audio(self) -> None:
        for old in self.entries:
            if self._audio_bytes <= self._max_audio:
                break
            self._audio_bytes -= len(old.audio)
            old.audio.clear()

    def seen(self) -> tuple[list[ConversationTurn], int]:
        """Return the latest of the conversation, as a responder takes it, and the milliseconds the user spoke in it."""
        turns: list[list[ConversationTurn]] = []
        left, spoken_ms, any_seen = MAX_CONTEXT_CHARS, 0, False
        for entry in islice(reversed(self.entries), MAX_CONTEXT_ITEMS):
            of_entry = turns_of(entry.payload, entry.heard)
            left -= sum(map(_chars_of, of_entry))
            if left < 0 and any_seen:
                break
            any_seen = any_seen or bool(of_entry)
            turns.append(of_entry)
            spoken_ms += entry.audio_ms if entry.is_user_message else 0
        return [turn for of_entry in reversed(turns) for turn in of_entry], spoken_ms


def _chars_of(turn: ConversationTurn) -> int:
    if isinstance(turn, FunctionCallTurn):
        return len(turn.name) + len(turn.arguments)
    return len(turn.output if isinstance(turn, FunctionOutputTurn) else turn.text)


def turns_of(item: Mapping[str, Any], heard: str | None = None) -> list[ConversationTurn]:
    """Return what a responder sees of one item: one turn, or none for an item without text."""
    kind = item.get("type")
    if kind == "function_call":
        return [FunctionCallTurn(item["call_id"], item["name"], item["arguments"])]
    if kind == "function_call_output":
        return [FunctionOutputTurn(item["call_id"], item["output"])]
    if kind == "mcp_call":
        return _mcp_turns(item)
    if kind != "message":
        return []
    text = heard if heard is not None else text_of(item.get("content") or [])
    role = item.get("role")
    if role not in ("user", "assistant", "system") or (not text and role != "user"):
        return []
    return [MessageTurn(role, text)]


def _mcp_turns(item: Mapping[str, Any]) -> list[ConversationTurn]:
    """Return the call of a server's tool and its result; nothing before there is one."""
    error = item.get("error")
    output = json.dumps({"error": error["message"]}) if error else item.get("output")
    if output is None:
        return []
    return [FunctionCallTurn(item["id"], item["name"], item["arguments"]), FunctionOutputTurn(item["id"], output)]


def text_of(content: Sequence[Mapping[str, Any]]) -> str:
    """Join what the parts of a message say, written or spoken."""
    parts = (part.get("text") or part.get("transcript") or "" for part in content)
    return " ".join(part for part in parts if part)


def item_from_request(item: Mapping[str, Any], item_id: str) -> dict[str, Any]:
    """Return the item that the service echoes for one that a client creates.

    Raises:
        RefusedError: for a type that clients cannot create.
    """
    kind = item.get("type")
    if kind not in _CREATABLE:
        raise RefusedError(errors.unsupported_item(str(kind)))
    echoed: dict[str, Any] = {"id": item_id, "object": "realtime.item", "type": kind}
    if kind in ("message", "function_call"):
        echoed["status"] = item.get("status") or "completed"
    for key, value in item.items():
        if key not in ("id", "type", "status"):
            echoed[key] = copy.deepcopy(value)
    for part in echoed.get("content") or ():
        if item.get("role") == "assistant" and part.get("type") == "output_text":
            part["type"] = "text"  # recorded: an assistant's text comes back by its older name
        # The service does not send a client's own audio back, except when it is asked for.
        part.pop("audio", None)
    return echoed
