"""Serves the sessions of a local service, and remembers them."""

from __future__ import annotations

import asyncio
import logging
from collections import deque
from collections.abc import Sequence
from dataclasses import dataclass

from websockets.asyncio.server import ServerConnection

from .._core.unpublished_models import unpublished_model_message
from ..errors import ConfigurationError
from .control.endpoint import Control
from .dialects import Dialect, DialectName, dialect_for
from .engines.bundle import Engines
from .faults.kinds import ModelNotFound
from .faults.schedule import FaultSchedule, Opportunities
from .handshake import Handshake, HandshakeRefusedError
from .memory import MemoryKeeper
from .notifier import Notifier
from .options import LocalServiceOptions
from .outbound import AddressRule, McpAccess
from .pacing import resolve_pacing
from .quirks import check_quirks
from .recordings import Recordings
from .records import SessionJournal, share_memory
from .relay.relay import Relay
from .relay.session import RelayedSession
from .replay import ReplayedSession
from .session import error_details as errors
from .session.error_details import ErrorDetails
from .session.session import Session, SessionOptions
from .session_socket import SessionSocket
from .workers import Workers

__all__ = ["REMEMBERED_SESSIONS", "SessionHost"]

logger = logging.getLogger("voicelive.local")

REMEMBERED_SESSIONS = 100
"""How many sessions :attr:`SessionHost.journals` goes back."""

_SHARING_S = 0.05  # records are shrunk this long after sessions have begun or ended
_PROFILES = (
    "byom-azure-openai-realtime",
    "byom-azure-openai-chat-completion",
    "byom-foundry-anthropic-messages",
)


@dataclass(frozen=True)
class _Means:
    """What sessions need to run: there from start to stop."""

    engines: Engines | None
    """None where another service answers."""
    workers: Workers
    memory: MemoryKeeper


class SessionHost:
    """Serves sessions while it runs; what they leave may be looked at at any time.

    Raises:
        ConfigurationError: for an argument that cannot work.
    """

    def __init__(self, options: LocalServiceOptions, faults: FaultSchedule, control: bool) -> None:
        self.changes = Notifier()
        """Notified of every event of any session, and of every session's end."""
        self._dialect: DialectName = options.get("dialect", "auto")
        try:
            self.quirks = check_quirks(options.get("quirks", ()))
            self._pacing = resolve_pacing(options.get("pacing", "fast"))
            dialect_for("", self._dialect)
        except ValueError as error:
            raise ConfigurationError(str(error)) from None
        self.control = Control(lambda: self.journals, faults) if control else None
        upstream = options.get("upstream")
        self.relay = Relay(upstream) if upstream is not None else None
        """What passes sessions on to another service; None where they are answered here."""
        self._replay = options.get("replay")
        if self._replay is not None and upstream is not None:
            raise ConfigurationError("a service replays recordings or passes sessions on: give replay or upstream")
        self._models = options.get("models")
        self._require_session_update = options.get("require_session_update", False)
        self._lifetime_s = options.get("session_lifetime_s")
        self._worker_threads = options.get("worker_threads")
        self._mcp_access = McpAccess(
            AddressRule(options.get("allow_mcp", ())),
            frozenset(name.strip().lower() for name in options.get("allow_mcp_headers", ())),
        )
        self._faults = faults
        record = options.get("record")
        self._recordings = Recordings(record, options.get("api_key")) if record is not None else None
        self._count = 0
        self._means: _Means | None = None
        self._left: _Means | None = None
        self._running: dict[Session | RelayedSession | ReplayedSession, SessionJournal] = {}
        self._sharing: asyncio.TimerHandle | None = None
        self._journals: deque[SessionJournal] = deque(maxlen=REMEMBERED_SESSIONS)

    @property
    def journals(self) -> Sequence[SessionJournal]:
        """What is remembered of the latest sessions, oldest first."""
        return list(self._journals)

    def start(self, engines: Engines | None) -> None:
        """Be ready for sessions."""
        workers = Workers(self._worker_threads)
        self._means = _Means(engines, workers, MemoryKeeper(workers))

    def end_sessions(self, code: int, reason: str) -> None:
        """Serve no more sessions, and close those that run once their last events are out."""
        self._means, self._left = None, self._means
        for session in list(self._running):
            session.end(code, reason)

    async def stop(self) -> None:
        """Let go of what sessions need, after the last has ended."""
        means, self._left = self._left, None
        if self._sharing is not None:
            self._sharing.cancel()
            self._share_memory()
        if means is not None:
            means.memory.stop()
            # Engines cannot be interrupted: this takes as long as the step that each may be in.
            await asyncio.to_thread(means.workers.close)
        if self._recordings is not None:
            await asyncio.to_thread(self._recordings.close)

    async def admit(self, connection: ServerConnection, handshake: Handshake) -> None:
        """Open what the session of a connection needs elsewhere, before its handshake is answered.

        Raises:
            HandshakeRefusedError: if it cannot be had.
        """
        if self.relay is None:
            return
        try:
            await self.relay.admit(connection, handshake)
        except HandshakeRefusedError as refused:
            journal = self._new_journal(handshake)
            journal.close(None, str(refused))
            self._remember(journal)
            raise

    async def serve(self, connection: ServerConnection, handshake: Handshake) -> None:
        """Serve the session of one connection until it ends."""
        means = self._means
        if means is None:
            return  # The service stopped while this handshake was under way.
        journal = self._new_journal(handshake)
        self._count += 1
        opportunities = Opportunities(self._faults, self._count, journal.id)
        recorder = None if self._recordings is None else self._recordings.begin(handshake, self._host_of_answers)
        channel = SessionSocket(connection, journal, self._faults, opportunities, recorder)
        session: Session | RelayedSession | ReplayedSession
        if self.relay is not None:
            session = RelayedSession(
                connection,
                channel,
                journal,
                self.relay.take(connection),
                workers=means.workers,
                faults=opportunities,
                max_seconds=self.relay.upstream.max_seconds,
                announce=lambda: self._remember(journal),
            )
        elif self._replay is not None:
            self._remember(journal)
            session = ReplayedSession(channel, journal, self._replay)
        else:
            self._remember(journal)
            session = self._own_session(means, channel, journal, handshake, opportunities)
        self._running[session] = journal
        try:
            await channel.start(session.expire)
            await session.run(self._refused(handshake, opportunities))
        except Exception:
            # The last line: the other sessions must go on, and this one's client be told by the close code.
            logger.exception("session %s failed", journal.id)
            await connection.close(1011, "the local service failed")
        finally:
            del self._running[session]
            channel.stop()
            await connection.close()
            code, reason = _end_of(connection)
            # A client that was cut off was told nothing, but the reason is known.
            journal.close(code, reason or (session.why if isinstance(session, RelayedSession) else ""))
            if recorder is not None and self._recordings is not None:
                self._recordings.end(recorder, code, reason)
            self._share_memory_soon()
            means.memory.session_ended()
            if self.control is not None:
                self.control.changed()

    @property
    def answers_itself(self) -> bool:
        """Whether sessions are answered by the engines here."""
        return self.relay is None and self._replay is None

    @property
    def _host_of_answers(self) -> str | None:
        return None if self.relay is None else self.relay.endpoint.authority

    def _own_session(
        self,
        means: _Means,
        channel: SessionSocket,
        journal: SessionJournal,
        handshake: Handshake,
        faults: Opportunities,
    ) -> Session:
        assert means.engines is not None
        options = SessionOptions(
            engines=means.engines,
            workers=means.workers,
            pacing=self._pacing,
            require_session_update=self._require_session_update,
            lifetime_s=self._lifetime_s,
            quirks=self.quirks,
            mcp_access=self._mcp_access,
        )
        return Session(channel, journal, self._dialect_of(handshake), options, agent=handshake.agent, faults=faults)

    def _dialect_of(self, handshake: Handshake) -> Dialect:
        return dialect_for(
            handshake.model,
            self._dialect,
            handshake.contract_version,
            newest="newest_session" in self.quirks,
        )

    def _new_journal(self, handshake: Handshake) -> SessionJournal:
        return SessionJournal(
            id=self._dialect_of(handshake).model_id("sess"),
            model=handshake.model,
            query=handshake.query,
            api_version=handshake.contract_version,
            headers=handshake.headers,
            credential=handshake.credential,
            changes=self.changes,
            shown=None if self.control is None else self.control.timeline(),
        )

    def _remember(self, journal: SessionJournal) -> None:
        self._journals.append(journal)
        self._share_memory_soon()
        if self.control is not None:
            self.control.changed()

    def _share_memory_soon(self) -> None:
        if self._sharing is None:
            self._sharing = asyncio.get_running_loop().call_later(_SHARING_S, self._share_memory)

    def _share_memory(self) -> None:
        self._sharing = None
        # The latest, and those that run although a hundred came after them.
        remembered = {journal.id: journal for journal in (*self._journals, *self._running.values())}
        share_memory(remembered.values())

    def _refused(self, handshake: Handshake, faults: Opportunities) -> ErrorDetails | None:
        if faults.take_first(ModelNotFound) is not None:
            return errors.unsupported_model(handshake.model)
        if not self.answers_itself:
            return None  # whether there is such a model is for the upstream service, or the recording, to say
        if unpublished_model_message(handshake.model) is not None and handshake.profile is None:
            return errors.unpublished_model(handshake.model)
        if handshake.profile is not None and handshake.profile not in _PROFILES:
            return errors.unsupported_profile(handshake.profile)
        if self._models is not None and handshake.model and handshake.model not in self._models:
            if handshake.profile is None:
                return errors.unsupported_model(handshake.model)
            if handshake.profile == _PROFILES[0]:
                return errors.unreachable_deployment(handshake.model)
            # Observed: the other deployments of the customer are not looked at before they are used.
        return None


def _end_of(connection: ServerConnection) -> tuple[int | None, str]:
    """Return code and reason of the side that closed: some clients answer a close with a code of their own."""
    sent, received = connection.protocol.close_sent, connection.protocol.close_rcvd
    if sent is not None and received is not None and not connection.protocol.close_rcvd_then_sent:
        return sent.code, sent.reason
    return connection.close_code, connection.close_reason or ""
