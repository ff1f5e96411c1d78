"""Keeps credentials, and what could steer a terminal, out of everything that is shown."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from typing import Any
from urllib.parse import quote, unquote

__all__ = ["Redactor"]

_HIDDEN = "[hidden]"
_SHORT = 8

# What a service or a proxy may repeat of a request: tokens and keys by their form.
_TOKENS = re.compile(r"(?i)\b(bearer|basic)\s+[\w.~+/=-]{16,}|\beyJ[\w-]+\.[\w-]+\.[\w-]*")


class Redactor:
    """Takes secrets out of texts: those it was told of, in whatever spelling, and what looks like a token."""

    def __init__(self, secrets: Iterable[str] = ()) -> None:
        self._spellings: set[str] = set()
        for secret in secrets:
            self.hide(secret)

    def __repr__(self) -> str:
        return f"<Redactor of {len(self._spellings)} spellings>"

    def hide(self, secret: str | None) -> None:
        """Take `secret` out of every later text."""
        if secret:
            # Texts come on one line, so a secret of several would not be found as a whole.
            pieces = {piece for piece in secret.split() if len(piece) >= _SHORT}
            self._spellings |= {secret, unquote(secret), quote(secret), quote(secret, safe=""), *pieces}

    def text(self, text: str) -> str:
        """Return the text on one line, without secrets and control characters."""
        # The longest first: one secret may be a part of another.
        for spelling in sorted(self._spellings, key=len, reverse=True):
            # A short one, such as the key "local", is a part of many a word.
            bounds = (r"(?<![\w-])", r"(?![\w-])") if len(spelling) < _SHORT else ("", "")
            text = re.sub(re.escape(spelling).join(bounds), _HIDDEN, text)
        text = _TOKENS.sub(_HIDDEN, text)
        return " ".join("".join(char if char.isprintable() else " " for char in text).split())

    def facts(self, value: Any) -> Any:
        """Return a JSON value with the texts in it made presentable."""
        if isinstance(value, str):
            return self.text(value)
        if isinstance(value, Mapping):
            return {str(name): self.facts(item) for name, item in value.items()}
        if isinstance(value, (list, tuple)):
            return [self.facts(item) for item in value]
        return value
