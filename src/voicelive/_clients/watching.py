"""What is put over the transport of a connection that is opened: its conversation, and those who watch the call."""

from __future__ import annotations

import logging
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from .._core.envelope import Incoming
from .._core.handshake import Handshake

if TYPE_CHECKING:
    from .._conversation.layer import ConversationLayer
    from .._transport.transport import DeliveringTransport, Transport
    from .._watching.watcher import TelemetryFace

__all__ = ["over_transport", "with_context"]

_calls_logger = logging.getLogger("voicelive.calls")


def with_context(handshake: Handshake, telemetry: TelemetryFace | None) -> Handshake:
    """Return the handshake with what telemetry puts into the opening request."""
    if telemetry is None:
        return handshake
    from .._watching.start import propagated

    return propagated(handshake, telemetry)


def over_transport(
    handshake: Handshake,
    telemetry: TelemetryFace | None,
    layer: ConversationLayer | None,
    event_of: Callable[[Incoming], Any],
) -> Callable[[DeliveringTransport], Transport] | None:
    """Return what wraps the transport once it is open; None for nothing."""
    if telemetry is None and not _calls_logger.isEnabledFor(logging.INFO):
        return None if layer is None else layer.start
    from .._watching.start import watching

    return watching(handshake, telemetry, layer, event_of)
