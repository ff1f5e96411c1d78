"""Identifiers in the shape that the service uses."""

from __future__ import annotations

import secrets

__all__ = ["base62", "new_call_id", "new_id", "new_openai_id"]

_ALPHABET = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"


def base62(number: int) -> str:
    """Write a non-negative `number` in base 62, digits first, most significant first, unpadded."""
    digits: list[str] = []
    while True:
        number, digit = divmod(number, 62)
        digits.append(_ALPHABET[digit])
        if number == 0:
            return "".join(reversed(digits))


def new_id(prefix: str) -> str:
    """Return ``prefix_`` and a random 128-bit number in base 62, at most 22 characters."""
    return f"{prefix}_{base62(secrets.randbits(128))}"


def new_openai_id(prefix: str) -> str:
    """Return ``prefix_`` and 21 random base-62 characters."""
    return f"{prefix}_" + "".join(secrets.choice(_ALPHABET) for _ in range(21))


def new_call_id(length: int) -> str:
    """Return the id of a function call: ``call_`` and `length` random base-62 characters."""
    return "call_" + "".join(secrets.choice(_ALPHABET) for _ in range(length))
