"""Begins to watch a call, where somebody wants to know of it: both clients do it here, when they open."""

from __future__ import annotations

import logging
from collections.abc import Callable
from typing import Any

from .._conversation.layer import ConversationLayer
from .._core.envelope import Incoming
from .._core.handshake import Handshake
from .._core.watching.facts import About
from .._transport.transport import DeliveringTransport, Transport
from .._transport.watched import WatchedTransport
from .call_log import CallLog, logs_calls
from .watcher import CallWatcher, TelemetryFace

__all__ = ["propagated", "watching"]

_logger = logging.getLogger("voicelive.telemetry")


def propagated(handshake: Handshake, telemetry: TelemetryFace) -> Handshake:
    """Return the handshake with what its request carries of the caller's context."""
    try:
        return handshake.with_headers(telemetry.headers())
    except Exception as error:  # noqa: BLE001 - propagators are foreign code
        _logger.warning("the caller's context could not be put into the opening request: %s", type(error).__name__)
        return handshake


def watching(
    handshake: Handshake,
    telemetry: TelemetryFace | None,
    layer: ConversationLayer | None,
    event_of: Callable[[Incoming], Any],
) -> Callable[[DeliveringTransport], Transport]:
    """Return what makes a watched transport of one that is open, with the conversation over it, if there is one.

    Called in the context of whoever opens the connection.
    """
    about = _about(handshake)
    log = CallLog(about) if logs_calls() else None
    try:
        watcher = CallWatcher(about, log=log, telemetry=telemetry)
    except Exception as error:  # noqa: BLE001 - a provider is foreign code
        _logger.warning("telemetry of a call could not begin: %s", type(error).__name__)
        watcher = CallWatcher(about, log=log, telemetry=None)

    def start(inner: DeliveringTransport) -> Transport:
        watcher.start()
        watched = WatchedTransport(inner, watcher, event_of)
        if layer is not None:
            return layer.start(watched, watcher)
        watched.start()
        return watched

    return start


def _about(handshake: Handshake) -> About:
    query = dict(handshake.query)
    return About(
        connection_id=handshake.request_id,
        host=handshake.endpoint.host,
        port=handshake.endpoint.port,
        model=handshake.model or query.get("model"),
        api_version=query.get("api-version", ""),
        agent=query.get("agent-name"),
        conversation_id=query.get("conversation-id"),
    )
