"""The asynchronous client: the same names as :mod:`voicelive`, to be awaited."""

from __future__ import annotations

# Type checkers know this name; importing `typing` for it would take most of this module's time.
TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

    from ._base import FieldIssue as FieldIssue
    from ._clients.async_connection import VoiceLiveConnection as VoiceLiveConnection
    from ._core.close_info import CloseInfo as CloseInfo
    from ._core.contract import ContractCheck as ContractCheck
    from ._core.reconnect.policy import ReconnectPolicy as ReconnectPolicy
    from ._credentials import AsyncCredential as AsyncCredential
    from ._generated.connect_async import connect as connect
    from ._generated.connect_async import warmup as warmup
    from ._generated.conversation_async import ResponseHandle as ResponseHandle
    from ._generated.resources_async import ConversationItemResource as ConversationItemResource
    from ._generated.resources_async import ConversationResource as ConversationResource
    from ._generated.resources_async import InputAudioBufferResource as InputAudioBufferResource
    from ._generated.resources_async import OutputAudioBufferResource as OutputAudioBufferResource
    from ._generated.resources_async import ResponseResource as ResponseResource
    from ._generated.resources_async import SessionResource as SessionResource
    from ._generated.resources_async import TranscriptionSessionResource as TranscriptionSessionResource
    from ._transport.options import ConnectionOptions as ConnectionOptions
    from ._transport.options import WebsocketConnectionOptions as WebsocketConnectionOptions
    from .errors import *  # noqa: F403

# Names are looked up when first used, and errors found, as in the package above.
_MODULES = {
    "AsyncCredential": "_credentials",
    "CloseInfo": "_core.close_info",
    "ContractCheck": "_core.contract",
    "FieldIssue": "_base",
    "ConnectionOptions": "_transport.options",
    "ReconnectPolicy": "_core.reconnect.policy",
    "ResponseHandle": "_generated.conversation_async",
    "VoiceLiveConnection": "_clients.async_connection",
    "connect": "_generated.connect_async",
    "warmup": "_generated.connect_async",
    "WebsocketConnectionOptions": "_transport.options",
    **dict.fromkeys(
        (
            "ConversationItemResource",
            "ConversationResource",
            "InputAudioBufferResource",
            "OutputAudioBufferResource",
            "ResponseResource",
            "SessionResource",
            "TranscriptionSessionResource",
        ),
        "_generated.resources_async",
    ),
}


def __getattr__(name: str) -> Any:
    from importlib import import_module

    if name in _MODULES:
        value = getattr(import_module(f"{__package__}.{_MODULES[name]}"), name)
    elif name.startswith("_") and name != "__all__":
        # No public name does, and the import system asks for those of modules.
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    else:
        errors = import_module(f"{__package__}.errors")
        if name == "__all__":
            value = [*_MODULES, *errors.__all__]
        elif name in errors.__all__:
            value = getattr(errors, name)
        else:
            raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    globals()[name] = value
    return value


def __dir__() -> list[str]:
    return sorted(__getattr__("__all__"))
