"""The credentials that tests use. Each holds :data:`MARK`, which `leaks.py` looks for in all that a test gives away."""

from __future__ import annotations

import base64

__all__ = ["FORMS", "KEY", "MARK", "PASSWORD", "TOKEN"]

MARK = "s3cret"
"""Whatever is secret in a test has this in it, and nothing else has."""

KEY = f"{MARK}-key-that-nobody-may-see"
TOKEN = f"{MARK}-token-that-nobody-may-see"
PASSWORD = f"{MARK}-pass"


def _encoded(offset: int) -> str:
    """What base64 makes of the mark at so many bytes behind a multiple of three; without what its neighbours decide."""
    text = base64.b64encode(b"\0" * offset + MARK.encode()).decode().rstrip("=")
    return text[2 if offset == 1 else 3 if offset == 2 else 0 : -1]


FORMS = (MARK, *(_encoded(offset) for offset in range(3)))
"""The mark as it is, and in the Basic authentication of a proxy."""
