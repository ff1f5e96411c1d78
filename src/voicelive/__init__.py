"""Python SDK for the Azure AI Voice Live service: speech in, speech out, over one WebSocket.

:func:`connect` here is the synchronous client; :mod:`voicelive.aio` has the asynchronous one. Models, events and
enums are in :mod:`voicelive.models`.
"""

from __future__ import annotations

from ._version import __version__

# Type checkers know this name; importing `typing` for it would take most of this module's time.
TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

    from . import aio, conversation, errors, local, models, testing, tools
    from ._base import FieldIssue
    from ._clients.sync_connect import connect, warmup
    from ._clients.sync_connection import VoiceLiveConnection
    from ._clients.sync_conversation import ResponseHandle
    from ._core.closing import CloseInfo
    from ._core.contract import ContractCheck
    from ._core.reconnect.policy import ReconnectPolicy
    from ._credentials import Credential
    from ._transport.options import ConnectionOptions
    from .errors import (
        AuthenticationError,
        BadRequestError,
        BlockingInAsyncWarning,
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
    "AuthenticationError",
    "BadRequestError",
    "BlockingInAsyncWarning",
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
    "Credential",
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
    "__version__",
    "aio",
    "connect",
    "conversation",
    "errors",
    "local",
    "models",
    "testing",
    "tools",
    "warmup",
]

# Names are looked up when first used: a program that only reads models needs no transport, and the other way round.
_MODULES = {
    "CloseInfo": "_core.closing",
    "ContractCheck": "_core.contract",
    "Credential": "_credentials",
    "FieldIssue": "_base",
    "ConnectionOptions": "_transport.options",
    "ReconnectPolicy": "_core.reconnect.policy",
    "ResponseHandle": "_clients.sync_conversation",
    "VoiceLiveConnection": "_clients.sync_connection",
    "connect": "_clients.sync_connect",
    "warmup": "_clients.sync_connect",
}
_SUBPACKAGES = {"aio", "conversation", "errors", "local", "models", "testing", "tools"}


def __getattr__(name: str) -> Any:
    from importlib import import_module

    if name in _SUBPACKAGES:
        return import_module(f"{__name__}.{name}")
    if name not in __all__:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    value = getattr(import_module(f"{__name__}.{_MODULES.get(name, 'errors')}"), name)
    globals()[name] = value
    return value


def __dir__() -> list[str]:
    return sorted(__all__)
