"""Whether a connection goes through a proxy."""

from __future__ import annotations

from importlib import import_module
from typing import Any

from websockets.exceptions import InvalidProxy
from websockets.uri import parse_uri

from .options import TransportOptions

__all__ = ["uses_proxy"]


def uses_proxy(url: str, options: TransportOptions) -> bool:
    """Tell whether the connection to `url` goes through a proxy: a given one, or the environment's."""
    if options.proxy is not True:
        return options.proxy is not None
    try:
        found: Any = _finder()(parse_uri(url))
    except InvalidProxy:
        return True
    return found is not None


def _finder() -> Any:
    """Find the function that reads the environment; its module moved between the versions of `websockets`."""
    try:
        return import_module("websockets.proxy").get_proxy
    except ImportError:
        return import_module("websockets.uri").get_proxy
