"""The local service: a WebSocket server that answers as Voice Live does, on this machine alone."""

from __future__ import annotations

import asyncio
import errno
import logging
from collections.abc import Sequence
from types import TracebackType
from typing import TYPE_CHECKING, Any, Self

from typing_extensions import Unpack
from websockets.asyncio.server import Server, ServerConnection, serve
from websockets.http11 import Request, Response
from websockets.typing import Subprotocol

from .._public import public_in
from ..errors import ConfigurationError
from .addresses import is_loopback
from .admission import Admission
from .arrivals import Arrivals, stop_accepting
from .engines.bundle import Engines
from .errors import LocalServiceError, PortInUseError, UnprotectedHostError
from .faults.schedule import Faults, FaultSchedule
from .handshake import HandshakeRefusedError
from .limits import MAX_MESSAGE_BYTES
from .options import LocalServiceOptions, check_names, checked_context, checked_key
from .pacer import Pacer
from .records import SessionRecord
from .relay.relay import RELAYED_HANDSHAKE_S
from .router import Router, refused_response
from .session_host import SessionHost
from .threaded import ThreadedLocalService

__all__ = ["LocalService", "start_in_thread"]

# Its own logger, because at DEBUG the library writes every header of a handshake, credentials included.
_wire_logger = logging.getLogger("voicelive.local.wire")
_wire_logger.setLevel(logging.CRITICAL)

_HANDSHAKE_S = 10.0  # what a client's handshake may take
_OPENING_S = 0.004  # between two handshakes that come at once
_PONG_S = 120.0  # a client's answer to a ping stands behind all that it has sent, and may be long in being reached
_CLOSE_S = 2.0  # what a client gets to answer a close frame
_STOP_S = 5.0  # what all of them together get
_SUBPROTOCOL = Subprotocol("realtime")


if TYPE_CHECKING:
    _class_or_service_method = classmethod
else:

    class _class_or_service_method(classmethod):  # noqa: N801 - a decorator
        """A class method that, called on a service, means that one: not another, made without its options."""

        def __get__(self, instance: LocalService | None, owner: type | None = None) -> Any:
            return super().__get__(None, owner) if instance is None else instance._run_in_thread


@public_in("voicelive.local")
class LocalService:
    """A server that speaks the Voice Live contract, with speech engines of this machine or stand-ins for them.

    Use it as an asynchronous context manager, or call :meth:`start` and :meth:`stop`; :meth:`in_thread` runs it
    beside synchronous code.

    Args:
        host: address to listen on. Anything but a loopback address demands `api_key`.
        port: port to listen on; 0 lets the system choose, see :attr:`endpoint`.
        engines: the engines that listen, answer and speak; by default the dependency-free ones, which understand only
            the tones that they themselves speak. Engines given here stay the caller's to close.
        api_key: the key that clients must send; by default any client is let in, whatever it sends.
        pacing: ``fast`` answers as fast as the engines allow; ``real`` waits as the real service does.
        dialect: ``auto`` lets the model's name decide between the event orders of cascaded and of realtime models.
        require_session_update: insist, as the real service does, that a session begins with ``session.update``, and
            close with 1008 after five failed attempts. Off by default, so that short programs work.
        session_lifetime_s: seconds until a session expires; by default 7200 (cascaded) or 3600 (realtime).
        models: the models that exist; by default all. A session with another gets the error ``invalid_model``.
        worker_threads: how many threads do the heavy work; by default one per core, 2 to 8.
        faults: what is to go wrong, as objects of `voicelive.local.faults` or as text; see :attr:`faults`.
        fault_seed: decides which opportunities a fault with a chance takes.
        control: let other processes of this machine look at the sessions and add faults: the page at ``/`` (where the
            service listens on loopback) and the WebSocket at ``/control``. Off by default.
        quirks: ways to behave in which the evidence about the real service conflicts; see :data:`Quirk`.
        allow_hosts: names under which it may be reached, beside that of `host`; addresses always go. Requests to other
            names are refused, since web pages can make such a name lead to this machine.
        allow_origins: origins whose web pages may talk to it, such as ``http://localhost:3000``, beside its own.
        allow_mcp: hosts, addresses and networks, with or without a port, at which sessions may have MCP servers, such
            as ``localhost:8000`` or ``10.1.0.0/16``; public addresses always go, link-local and metadata ones never.
        allow_mcp_headers: headers that sessions may have sent to MCP servers although they are reserved: ``Host``,
            ``Authorization`` and those of one connection. A session's ``authorization`` is always sent.
        ssl: the certificate and key to speak TLS with; by default it speaks without.
        upstream: another service that answers in its place: sessions are passed on to it, and it is a relay. What is
            about its own answers, such as `engines`, `models` and `pacing`, has no effect then.
        record: a folder in which every session is recorded, each in a folder of its own: see
            :mod:`voicelive.recording`.
        replay: recordings to replay, instead of answering.

    Where it differs from the real service, on purpose: an ``error`` event names the ``event_id`` of the refused event,
    if that had one (the real service was only ever seen to send null); a session may begin without ``session.update``;
    ``output_audio_buffer.clear`` is confirmed without an avatar too; a text finished by ``input_text.done`` is
    announced as an item; an avatar has signalling, but no picture; why an MCP server could not be listed is said in a
    ``warning``. MCP servers need the extra ``mcp``. An interim response says one of the session's texts, or one of a
    few of its own where a model would find the words. Visemes and blendshapes are estimated from the spelling. Every
    kind of end-of-utterance detection goes by the words that were understood. An agent answers as the model would, and
    takes API keys too. File and web searches are those that the responder says it has made. WebRTC calls
    need the extra ``webrtc``, and open UDP ports at the machine's addresses.

    What a client may send is limited, and what passes a limit is refused by an ``error`` event: 15 MiB of audio an
    event, and 4 MiB (4,194,304 characters) and 50,000 values beside audio and images (``event_too_large``), 128 tools
    and 1,000 content parts (``array_above_max_length``), 256,000 characters of instructions
    (``string_above_max_length``), 100,000 items and 64 MiB of them (``conversation_too_long``). A message of more than
    32 MiB ends the connection with 1009. A session whose messages are costly to read waits for the others.

    What is kept is bounded. A session: 10 minutes of audio in its input buffer and in each of at most 8 open
    ``input_audio.turn``s, 32 MiB of sound in its conversation (the oldest items lose theirs first), 50,000 events and
    128 MiB in each direction of its record, and with `control` 5,000 abbreviated events and 32 MiB of their sound. A
    responder sees the latest 4,000 items, or 524,288 characters of them. The service: the records of the latest 100
    sessions; those of running ones share 512 MiB, those of finished ones 64 MiB, the oldest events going first, and 64
    KiB of the latest items each; 64 MiB of sound for all. After sessions have ended, free memory is given back to the
    system.

    Raises:
        UnprotectedHostError: for a host beyond loopback without an `api_key`.
        ConfigurationError: for an argument that cannot work.
    """

    def __init__(self, host: str = "127.0.0.1", port: int = 0, **options: Unpack[LocalServiceOptions]) -> None:
        check_names(options)
        if not 0 <= port <= 65535:
            raise ConfigurationError(f"port {port} does not exist: use 0 to 65535")
        self._host = host
        self._port = port
        api_key = checked_key(options.get("api_key"))
        if not api_key and not is_loopback(host):
            raise UnprotectedHostError(host)
        self._engines = options.get("engines")
        self._faults = FaultSchedule(options.get("faults", ()), seed=options.get("fault_seed", 0))
        self._ssl = checked_context(options.get("ssl"))
        self._sessions = SessionHost(options, self._faults, control=bool(options.get("control")))
        relay = self._sessions.relay
        if relay is not None and relay.leads_to(host, port):
            raise ConfigurationError(f"the upstream service at port {port} is this relay itself: give another address")
        self._router = Router(
            self._faults,
            Admission(
                host,
                hosts=options.get("allow_hosts", ()),
                origins=options.get("allow_origins", ()),
                encrypted=self._ssl is not None,
            ),
            api_key=api_key,
            control=self._sessions.control is not None,
            on_loopback=is_loopback(host),
            agents_take_keys="agent_api_key" in self._sessions.quirks or relay is not None,
            upstream=relay.endpoint.authority if relay is not None else None,
        )
        self._server: Server | None = None
        self._loaded: Engines | None = None
        self._arrivals = Arrivals()
        self._opening = Pacer(_OPENING_S)

    @_class_or_service_method
    def in_thread(
        cls,  # noqa: N805 - a class method to type checkers and readers alike
        host: str = "127.0.0.1",
        port: int = 0,
        **options: Unpack[LocalServiceOptions],
    ) -> ThreadedLocalService:
        """Return a service that runs its event loop in a thread of its own; takes the arguments of the class.

        Called on a service, it takes none, and that service runs in the thread.
        """
        service = cls(host, port, **options)
        return service._run_in_thread()

    def _run_in_thread(self, *arguments: object, **options: object) -> ThreadedLocalService:
        if arguments or options:
            given = ", ".join([f"{len(arguments)} by position"] * bool(arguments) + list(options))
            raise TypeError(f"in_thread() of a service takes no arguments ({given}): give them to LocalService()")
        return ThreadedLocalService(self, self._sessions.changes)

    @property
    def port(self) -> int:
        """The port that the service listens on.

        Raises:
            LocalServiceError: if the service is not running.
        """
        if self._server is None:
            raise LocalServiceError("the local service is not running: call start() first")
        return int(next(iter(self._server.sockets)).getsockname()[1])

    @property
    def endpoint(self) -> str:
        """The address to give to ``connect()``, such as ``http://127.0.0.1:40123``.

        Raises:
            LocalServiceError: if the service is not running.
        """
        host = {"0.0.0.0": "127.0.0.1", "::": "::1", "": "127.0.0.1"}.get(self._host, self._host)
        if ":" in host:
            host = f"[{host}]"
        return f"{'http' if self._ssl is None else 'https'}://{host}:{self.port}"

    @property
    def sessions(self) -> Sequence[SessionRecord]:
        """The sessions that there were and are, oldest first, at most 100."""
        return self._sessions.journals

    @property
    def faults(self) -> Faults:
        """What is to go wrong: add and clear faults at any time, from any thread."""
        return self._faults

    async def start(self) -> Self:
        """Load the engines, then begin to listen.

        Raises:
            PortInUseError: if the port is taken.
            LocalServiceError: if the service runs already, or cannot listen on this host and port.
        """
        if self._server is not None:
            raise LocalServiceError("the local service is running already")
        engines = self._engines or Engines.basic() if self._sessions.answers_itself else None
        if engines is not None:
            await asyncio.to_thread(engines.prepare)
        try:
            server = await serve(
                self._serve_connection,
                self._host or None,
                self._port,
                process_request=self._answer,
                subprotocols=[_SUBPROTOCOL],
                select_subprotocol=_select_subprotocol,
                ssl=self._ssl,
                compression=None,
                max_size=MAX_MESSAGE_BYTES,
                open_timeout=_HANDSHAKE_S if self._sessions.relay is None else RELAYED_HANDSHAKE_S,
                ping_timeout=_PONG_S,
                close_timeout=_CLOSE_S,
                logger=_wire_logger,
                server_header=None,
                create_connection=self._arrivals.make,  # type: ignore[arg-type]
            )
        except OSError as error:
            if error.errno == errno.EADDRINUSE:
                raise PortInUseError(self._host, self._port) from error
            raise LocalServiceError(
                f"cannot listen on {self._host}, port {self._port}: {error.strerror or error}"
            ) from error
        self._server = server
        self._sessions.start(engines)
        self._loaded = engines
        return self

    async def stop(self) -> None:
        """Close every session with 1001 once its last events are out, and stop listening. Idempotent."""
        server, self._server = self._server, None
        engines, self._loaded = self._loaded, None
        if server is None:
            return
        await stop_accepting(server)
        self._sessions.end_sessions(1001, "the local service is stopping")
        server.close(close_connections=False)
        # A browser holds connections in reserve; whoever has not asked for anything is not waited for.
        self._arrivals.cut(silent=True)
        if self._sessions.control is not None:
            await self._sessions.control.close()
        try:
            await asyncio.wait_for(server.wait_closed(), _STOP_S)
        except TimeoutError:
            self._arrivals.cut()
            await server.wait_closed()
        await self._sessions.stop()
        if engines is not None and self._engines is None:
            engines.close()

    async def __aenter__(self) -> Self:
        return await self.start()

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        await self.stop()

    def __repr__(self) -> str:
        state = f"at {self.endpoint}" if self._server is not None else "stopped"
        return f"<LocalService {state}>"

    async def _answer(self, connection: ServerConnection, request: Request) -> Response | None:
        # A thousand at once would keep the event loop from everything else for seconds.
        await self._opening.turn()
        response = self._router.answer(connection, request)
        if response is not None or self._router.leads_to_control(request) or not _asks_for_websocket(request):
            return response  # the library refuses what asks for no WebSocket
        try:
            await self._sessions.admit(connection, self._router.handshake(request))
        except HandshakeRefusedError as refused:
            return refused_response(refused)
        return None

    async def _serve_connection(self, connection: ServerConnection) -> None:
        assert connection.request is not None
        control = self._sessions.control
        if control is not None and self._router.leads_to_control(connection.request):
            await control.serve(connection)
        else:
            await self._sessions.serve(connection, self._router.handshake(connection.request))


def _asks_for_websocket(request: Request) -> bool:
    return any("websocket" in value.lower() for value in request.headers.get_all("Upgrade"))


def _select_subprotocol(connection: ServerConnection, offered: Sequence[Subprotocol]) -> Subprotocol | None:
    # The service is used with and without a subprotocol.
    return _SUBPROTOCOL if _SUBPROTOCOL in offered else None


@public_in("voicelive.local")
def start_in_thread(
    host: str = "127.0.0.1", port: int = 0, **options: Unpack[LocalServiceOptions]
) -> ThreadedLocalService:
    """Start a :class:`LocalService` in a thread and return it; call ``stop()`` on it when done.

    Takes the arguments of :class:`LocalService` and raises what it and :meth:`LocalService.start` raise.
    """
    return LocalService.in_thread(host, port, **options).start()
