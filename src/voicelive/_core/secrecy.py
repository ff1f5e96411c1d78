"""Keeps keys, tokens and passwords out of what a traceback, a debugger or a log shows, whoever wrote it."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from functools import cached_property, lru_cache
from urllib.parse import parse_qsl, quote, urlsplit

__all__ = ["HIDDEN", "Redactor", "Secret", "SecretMapping", "is_secret_name", "secrets_in"]

HIDDEN = "(hidden)"

_SECRET_NAME = re.compile(
    r"(?:^|[-_])(?:authorization|api-?key|key|token|secret|passw(?:or)?d|credentials?|signature|sig|cookie)(?:$|[-_])",
    re.IGNORECASE,
)
_SHORTEST = 6
"""What is shorter would be blotted out in the middle of ordinary words."""
_PART = 16
"""So much of a secret in one piece is hidden too: a close reason holds no more than a part of a token."""
_NAME = 64
_BLOCK = _PART // 2
"""Wherever such a part stands in a text, it covers a whole one of the blocks of this size that the text consists of."""


class Secret(str):
    """A text that is used like any other, but that its repr does not show."""

    __slots__ = ()

    def __repr__(self) -> str:
        return "'(hidden)'"


class SecretMapping(dict[str, str]):
    """A copy of a mapping, such as the environment, whose repr shows the names only."""

    def __init__(self, values: Mapping[str, str]) -> None:
        super().__init__(values)

    def __repr__(self) -> str:
        return f"<{len(self)} values, hidden>"


class Redactor:
    """Takes secrets out of what the service says: whole, percent-encoded, or longer parts of them."""

    def __init__(self, secrets: Iterable[str]) -> None:
        self._secrets = SecretMapping(dict.fromkeys(secrets, ""))

    def __call__(self, text: str) -> str:
        """Return `text` without secrets."""
        for secret in self._whole:
            text = text.replace(secret, HIDDEN)
        return self._without_parts(text) if self._may_hold_part(text) else text

    @cached_property
    def _whole(self) -> tuple[Secret, ...]:
        forms = {form for secret in self._secrets for form in (secret, quote(secret), quote(secret, safe=""))}
        known = (Secret(form) for form in forms if len(form) >= _SHORTEST)
        return tuple(sorted(known, key=len, reverse=True))

    @cached_property
    def _parts(self) -> SecretMapping:
        return SecretMapping({form[at : at + _PART]: "" for form in self._whole for at in range(len(form) - _PART + 1)})

    @cached_property
    def _blocks(self) -> SecretMapping:
        long = (form for form in self._whole if len(form) >= _PART)
        return SecretMapping({form[at : at + _BLOCK]: "" for form in long for at in range(len(form) - _BLOCK + 1)})

    def _may_hold_part(self, text: str) -> bool:
        # Nearly no text does, and a look at each of its characters takes many times as long.
        blocks = self._blocks
        return bool(blocks) and any(text[at : at + _BLOCK] in blocks for at in range(0, len(text) - _BLOCK + 1, _BLOCK))

    def _without_parts(self, text: str) -> str:
        shown: list[str] = []
        at = begin = 0
        while at + _PART <= len(text):
            if text[at : at + _PART] not in self._parts:
                at += 1
                continue
            shown += (text[begin:at], HIDDEN)
            at += _PART
            while at < len(text) and text[at + 1 - _PART : at + 1] in self._parts:
                at += 1
            begin = at
        shown.append(text[begin:])
        return "".join(shown)


def is_secret_name(name: str) -> bool:
    """Return whether a field, header or parameter of this name holds what must not be shown."""
    # Names are few and short; others, which a service may make up, are not to fill the memory.
    return _is_known_secret_name(name) if len(name) <= _NAME else _SECRET_NAME.search(name) is not None


@lru_cache(maxsize=1024)
def _is_known_secret_name(name: str) -> bool:
    return _SECRET_NAME.search(name) is not None


def secrets_in(url: str, headers: Iterable[tuple[str, str]]) -> list[str]:
    """Find what must not be shown of a request: every value whose name says so, as a whole and without its scheme."""
    named = [*headers, *parse_qsl(urlsplit(url).query, keep_blank_values=True)]
    values = [value for name, value in named if is_secret_name(name)]
    return [Secret(part) for value in values for part in (value, value.partition(" ")[2]) if part]
