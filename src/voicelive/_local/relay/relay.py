"""Opening sessions at the upstream service: before the client's handshake is answered, so that the answer is true."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass

from websockets.asyncio.server import ServerConnection

from ..._transport.websocket import WebSocketTransport, open_transport
from ...errors import VoiceLiveError
from ..addresses import is_loopback
from ..handshake import Handshake, HandshakeRefusedError
from .refusals import refusal_of
from .upstream import Upstream, plan_session

__all__ = ["RELAYED_HANDSHAKE_S", "Link", "Relay"]

RELAYED_HANDSHAKE_S = 60.0
"""Seconds that a client's handshake may take, with the upstream service's in it."""

_WAIT_S = 5.0  # before a client that was refused for want of room tries again


@dataclass
class Link:
    """What a client's connection leads to."""

    transport: WebSocketTransport | None = None
    secrets: tuple[bytes, ...] = ()
    """What must not go to the client, should the upstream service repeat it."""
    ready_timeout: float | None = None
    stall_timeout: float | None = None
    refusal: HandshakeRefusedError | None = None
    """Why there is no session, where the client is yet to be told."""
    taken: bool = False
    """Whether a session has it, which ends it then."""


class Relay:
    """The connections of all clients to the upstream service."""

    def __init__(self, upstream: Upstream) -> None:
        self.upstream = upstream
        self.endpoint = plan_session(upstream, {"model": "any"}, {}).handshake.endpoint
        """Where the upstream service is."""
        self._links: dict[ServerConnection, Link] = {}
        self._watching: set[asyncio.Task[None]] = set()

    async def admit(self, connection: ServerConnection, handshake: Handshake) -> None:
        """Open a session for a client, before its own handshake is answered.

        Raises:
            HandshakeRefusedError: if there is none to be had. A web page cannot read an answer that refuses it a
                WebSocket, so it is let in to be told.
        """
        try:
            await self._open(connection, handshake)
        except HandshakeRefusedError as refused:
            if "origin" not in handshake.headers:
                raise
            self._watch(connection, Link(refusal=refused))

    def take(self, connection: ServerConnection) -> Link:
        """Return what was opened for a client, for its session to use and to end."""
        link = self._links.get(connection) or Link(refusal=HandshakeRefusedError(502, "The client was gone."))
        link.taken = True
        return link

    def leads_to(self, host: str, port: int) -> bool:
        """Return whether the upstream service is this machine's own at this port."""
        everywhere = host in ("", "0.0.0.0", "::")
        return port == self.endpoint.port and self.endpoint.is_loopback and (everywhere or is_loopback(host))

    async def _open(self, connection: ServerConnection, handshake: Handshake) -> None:
        most = self.upstream.max_sessions
        if len(self._links) >= most:
            raise HandshakeRefusedError(
                429,
                f"The relay has {most} sessions, as many as it may: try again later, or start it with "
                "--max-sessions NUMBER, or Upstream(max_sessions=…).",
                retry_after=_WAIT_S,
            )
        link = Link()
        self._watch(connection, link)  # it counts from now on
        try:
            plan = plan_session(self.upstream, handshake.query, handshake.headers)
            request = await plan.request()
            link.transport = await open_transport(request, plan.options)
        except VoiceLiveError as error:
            self._links.pop(connection, None)
            refused = refusal_of(error)
        else:
            given = {name.lower() for name, _ in plan.handshake.headers}
            own = [value for name, value in request.headers if name.lower() not in {*given, "user-agent"}]
            link.secrets = tuple(value.removeprefix("Bearer ").encode() for value in own)
            link.ready_timeout, link.stall_timeout = plan.options.ready_timeout, plan.options.stall_timeout
            return
        # Outside of the handler: what failed may hold the credential.
        raise refused

    def _watch(self, connection: ServerConnection, link: Link) -> None:
        """Keep a link for as long as its client's connection lasts, also if no session comes of it."""
        self._links[connection] = link
        task = asyncio.create_task(self._follow(connection))
        self._watching.add(task)
        task.add_done_callback(self._watching.discard)

    async def _follow(self, connection: ServerConnection) -> None:
        await connection.wait_closed()
        link = self._links.pop(connection, None)
        if link is not None and link.transport is not None and not link.taken:
            await link.transport.close(1001, "the client is gone")
