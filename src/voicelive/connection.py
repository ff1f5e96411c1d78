"""The synchronous client: :func:`connect` and the connection it returns."""

from __future__ import annotations

import os
import threading
import time
import uuid
from collections.abc import Callable, Iterable, Mapping
from types import TracebackType
from typing import TYPE_CHECKING, Any, TypeVar, overload

from typing_extensions import Self

from ._base import Model
from ._core.closing import NORMAL, CloseInfo, check_close_arguments, closed_error, ends_quietly
from ._core.contract import ContractCheck, WireContract
from ._core.handshake import DEFAULT_API_VERSION, Handshake, prepare_handshake
from ._core.inbox import Condition, Inbox, Waiter
from ._core.keywords import suggest_keywords
from ._core.last_words import describe_unsent
from ._core.liveness import Watch
from ._credentials import CredentialSource, find_credential
from ._generated.resources_sync import ConnectionResources
from ._transport.options import ConnectionOptions, TransportOptions, read_options
from ._transport.threads import ConnectionClosed as TransportClosed
from ._transport.threads import Transport, open_transport
from .errors import ConnectionClosed, ConnectionStateError, ReceiveTimeoutError

if TYPE_CHECKING:
    from ._core.events import AnyServerEvent
    from ._credentials import Credential

__all__ = ["VoiceLiveConnection", "connect"]

EventT = TypeVar("EventT", bound=Model)


@suggest_keywords
def connect(
    *,
    endpoint: str | None = None,
    credential: Credential | None = None,
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
) -> VoiceLiveConnection:
    """Prepare a connection to the Voice Live service; ``with`` or ``open()`` opens it.

    Example::

        with connect(endpoint=..., credential=AzureKeyCredential(...), model="gpt-4o") as connection:
            connection.session.update(session={"instructions": "Be brief."})
            for event in connection:
                ...

    Args:
        endpoint: the resource's address, such as ``https://RESOURCE.services.ai.azure.com``. ``http://`` only for
            this machine. A path is kept, and everything goes below it. Left out: ``AZURE_VOICELIVE_ENDPOINT``, then
            ``AZURE_COGNITIVE_SERVICES_ENDPOINT`` of the environment.
        credential: an ``AzureKeyCredential``, or a token credential such as ``azure.identity.DefaultAzureCredential``.
            Left out: ``AZURE_VOICELIVE_API_KEY``, then ``AZURE_COGNITIVE_SERVICES_KEY`` of the environment, then
            ``DefaultAzureCredential`` if azure-identity is installed. An endpoint on this machine needs none.
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
            once by :class:`ContractWarning` and send it all the same, refuse it as an ``error``, or ``ignore`` it.
        strict: raise :class:`InvalidEventError` for a received message that does not fit the contract, instead of
            reading it leniently. For tests.

    Raises:
        ConfigurationError: if an argument cannot work; nothing was opened then.
        TypeError: for an unknown argument, naming the nearest one.
    """
    handshake = prepare_handshake(
        endpoint=endpoint,
        environ=os.environ,
        request_id=str(uuid.uuid4()),
        api_version=api_version,
        model=model,
        agent_name=agent_name,
        project_name=project_name,
        agent_version=agent_version,
        conversation_id=conversation_id,
        authentication_identity_client_id=authentication_identity_client_id,
        foundry_resource_override=foundry_resource_override,
        query=query,
        headers=headers,
        preview_features=preview_features,
    )
    contract = WireContract(api_version, events=events, strict=strict, check=contract_check)
    options = read_options(connection_options, handshake.endpoint)
    source = find_credential(credential, credential_scopes, handshake=handshake, environ=os.environ, client="sync")
    return VoiceLiveConnection(handshake, source, options, contract)


class VoiceLiveConnection(ConnectionResources):
    """A connection to the Voice Live service, for threads. Made by :func:`connect`.

    All methods may be called from any thread at any time. Every event goes to one receiver: the oldest ``wait_for``
    whose condition it meets, else the next ``recv`` or step of an iteration.
    """

    def __init__(
        self,
        handshake: Handshake,
        credential: CredentialSource,
        options: TransportOptions,
        contract: WireContract,
    ) -> None:
        self._handshake = handshake
        self._credential = credential
        self._options = options
        self._contract = contract
        self._decode = contract.decode
        self._transport: Transport | None = None
        self._state = "new"
        # Guards everything below. One thread reads from the transport at a time; the others wait here for their turn.
        self._changed = threading.Condition()
        self._inbox = Inbox()
        self._watch = Watch(ready_timeout=options.ready_timeout, stall_timeout=options.stall_timeout)
        self._reading = False
        self._followers = 0
        self._drained = False
        self._requested: tuple[int, str] | None = None
        self._end: CloseInfo | None = None

    def __repr__(self) -> str:
        model = f" model={self._handshake.model!r}" if self._handshake.model else ""
        state = "closed" if self.close_info else self._state
        return f"<VoiceLiveConnection host={self._handshake.endpoint.authority!r}{model} state={state!r}>"

    @property
    def request_id(self) -> str:
        """The id this connection gave the service, for support requests."""
        return self._handshake.request_id

    @property
    def close_info(self) -> CloseInfo | None:
        """How the connection ended; None while it is open, and before it was."""
        if self._end is None and self._transport is not None:
            self._end = self._transport.end(self._requested)
        return self._end

    def open(self) -> Self:
        """Ask for the credential and open the connection.

        Returns:
            This connection.

        Raises:
            ConnectionError: if the service cannot be reached or refuses; says which and what to check.
            ConnectionStateError: if it was opened or closed before.
        """
        with self._changed:
            if self._state != "new":
                raise ConnectionStateError(
                    f"this connection is {self._state}; it opens only once: call connect() for another"
                )
            self._state = "opening"
        try:
            request = self._handshake.request(self._credential.headers())
            transport = open_transport(request, self._options)
        except BaseException:
            self._state = "closed"
            raise
        with self._changed:
            requested = self._requested
            if requested is None:
                self._watch.open(time.monotonic())
                self._transport = transport
                self._state = "open"
                return self
        transport.close(*requested)
        raise ConnectionStateError("close() was called while the connection opened")

    def close(self, code: int = NORMAL, reason: str = "") -> None:
        """Close the connection; never raises for a connection that is closed or broken already.

        Wakes everyone who waits for events: ``recv`` and ``wait_for`` raise :class:`ConnectionClosed`, iterations end.
        What arrived and was not received yet is dropped. Takes at most ``close_timeout``.

        Args:
            code: the WebSocket close code: 1000, or one of your own from 3000 to 4999.
            reason: a text for the service, at most 123 bytes of UTF-8.

        Raises:
            ConfigurationError: if code or reason cannot be sent.
        """
        check_close_arguments(code, reason)
        with self._changed:
            transport = self._transport
            if self._requested is None:
                # If it has ended already, that is how it ended.
                self._end = self._end or (transport.end(None) if transport else None)
                self._requested = (code, reason)
                self._state = "closed"
                self._inbox.clear()
            self._changed.notify_all()
        if transport is None:
            self._end = self._end or CloseInfo(code, reason, "local")
            return
        transport.close(code, reason)

    def __enter__(self) -> Self:
        return self.open()

    def __exit__(
        self,
        exc_type: type[BaseException] | None,
        exc: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self.close()

    def send(self, event: Model | Mapping[str, Any]) -> None:
        """Send an event: a client event of :mod:`voicelive.models`, or a mapping of the same form.

        Raises:
            InvalidEventError: if the contract does not allow it; nothing is sent then.
            ConnectionClosed: if the connection is closed.
        """
        self._write(self._contract.encode_event(event))

    def recv(self, timeout: float | None = None) -> AnyServerEvent:
        """Return the next event.

        Args:
            timeout: how long to wait, in seconds; 0 takes only what is there already.

        Raises:
            ReceiveTimeoutError: if nothing arrives in time; nothing is lost.
            ConnectionClosed: if the connection is closed; after the service closed it, only when every event that
                arrived before has been received.
        """
        data, event = self._receive(timeout)
        return self._decode(data) if event is None else event

    def recv_bytes(self, timeout: float | None = None) -> bytes:
        """Return the next message as it came, undecoded. Waits and raises like :meth:`recv`."""
        return self._receive(timeout)[0]

    def __iter__(self) -> Self:
        """Iterate over the events until the connection ends.

        Ends quietly after ``close()``, or if the service closes with code 1000; any other end raises
        :class:`ConnectionClosed`.
        """
        return self

    def __next__(self) -> AnyServerEvent:
        try:
            data, event = self._receive(None)
        except ConnectionClosed as error:
            if ends_quietly(error.info, requested=self._requested is not None):
                raise StopIteration from None
            raise
        return self._decode(data) if event is None else event

    @overload
    def wait_for(  # type: ignore[overload-overlap] # a class is a function too
        self, condition: type[EventT], timeout: float | None = None
    ) -> EventT: ...

    @overload
    def wait_for(
        self, condition: str | Callable[[AnyServerEvent], object], timeout: float | None = None
    ) -> AnyServerEvent: ...

    def wait_for(self, condition: Condition, timeout: float | None = None) -> Any:
        """Return the first event that meets `condition`; the others are kept, in order, for later receivers.

        Events that were kept before are looked at first. An ``error`` event is kept like any other.

        Args:
            condition: an event's type such as ``"session.updated"``, an event class of :mod:`voicelive.models`, or a
                function of the event; keep it short, and leave the connection alone in it.
            timeout: how long to wait, in seconds.

        Raises:
            ReceiveTimeoutError: if no such event arrives in time; says what did arrive.
            ConnectionClosed: if the connection ends first.
        """
        with self._changed:
            self._opened()
            waiter = self._inbox.wait(condition)
        try:
            self._receive(timeout, waiter)
            found, waiter.found = waiter.found, None
        finally:
            with self._changed:
                self._inbox.leave(waiter)
        if waiter.failure is not None:
            raise waiter.failure
        return found and found.event

    def _send_call(self, event_type: str, fields: dict[str, Any]) -> None:
        self._write(self._contract.encode_call(event_type, fields))

    def _write(self, data: bytes) -> None:
        transport = self._opened(data)
        if self._requested is not None:
            raise self._closed_error(data)
        try:
            transport.send(data)
        except TransportClosed as error:
            raise self._closed_error(data) from error

    def _receive(self, timeout: float | None, waiter: Waiter | None = None) -> tuple[bytes, AnyServerEvent | None]:
        """Wait for the next message, or until `waiter` is settled; what others wait for is passed on to them."""
        transport = self._opened()
        if timeout is None and waiter is None:
            timeout = self._options.receive_timeout
        deadline = None if timeout is None else time.monotonic() + timeout
        left = timeout
        expired = False
        watch = self._watch
        while True:
            with self._changed:
                if waiter is not None and waiter.settled:
                    return b"", None
                if self._requested is not None:
                    raise self._closed_error()
                if waiter is None and self._inbox.kept:
                    kept = self._inbox.take()
                    return kept.data, kept.event
                if self._drained:
                    raise self._closed_error()
                if expired:
                    raise _timeout_error(timeout or 0, waiter)
                if deadline is not None:
                    left = max(0.0, deadline - time.monotonic())
                if self._reading:
                    self._followers += 1
                    try:
                        expired = not self._changed.wait(left)
                    finally:
                        self._followers -= 1
                    continue
                self._reading = True
            data = None
            received: tuple[bytes, AnyServerEvent | None] | None = None
            watched = watch.due(transport.inflow.last_arrival) if watch.is_needed else None
            try:
                if watched is None:
                    data = transport.recv(left)
                else:
                    dead_in = max(0.0, watched[0] - time.monotonic())
                    data = transport.recv(dead_in if left is None else min(left, dead_in))
                if watch.is_needed:
                    watch.see(data)
            except TimeoutError:
                now = time.monotonic()
                # If something arrived just now, it is not dead.
                if watched is not None and now >= watched[0] and watched == watch.due(transport.inflow.last_arrival):
                    transport.give_up(watched[1])
                else:
                    expired = deadline is not None and now >= deadline
            except TransportClosed:
                self._drained = True
            finally:
                # The next reader must find this event in its place.
                with self._changed:
                    self._reading = False
                    if self._followers:
                        self._changed.notify_all()
                    if data is not None and self._requested is None:
                        if waiter is None and not self._inbox.waiters:
                            received = data, None
                        else:
                            received = self._sort(data, waiter)
            if received is not None:
                return received

    def _sort(self, data: bytes, waiter: Waiter | None) -> tuple[bytes, AnyServerEvent] | None:
        event = self._decode(data)
        received = self._inbox.sort(data, event)
        if received is None:
            return None
        if waiter is None:
            return data, event
        self._inbox.keep(received)
        return None

    def _opened(self, unsent: bytes | None = None) -> Transport:
        if self._transport is None:
            if self._requested is not None:
                raise self._closed_error(unsent)
            raise ConnectionStateError(
                "this connection is not open: use `with connect(...) as connection`, or call open() first"
            )
        return self._transport

    def _closed_error(self, unsent: bytes | None = None) -> ConnectionClosed:
        info = self.close_info or CloseInfo(*(self._requested or (NORMAL, "")), "local")
        return closed_error(info, self._handshake.endpoint.authority, describe_unsent(unsent) if unsent else None)


def _timeout_error(timeout: float, waiter: Waiter | None) -> ReceiveTimeoutError:
    if waiter is not None:
        return waiter.timeout_error(timeout)
    return ReceiveTimeoutError(f"no event within {timeout:g} s", timeout=timeout)
