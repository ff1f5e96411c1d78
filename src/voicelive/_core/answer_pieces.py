"""Which answer a piece of audio or transcript belongs to, and what it holds; mostly without parsing.

Most of what arrives is such pieces.
"""

from __future__ import annotations

import re

from .envelope import Incoming, base64_size

__all__ = ["AnswerPieces"]

_CONTENT = re.compile(rb'"delta"\s*:\s*"')
_LOOK_AT = 500
_QUOTE, _PADDING, _BACKSLASH = b'"', ord("="), b"\\"
_UNLIKE_ALL = b"\0"
"""What no message holds."""


class AnswerPieces:
    """Reads one piece after the other.

    The pieces of an item are alike from their type to their content, so of each after the first only that is compared.
    """

    __slots__ = ("_alike", "_length", "content_index", "item_id", "response_id")

    def __init__(self) -> None:
        self.item_id = ""
        """The item of the piece that was read last; nothing where it names none."""
        self.content_index = 0
        self.response_id: str | None = None
        self._alike = _UNLIKE_ALL
        self._length = 0

    def size(self, message: Incoming) -> int:
        """Read a piece of audio; return how many bytes it is."""
        size = self.more(message)
        if size >= 0:
            return size
        sound = self._parse(message)
        return base64_size(sound) if isinstance(sound, str) else 0

    def text(self, message: Incoming) -> str:
        """Read a piece of transcript; return it, or nothing where it holds no text."""
        text: object = self.more_text(message)
        if text is None:
            text = self._parse(message)
        return text if isinstance(text, str) else ""

    def more(self, message: Incoming) -> int:
        """Return the size of another piece of audio of the same part; -1 for what is not, or is to be read in full."""
        data = message.data
        start = message.after_kind + self._length
        # Some write a "+" as an escape, so that the text is longer than what it stands for.
        if data[message.after_kind : start] == self._alike and _BACKSLASH not in data:
            end = data.find(_QUOTE, start)
            if end >= 0:
                size = (end - start) * 3 // 4
                return size - 1 - (data[end - 2] == _PADDING) if data[end - 1] == _PADDING else size
        return -1

    def more_text(self, message: Incoming) -> str | None:
        """Return another piece of transcript of the same part; None for what is not, or is to be read in full."""
        data = message.data
        start = message.after_kind + self._length
        if data[message.after_kind : start] == self._alike and _BACKSLASH not in data:
            end = data.find(_QUOTE, start)
            if end >= 0:
                try:
                    return data[start:end].decode()
                except UnicodeDecodeError:
                    pass
        return None

    def _parse(self, message: Incoming) -> object:
        event = message.payload()
        item_id, index, response_id = event.get("item_id"), event.get("content_index"), event.get("response_id")
        self.item_id = item_id if isinstance(item_id, str) else ""
        self.content_index = index if isinstance(index, int) else 0
        self.response_id = response_id if isinstance(response_id, str) else None
        self._alike = _up_to_content(message, [b'"%b"' % name.encode() for name in _PLACE if name in event])
        self._length = len(self._alike)
        return event.get("delta")


_PLACE = ("item_id", "content_index", "response_id")


def _up_to_content(message: Incoming, names: list[bytes]) -> bytes:
    """Return what stands between a piece's type and its content, if all that says where it belongs stands there."""
    data, start = message.data, message.after_kind
    found = _CONTENT.search(data, start, start + _LOOK_AT) if start else None
    alike = b"" if found is None else data[start : found.end()]
    is_whole = b'"item_id"' in names and all(name in alike for name in names)
    return alike if is_whole and _BACKSLASH not in alike else _UNLIKE_ALL
