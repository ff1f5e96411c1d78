"""Which answer a piece of its audio belongs to, and how large it is; mostly without parsing, as most arrives so."""

from __future__ import annotations

import re

from .envelope import Incoming, base64_size

__all__ = ["AudioPieces"]

_SOUND = re.compile(rb'"delta"\s*:\s*"')
_LOOK_AT = 500
_QUOTE, _PADDING, _BACKSLASH = b'"', ord("="), b"\\"
_UNLIKE_ALL = b"\0"
"""What no message holds."""


class AudioPieces:
    """Reads one piece after the other.

    The pieces of an item are alike from their type to their sound, so of each after the first only that is compared.
    """

    __slots__ = ("_alike", "_length", "content_index", "item_id", "response_id")

    def __init__(self) -> None:
        self.item_id = ""
        """The item of the piece that was read last; nothing where it names none."""
        self.content_index = 0
        self.response_id: str | None = None
        self._alike = _UNLIKE_ALL
        self._length = 0

    def read(self, message: Incoming) -> int:
        """Read a piece; return how many bytes of audio it is."""
        data, start = message.data, message.after_kind
        if not data.startswith(self._alike, start):
            return self._parse(message)
        start += self._length
        end = data.find(_QUOTE, start)
        if data.find(_BACKSLASH, start, end) >= 0:
            # Some write a "+" as an escape, so that the text is longer than what it stands for.
            return self._parse(message)
        size = (end - start) * 3 // 4
        if data[end - 1] == _PADDING:
            size -= 1 + (data[end - 2] == _PADDING)
        return size

    def _parse(self, message: Incoming) -> int:
        event = message.payload()
        item_id, index, response_id = event.get("item_id"), event.get("content_index"), event.get("response_id")
        self.item_id = item_id if isinstance(item_id, str) else ""
        self.content_index = index if isinstance(index, int) else 0
        self.response_id = response_id if isinstance(response_id, str) else None
        self._alike = _up_to_sound(message, [b'"%b"' % name.encode() for name in _PLACE if name in event])
        self._length = len(self._alike)
        sound = event.get("delta")
        return base64_size(sound) if isinstance(sound, str) else 0


_PLACE = ("item_id", "content_index", "response_id")


def _up_to_sound(message: Incoming, names: list[bytes]) -> bytes:
    """Return what stands between a piece's type and its sound, if all that says where it belongs stands there."""
    data, start = message.data, message.after_kind
    found = _SOUND.search(data, start, start + _LOOK_AT) if start else None
    alike = b"" if found is None else data[start : found.end()]
    is_whole = b'"item_id"' in names and all(name in alike for name in names)
    return alike if is_whole and _BACKSLASH not in alike else _UNLIKE_ALL
