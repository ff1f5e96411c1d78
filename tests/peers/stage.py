"""Where a flow is played: the service it needs, the client's connection, and how what comes is received."""

from __future__ import annotations

from collections.abc import AsyncGenerator, Awaitable, Callable, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, replace
from typing import Any

from voicelive.local import Engines, LocalService

from ..local.helpers import GatedSynthesizer, Scripted
from .dialects import Dialect
from .peer import KEY, Client, Peer, Seen, Setup, Tool, soon

__all__ = ["WEATHER", "Flow", "Stage", "joined", "only", "types"]

WEATHER = Tool(
    "get_weather",
    "Get the current weather of a place",
    {"type": "object", "properties": {"location": {"type": "string"}}, "required": ["location"]},
)


@dataclass(frozen=True)
class Stage:
    """A client and a dialect to drive it in."""

    client: Client
    dialect: Dialect

    @asynccontextmanager
    async def service(self, **engines: Any) -> AsyncGenerator[LocalService, None]:
        """Run a service that hears and speaks tones and repeats what it hears, unless `engines` say otherwise."""
        bundle = replace(Engines.basic(), **{"responder": Scripted(), **engines})
        async with LocalService(engines=bundle, api_key=KEY, allow_mcp=["127.0.0.1"]) as running:
            yield running

    @asynccontextmanager
    async def connected(self, service: LocalService) -> AsyncGenerator[Peer, None]:
        """Connect, and receive what comes unasked."""
        order = self.order("connected")
        if self.client.told_of_unknown is None and self.dialect.nested:
            order.remove("conversation.created")
        async with self.client.open(service.endpoint, self.dialect) as peer:
            assert [(await soon(peer.next())).type for _ in order] == order
            yield peer

    @asynccontextmanager
    async def speaking_until_released(self) -> AsyncGenerator[tuple[Peer, GatedSynthesizer], None]:
        """Connect to a service whose answers stop in the middle, after 1.5 s of sound."""
        mouth = GatedSynthesizer()
        async with self.service(synthesizer=mouth) as service:
            try:
                async with self.connected(service) as peer:
                    yield peer, mouth
            finally:
                mouth.release()  # or the service would wait for it to end

    def order(self, stretch: str) -> list[str]:
        """Return the types of events that the user must see."""
        return list(self.dialect.orders[stretch])

    async def receive(self, peer: Peer, stretch: str) -> list[Seen]:
        """Receive until the last event of a stretch has come as often as it should; all must be of their own type."""
        order = self.order(stretch)
        left = order.count(order[-1])
        events: list[Seen] = []
        while left:
            events.append(await soon(peer.next()))
            left -= events[-1].type == order[-1]
        assert [f"{event.type} as {event.form}" for event in events if not event.typed] == []
        return events

    async def configured(self, peer: Peer, setup: Setup) -> dict[str, Any]:
        """Change the session; return what the user reads in the confirmation."""
        await peer.configure(setup)
        event = await soon(peer.next())
        assert (event.type, event.typed) == ("session.updated", True), f"{event.type} as {event.form}"
        return peer.session(event)


def types(events: Sequence[Seen]) -> list[str]:
    """Return the types of events; a run of the same delta counts once."""
    result: list[str] = []
    for event in events:
        if not (event.type.endswith(".delta") and result[-1:] == [event.type]):
            result.append(event.type)
    return result


def joined(events: Sequence[Seen], ending: str) -> str:
    """Join the deltas of a kind of event."""
    return "".join(event.look("delta") for event in events if event.type.endswith(ending))


def only(events: Sequence[Seen], ending: str) -> Seen:
    """Return the one event of a kind."""
    (found,) = (event for event in events if event.type.endswith(ending))
    return found


@dataclass(frozen=True)
class Flow:
    """A flow and its place in the document."""

    name: str
    run: Callable[[Stage], Awaitable[None]]

    @property
    def shows(self) -> str:
        """What it shows."""
        return (self.run.__doc__ or "").strip()
