"""What a connection does when it breaks: decided here as values, carried out by the clients' transports.

- :mod:`policy`: what the application allows, and when the next attempt may be.
- :mod:`history`: what must be made again on a new connection: the session's configuration, the conversation.
- :mod:`conversation`, :mod:`item_list`, :mod:`items`: the conversation's items, within a bound, and how they are made
  again.
- :mod:`settings`: the session's configuration, as the service took it.
- :mod:`unconfirmed`: what else was sent, and may have been lost.
- :mod:`replay`: the messages that make the session again, and their confirmations.
- :mod:`send_queue`: what the application sends while there is nobody to send it to.
- :mod:`sending`: what becomes of each event that the application sends.
- :mod:`link_actions`: what the state machine and the transports say to each other.
- :mod:`machine`: the state machine over all of it, and :mod:`link_changes`, how one link takes another's place in it.
- :mod:`connection_events`: what the application is told.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from ...errors import ConfigurationError
from .policy import ReconnectPolicy

if TYPE_CHECKING:
    from ..._generated.models import ServerEvent

__all__ = ["ReconnectPolicy", "check_policy", "local_events_of"]


def check_policy(policy: object) -> None:
    """Refuse what is not a policy.

    Raises:
        ConfigurationError: saying what `reconnect` takes.
    """
    if not isinstance(policy, ReconnectPolicy):
        raise ConfigurationError(f"reconnect takes a ReconnectPolicy(), or None for none, not {policy!r}")


def local_events_of() -> tuple[type[ServerEvent], ...]:
    """Return the classes of the events that a connection with a policy adds to those of the service."""
    from .connection_events import CONNECTION_EVENTS

    return CONNECTION_EVENTS
