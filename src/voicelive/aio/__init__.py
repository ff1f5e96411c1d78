"""The asynchronous client: the same names as :mod:`voicelive`, to be awaited."""

from __future__ import annotations

from .._core.closing import CloseInfo
from .._transport.options import ConnectionOptions
from ..errors import (
    AuthenticationError,
    ConfigurationError,
    ConnectionClosed,
    ConnectionError,
    ConnectionStateError,
    ConnectTimeoutError,
    ContractWarning,
    HandshakeError,
    InvalidEventError,
    ReceiveTimeoutError,
    RedirectError,
    VoiceLiveError,
)
from .connection import VoiceLiveConnection, connect

__all__ = [
    "AuthenticationError",
    "CloseInfo",
    "ConfigurationError",
    "ConnectTimeoutError",
    "ConnectionClosed",
    "ConnectionError",
    "ConnectionOptions",
    "ConnectionStateError",
    "ContractWarning",
    "HandshakeError",
    "InvalidEventError",
    "ReceiveTimeoutError",
    "RedirectError",
    "VoiceLiveConnection",
    "VoiceLiveError",
    "connect",
]
