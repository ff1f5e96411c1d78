"""Python SDK for the Azure AI Voice Live service: speech in, speech out, over one WebSocket.

:func:`connect` here is the synchronous client; :mod:`voicelive.aio` has the asynchronous one. Models, events and
enums are in :mod:`voicelive.models`.
"""

from __future__ import annotations

from ._version import __version__ as __version__

# Type checkers know this name; importing `typing` for it would take most of this module's time.
TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

    from . import aio as aio
    from . import audio as audio
    from . import conversation as conversation
    from . import errors as errors
    from . import local as local
    from . import models as models
    from . import recording as recording
    from . import testing as testing
    from . import tools as tools
    from ._base import FieldIssue as FieldIssue
    from ._clients.sync_connection import VoiceLiveConnection as VoiceLiveConnection
    from ._core.close_info import CloseInfo as CloseInfo
    from ._core.contract import ContractCheck as ContractCheck
    from ._core.reconnect.policy import ReconnectPolicy as ReconnectPolicy
    from ._credentials import Credential as Credential
    from ._generated.connect_sync import connect as connect
    from ._generated.connect_sync import warmup as warmup
    from ._generated.conversation_sync import ResponseHandle as ResponseHandle
    from ._generated.resources_sync import ConversationItemResource as ConversationItemResource
    from ._generated.resources_sync import ConversationResource as ConversationResource
    from ._generated.resources_sync import InputAudioBufferResource as InputAudioBufferResource
    from ._generated.resources_sync import OutputAudioBufferResource as OutputAudioBufferResource
    from ._generated.resources_sync import ResponseResource as ResponseResource
    from ._generated.resources_sync import SessionResource as SessionResource
    from ._generated.resources_sync import TranscriptionSessionResource as TranscriptionSessionResource
    from ._transport.options import ConnectionOptions as ConnectionOptions
    from ._transport.options import WebsocketConnectionOptions as WebsocketConnectionOptions
    from .errors import *  # noqa: F403

# Names are looked up when first used: a program that only reads models needs no transport, and the other way round.
# What is not here is in `errors`, whose `__all__` is the only list of them. Type checkers see the block above instead.
_MODULES = {
    "CloseInfo": "_core.close_info",
    "ContractCheck": "_core.contract",
    "Credential": "_credentials",
    "FieldIssue": "_base",
    "ConnectionOptions": "_transport.options",
    "ReconnectPolicy": "_core.reconnect.policy",
    "ResponseHandle": "_generated.conversation_sync",
    "VoiceLiveConnection": "_clients.sync_connection",
    "connect": "_generated.connect_sync",
    "warmup": "_generated.connect_sync",
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
        "_generated.resources_sync",
    ),
}
_SUBPACKAGES = {"aio", "audio", "conversation", "errors", "local", "models", "recording", "testing", "tools"}


def __getattr__(name: str) -> Any:
    from importlib import import_module

    if name in _SUBPACKAGES:
        return import_module(f"{__name__}.{name}")
    if name in _MODULES:
        value = getattr(import_module(f"{__name__}.{_MODULES[name]}"), name)
    elif name.startswith("_") and name != "__all__":
        # No public name does, and the import system asks for those of modules.
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    else:
        errors = import_module(f"{__name__}.errors")
        if name == "__all__":
            value = ["__version__", *_SUBPACKAGES, *_MODULES, *errors.__all__]
        elif name in errors.__all__:
            value = getattr(errors, name)
        else:
            raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    globals()[name] = value
    return value


def __dir__() -> list[str]:
    return sorted(__getattr__("__all__"))
