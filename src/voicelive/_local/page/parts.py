"""The files that pages are made of: the live page, and reports of recorded calls."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterable, Mapping
from functools import cache
from importlib.resources import files

from ..._base import encode_base64

__all__ = ["joined", "policy_hash", "read_part", "with_parts"]

_PLACE = re.compile(r"\{\{([a-z:._-]+)\}\}")


@cache
def read_part(name: str) -> str:
    """Return the text of a file."""
    return files(__package__ or "").joinpath(name).read_text(encoding="utf-8")


def joined(names: Iterable[str]) -> str:
    """Return files of styles or scripts as one."""
    return "\n".join(read_part(name) for name in names)


def with_parts(name: str, values: Mapping[str, str]) -> str:
    """Return a page with its places filled: ``{{part:FILE}}`` by a file, others by `values`.

    What is filled in is not read again, so that nothing in it can be a place.
    """

    def fill(place: re.Match[str]) -> str:
        what = place[1]
        return read_part(what.removeprefix("part:")) if what.startswith("part:") else values[what]

    return _PLACE.sub(fill, read_part(name))


def policy_hash(text: str) -> str:
    """Return what a page's policy calls a style or a script by."""
    return f"sha256-{encode_base64(hashlib.sha256(text.encode()).digest())}"
