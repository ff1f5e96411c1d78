"""The asynchronous client: the same names as :mod:`voicelive`, to be awaited."""

from __future__ import annotations

# Type checkers know this name; importing `typing` for it would take most of this module's time.
TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

    from ._base import FieldIssue
    from ._clients.async_connect import connect, warmup
    from ._clients.async_connection import VoiceLiveConnection
    from ._clients.async_conversation import ResponseHandle
    from ._core.closing import CloseInfo
    from ._core.contract import ContractCheck
    from ._core.reconnect.policy import ReconnectPolicy
    from ._credentials import AsyncCredential
    from ._transport.options import ConnectionOptions
    from .errors import (
        AuthenticationError,
        BadRequestError,
        ConfigurationError,
        ConfigurationRejectedError,
        ConnectionClosed,
        ConnectionError,
        ConnectionStateError,
        ConnectTimeoutError,
        ContractWarning,
        HandshakeError,
        InternalError,
        InvalidEventError,
        KeepaliveTimeoutError,
        MessageTooBigError,
        NotFoundError,
        ProxyError,
        ReadyTimeoutError,
        ReceiveOverflowError,
        ReceiveTimeoutError,
        ReconnectFailedError,
        RedirectError,
        ResponseStalledError,
        SendQueueFullError,
        SessionExpiredError,
        ThrottledError,
        TlsError,
        UnsentEvent,
        VoiceLiveError,
    )

__all__ = [
    "AsyncCredential",
    "AuthenticationError",
    "BadRequestError",
    "CloseInfo",
    "ConfigurationError",
    "ConfigurationRejectedError",
    "ConnectTimeoutError",
    "ConnectionClosed",
    "ConnectionError",
    "ConnectionOptions",
    "ConnectionStateError",
    "ContractCheck",
    "ContractWarning",
    "FieldIssue",
    "HandshakeError",
    "InternalError",
    "InvalidEventError",
    "KeepaliveTimeoutError",
    "MessageTooBigError",
    "NotFoundError",
    "ProxyError",
    "ReadyTimeoutError",
    "ReceiveOverflowError",
    "ReceiveTimeoutError",
    "ReconnectFailedError",
    "ReconnectPolicy",
    "RedirectError",
    "ResponseHandle",
    "ResponseStalledError",
    "SendQueueFullError",
    "SessionExpiredError",
    "ThrottledError",
    "TlsError",
    "UnsentEvent",
    "VoiceLiveConnection",
    "VoiceLiveError",
    "connect",
    "warmup",
]

# Names are looked up when first used, as in the package above.
_MODULES = {
    "AsyncCredential": "_credentials",
    "CloseInfo": "_core.closing",
    "ContractCheck": "_core.contract",
    "FieldIssue": "_base",
    "ConnectionOptions": "_transport.options",
    "ReconnectPolicy": "_core.reconnect.policy",
    "ResponseHandle": "_clients.async_conversation",
    "VoiceLiveConnection": "_clients.async_connection",
    "connect": "_clients.async_connect",
    "warmup": "_clients.async_connect",
}


def __getattr__(name: str) -> Any:
    from importlib import import_module

    if name not in __all__:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    value = getattr(import_module(f"{__package__}.{_MODULES.get(name, 'errors')}"), name)
    globals()[name] = value
    return value


def __dir__() -> list[str]:
    return sorted(__all__)
