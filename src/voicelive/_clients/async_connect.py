"""The asynchronous :func:`connect`. Loads what a connection is made of when it is called, not before.

A program that imports it pays for models, events and the WebSocket when it first connects; see :func:`warmup`.
"""

from __future__ import annotations

from .._core.annotations import resolved_when_read
from .._core.argument_hints import suggest_keywords
from .._generated.versions import DEFAULT_API_VERSION
from .._public import public_in

# Type checkers know this name; importing `typing` for it would take most of this module's time.
TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping
    from typing import Any

    from .._base import Model
    from .._core.contract import ContractCheck
    from .._core.conversation.barge_in import BargeIn
    from .._core.conversation.budget import Budget
    from .._core.reconnect.policy import ReconnectPolicy
    from .._credentials import AsyncCredential
    from .._recording.recorder import Recorder
    from .._transport.options import ConnectionOptions
    from ..telemetry import Telemetry
    from ..tools import AnyTools
    from .async_connection import VoiceLiveConnection

__all__ = ["connect", "warmup"]


@public_in("voicelive.aio")
@suggest_keywords
@resolved_when_read(
    Any="typing",
    AnyTools="..tools",
    BargeIn=".._core.conversation.barge_in",
    Budget=".._core.conversation.budget",
    AsyncCredential=".._credentials",
    ConnectionOptions=".._transport.options",
    ContractCheck=".._core.contract",
    Iterable="collections.abc",
    Mapping="collections.abc",
    Model=".._base",
    ReconnectPolicy=".._core.reconnect.policy",
    Recorder=".._recording.recorder",
    Telemetry="..telemetry",
    VoiceLiveConnection=".async_connection",
)
def connect(
    *,
    endpoint: str | None = None,
    credential: AsyncCredential | None = None,
    model: str | None = None,
    api_version: str = DEFAULT_API_VERSION,
    agent_name: str | None = None,
    project_name: str | None = None,
    agent_version: str | None = None,
    conversation_id: str | None = None,
    authentication_identity_client_id: str | None = None,
    foundry_resource_override: str | None = None,
    query: Mapping[str, Any] | None = None,
    headers: Mapping[str, str] | None = None,
    connection_options: ConnectionOptions | Mapping[str, Any] | None = None,
    credential_scopes: str | Iterable[str] | None = None,
    preview_features: Iterable[str] = (),
    events: Iterable[type[Model]] = (),
    contract_check: ContractCheck = "warn",
    strict: bool = False,
    reconnect: ReconnectPolicy | None = None,
    barge_in: bool | BargeIn = False,
    tools: AnyTools = (),
    observers: Iterable[object] = (),
    metrics: bool = False,
    user_away: float | None = None,
    budget: Budget | None = None,
    recorder: Recorder | None = None,
    telemetry: Telemetry | None = None,
) -> VoiceLiveConnection:
    """Prepare a connection to the Voice Live service; ``async with`` or ``await open()`` opens it.

    Example::

        async with connect(endpoint=..., credential=AzureKeyCredential(...), model="gpt-4o") as connection:
            await connection.session.update(session={"instructions": "Be brief."})
            async for event in connection:
                ...

    Args:
        endpoint: the resource's address, such as ``https://RESOURCE.services.ai.azure.com``. ``http://`` only for
            this machine, unless `connection_options` allow it. A path is kept, and everything goes below it. Left out:
            ``AZURE_VOICELIVE_ENDPOINT``, then ``AZURE_COGNITIVE_SERVICES_ENDPOINT`` of the environment.
        credential: an ``AzureKeyCredential``, or a token credential of ``azure.identity.aio`` or ``azure.identity``;
            the latter block, so they are asked in a thread. Left out: ``AZURE_VOICELIVE_API_KEY``, then
            ``AZURE_COGNITIVE_SERVICES_KEY`` of the environment, then ``DefaultAzureCredential`` if azure-identity is
            installed. An endpoint on this machine needs none.
        model: the model, such as ``gpt-4o`` or ``gpt-realtime``. Not needed for an agent.
        api_version: the version of the service's interface.
        agent_name: a Foundry agent to talk to instead of a model; needs `project_name`.
        project_name: the Foundry project of the agent; needs `agent_name`.
        agent_version: which version of the agent.
        conversation_id: a conversation of the agent to continue.
        authentication_identity_client_id: client id of the identity the agent runs as.
        foundry_resource_override: the Foundry resource of the agent, if it is another one.
        query: further query parameters. A name used above replaces that value; None takes it out.
        headers: further headers of the opening request. ``Authorization`` or ``api-key`` here replace the credential.
        connection_options: timeouts, limits, TLS, proxy: see :class:`ConnectionOptions`.
        credential_scopes: what a token is asked for. Default ``https://ai.azure.com/.default``.
        preview_features: features of a preview to switch on, such as ``"BargeIn"``; sent as ``VoiceLive-Features``.
        events: event classes of your own, derived from ``ServerEvent`` or ``ClientEvent`` with a constant `type`: such
            events are then received and sent typed.
        contract_check: what to do when something is sent that `api_version` lacks or that no version knows: ``warn``
            once by :class:`ContractWarning` and send it anyway, refuse it as an ``error``, or ``ignore`` it.
        strict: raise :class:`InvalidEventError` for a received message that does not fit the contract, instead of
            reading it leniently. For tests.
        reconnect: make the connection again when it breaks, and move to a fresh session before its time is up: see
            :class:`ReconnectPolicy`. Left out: a connection that breaks has ended.
        barge_in: do what has to be done when the user speaks over an answer: flush the player, truncate what was not
            heard, drop late audio. ``True``, or a :class:`~voicelive.conversation.BargeIn` with conditions. Off by
            default: who sends raw events sees raw behaviour.
        tools: functions that the model may call, run beside the call: see :mod:`voicelive.tools`. Put their
            ``definitions`` into the session.
        observers: objects whose hooks see every event that is sent and received, and what was heard: plain functions
            ``on_open``, ``on_send``, ``on_receive``, ``on_heard``, ``on_tool``, ``on_reconnect`` and ``on_close``.
        metrics: keep the figures of each turn, also without the others.
        user_away: after how many seconds of the user's silence, counted from the end of playback, to tell it by
            ``voicelive.user_away``.
        budget: what the call may use, in seconds, tokens and money: see :class:`~voicelive.conversation.Budget`.
        recorder: record the call: see :class:`~voicelive.recording.Recorder`.
        telemetry: exports spans, log events and metrics of the call: see :class:`~voicelive.telemetry.Telemetry`. The
            context in which the connection is opened is the parent of its spans.

    Raises:
        ConfigurationError: if an argument cannot work; nothing was opened then.
        TypeError: for an unknown argument, naming the nearest one.
    """
    arguments = locals()
    from .._collector import collector_paused

    with collector_paused(lasting=True):
        from .async_connection import VoiceLiveConnection
        from .connection_parts import connection_parts

    return VoiceLiveConnection(connection_parts(client="async", **arguments))


@public_in("voicelive.aio")
def warmup(*, freeze: bool = True) -> None:
    """Load and build now what the first connection, and the first event of each type, would load and build otherwise.

    For services: call it before an event loop runs and before the first call comes in. It blocks for some tenths of a
    second. After it, no event builds anything, and none holds up a loop for more than a few milliseconds. Calling it
    again builds nothing more.

    Args:
        freeze: also collect garbage and call :func:`gc.freeze`, so that later collections pass over everything that
            exists by then. Walking through the models takes them 10 ms and more each time. Turn it off if the
            application arranges its garbage collection itself.
    """
    from .._core.warmup import warm_up

    warm_up("voicelive._clients.async_connection", freeze=freeze)
