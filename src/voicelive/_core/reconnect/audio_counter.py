"""How much audio of which answer arrived, counted without parsing: it is most of what arrives."""

from __future__ import annotations

import re

from ..envelope import Incoming, base64_size, parsed, read_text

__all__ = ["AudioCounter", "audio_delta"]

_ID = re.compile(rb'"item_id"\s*:\s*"((?:[^"\\]|\\.)*)"')
_SOUND = re.compile(rb'"delta"\s*:\s*"')
_LOOK_AT = 500
_QUOTE, _PADDING = b'"='
_UNLIKE_ALL = b"\0"
"""What no message holds."""


class AudioCounter:
    """Adds up the pieces of one item at a time.

    The pieces of an item are alike from their type to their sound, so of each after the first only that is compared.
    """

    __slots__ = ("_alike", "_length", "item_id", "size")

    def __init__(self) -> None:
        self.item_id = ""
        """Whose pieces are counted."""
        self.size = 0
        """How many bytes they were."""
        self._alike = _UNLIKE_ALL
        self._length = 0

    def add(self, message: Incoming) -> tuple[str, int] | None:
        """Count a piece; returns the item before and its size where another one begins."""
        data, after_kind = message.data, message.after_kind
        if data.startswith(self._alike, after_kind):
            start = after_kind + self._length
            end = data.find(_QUOTE, start)
            self.size += (end - start) * 3 // 4
            if data[end - 1] == _PADDING:
                self.size -= 1 + (data[end - 2] == _PADDING)
            return None
        item_id, size = audio_delta(data)
        before = self.take() if item_id != self.item_id else None
        self.item_id = item_id
        self.size += size
        self._alike = _up_to_sound(data, after_kind)
        self._length = len(self._alike)
        return before

    def take(self) -> tuple[str, int] | None:
        """Hand out what was counted, if it is anything, and begin anew."""
        if not self.size:
            return None
        size, self.size = self.size, 0
        return self.item_id, size


def _up_to_sound(data: bytes, after_kind: int) -> bytes:
    """Return what stands between a piece's type and its sound, if its item stands there."""
    found = _SOUND.search(data, after_kind, after_kind + _LOOK_AT) if after_kind else None
    alike = b"" if found is None else data[after_kind : found.end()]
    return alike if b'"item_id"' in alike and b"\\" not in alike else _UNLIKE_ALL


def audio_delta(data: bytes) -> tuple[str, int]:
    """Return the item's id and the size of a piece of an answer's audio."""
    found = _ID.search(data, 0, _LOOK_AT) or _ID.search(data)
    return ("" if found is None else _read_id(found[1])), _size(data)


def _size(data: bytes) -> int:
    found = _SOUND.search(data, 0, _LOOK_AT) or _SOUND.search(data)
    return 0 if found is None else base64_size(data[found.end() : data.find(b'"', found.end())])


def _read_id(text: bytes) -> str:
    """Return an id as the ledger knows it, also where it is written with escapes."""
    if b"\\" in text:
        return str(parsed(b'{"type":"","id":"' + text + b'"}').get("id"))
    return read_text(text)
