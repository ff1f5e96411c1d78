"""What a connection of either client is made from: the arguments of `connect()`, checked and put together."""

from __future__ import annotations

import os
import uuid
from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING, Any, Literal, NamedTuple

from .._core.contract import ContractCheck, WireContract
from .._core.handshake import Handshake, asks_for_previews, prepare_handshake
from .._core.secrecy import SecretMapping
from .._credentials import AsyncCredential, Credential, CredentialSource, find_credential
from .._transport.options import ConnectionOptions, TransportOptions, allows_plaintext, read_options

if TYPE_CHECKING:
    from .._base import Model
    from .._conversation.layer import ConversationOptions
    from .._core.conversation.barge_in import BargeIn
    from .._core.conversation.budget import Budget
    from .._core.reconnect.policy import ReconnectPolicy
    from .._recording.recorder import Recorder
    from .._telemetry.telemetry import Telemetry
    from .._watching.watcher import TelemetryFace
    from ..tools import AnyTools

__all__ = ["ConnectionParts", "connection_parts"]


class ConnectionParts(NamedTuple):
    """What either client's connection is made from."""

    handshake: Handshake
    credential: CredentialSource
    options: TransportOptions
    contract: WireContract
    reconnect: ReconnectPolicy | None
    conversation: ConversationOptions | None
    telemetry: TelemetryFace | None


def connection_parts(
    *,
    client: Literal["async", "sync"],
    credential: Credential | AsyncCredential | None,
    model: str | None,
    connection_options: ConnectionOptions | Mapping[str, Any] | None,
    credential_scopes: str | Iterable[str] | None,
    events: Iterable[type[Model]],
    contract_check: ContractCheck,
    strict: bool,
    reconnect: ReconnectPolicy | None,
    barge_in: bool | BargeIn,
    tools: AnyTools,
    observers: Iterable[object],
    metrics: bool,
    user_away: float | None,
    budget: Budget | None,
    recorder: Recorder | None,
    telemetry: Telemetry | None,
    **opening: Any,
) -> ConnectionParts:
    """Check the arguments of `connect()`, and make of them what a connection needs.

    Those that only make up the opening request are `opening`: see :func:`prepare_handshake`.

    Raises:
        ConfigurationError: if one cannot work.
    """
    environ = SecretMapping(os.environ)
    handshake = prepare_handshake(
        environ=environ,
        request_id=str(uuid.uuid4()),
        model=model,
        allow_plaintext=allows_plaintext(connection_options),
        **opening,
    )
    local_events: tuple[type[Model], ...] = ()
    if reconnect is not None:
        # Few need it, and it takes its time to load.
        from .._core.reconnect import check_policy, local_events_of

        check_policy(reconnect)
        local_events = local_events_of()
    conversation = None
    given = user_away is not None, budget is not None, recorder is not None
    if any((barge_in is not False, tools, observers, metrics, *given)):
        from .._conversation.layer import conversation_options
        from .._core.conversation.conversation_events import CONVERSATION_EVENTS

        conversation = conversation_options(barge_in, tools, observers, metrics, user_away, budget, recorder)
        local_events = (*local_events, *CONVERSATION_EVENTS)
    contract = WireContract(
        handshake.contract_version,
        events=events,
        local_events=local_events,
        strict=strict,
        check=contract_check,
        previews=asks_for_previews(handshake),
        model=model,
    )
    options = read_options(connection_options, handshake.endpoint)
    source = find_credential(credential, credential_scopes, handshake=handshake, environ=environ, client=client)
    return ConnectionParts(handshake, source, options, contract, reconnect, conversation, _exporter_of(telemetry))


def _exporter_of(telemetry: Telemetry | None) -> TelemetryFace | None:
    if telemetry is None:
        return None
    from .._telemetry.telemetry import exporter_of

    return exporter_of(telemetry)
