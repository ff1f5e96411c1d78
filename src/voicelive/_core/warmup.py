"""Builds at once what is otherwise built when it is first met."""

from __future__ import annotations

import gc
from collections.abc import Iterator
from importlib import import_module
from typing import Any, cast

from .._base import Model, TaggedUnion
from .._generated import models
from .codec import decode_server_event
from .conversation.conversation_events import CONVERSATION_EVENTS
from .events import AnyClientEvent, AnyServerEvent, MalformedServerEvent, UnknownServerEvent
from .lenient import prepare_reading, prepare_union

__all__ = ["all_models", "build_models", "warm_up"]


def all_models() -> Iterator[type[Model]]:
    """Yield every model and event of the contract, and the events that no schema declares."""
    for name in models.__all__:
        value = getattr(models, name)
        if isinstance(value, type) and issubclass(value, Model):
            yield value
    yield from (UnknownServerEvent, MalformedServerEvent)
    yield from CONVERSATION_EVENTS


def build_models() -> None:
    """Build the validator of every model, and what reads those that do not fit; what is built already stays."""
    for model in all_models():
        model.model_rebuild()
        prepare_reading(model)
    for union in (value for name in models.__all__ if isinstance(value := getattr(models, name), TaggedUnion)):
        union.prepare()
        prepare_union(union)
    # The classes that stand for any event; to type checkers they are unions.
    for any_event in (cast("Any", AnyServerEvent), cast("Any", AnyClientEvent)):
        any_event.model_rebuild()
    # The path of a message that is not an event; it notes nothing, for it is the contract's own.
    decode_server_event(b'{"type":"voicelive.malformed"}')


def warm_up(client: str, *, freeze: bool) -> None:
    """Load the module of a client's connection, and build every model; `freeze` passes them over in collections."""
    import_module(client)
    build_models()
    if freeze:
        gc.collect()
        gc.freeze()
