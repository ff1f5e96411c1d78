"""What is tried: every flow with every client in every dialect, and where one does not fit, why."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import dataclass

from .clients import AZURE_JS, AZURE_PYTHON, CLIENTS, OPENAI
from .dialects import DIALECTS, Dialect
from .flows import FLOWS
from .peer import Client, Setup, soon
from .stage import Flow, Stage

__all__ = ["CELLS", "Cell", "Reason"]


@dataclass(frozen=True)
class Reason:
    """Why a client cannot go through a flow."""

    text: str
    proof: Callable[[Stage], Awaitable[None]]
    """Shows that it is so."""


@dataclass(frozen=True)
class Cell:
    """A flow, a dialect and a client."""

    flow: Flow
    dialect: Dialect
    client: Client
    reason: Reason | None
    """None where the client must get through."""

    @property
    def name(self) -> str:
        """Its name in tests."""
        return "/".join((self.flow.name, self.dialect.name, self.client.name)).replace(" ", "-")


async def opening_is_not_read(stage: Stage) -> None:
    """The service sends `conversation.created`; the user does not get it, or not as an event of its own type."""
    async with stage.service() as service, stage.client.open(service.endpoint, stage.dialect) as peer:
        events = [await soon(peer.next())]
        if stage.client.told_of_unknown is not None:
            events.append(await soon(peer.next()))
        sent = service.sessions[0].sent_types()

    assert sent == stage.order("connected")
    assert [event.type for event in events if event.typed] == ["session.created"]


async def settings_are_not_read(stage: Stage) -> None:
    """What the client sets of turn detection changes nothing, and is confirmed as it was."""
    async with stage.service() as service, stage.connected(service) as peer:
        await peer.configure(Setup(silence_ms=321))
        while (await soon(peer.next())).type != "session.updated":
            pass
        sent = service.sessions[0].sent
        before, after = (event.to_dict()["session"] for event in sent if event.type.startswith("session."))

    # Both forms have instructions in the same place.
    assert {**before, "instructions": after["instructions"]} == after


async def answers_are_not_read(stage: Stage) -> None:
    """The service sends an answer piece by piece; no piece reaches the user as an event of its own type."""
    async with stage.service() as service, stage.connected(service) as peer:
        await peer.say("hello")
        await peer.ask()
        events = [await soon(peer.next())]
        while events[-1].type != "response.done":
            events.append(await soon(peer.next()))
        sent = service.sessions[0].sent_types()

    assert any(name.endswith(".delta") for name in sent)
    assert [event.type for event in events if event.typed and event.type.endswith(".delta")] == []


async def marks_are_not_read(stage: Stage) -> None:
    """The service sends timestamps and visemes; none reaches the user as an event of its own type."""
    marks = {"response.audio_timestamp.delta", "response.animation_viseme.delta"}
    async with stage.service() as service, stage.connected(service) as peer:
        await stage.configured(peer, Setup(marks=True))
        await peer.say("hello")
        await peer.ask()
        events = [await soon(peer.next())]
        while events[-1].type != "response.done":
            events.append(await soon(peer.next()))
        sent = service.sessions[0].sent_types()

    assert marks.issubset(sent)
    assert marks.isdisjoint(event.type for event in events if event.typed)


OPENING = Reason("`conversation.created` is not among its events", opening_is_not_read)
FLAT = Reason("it writes settings flat, which this version ignores", settings_are_not_read)
NESTED = Reason("it writes settings nested, which these versions ignore", settings_are_not_read)
DATED_NAMES = Reason("it does not know the names of the answer's events in this version", answers_are_not_read)
MARKS = Reason("timestamps and visemes are not among its events", marks_are_not_read)
GA_NAMES = Reason("it does not know the names of the answer's events in these versions", answers_are_not_read)

_ANSWERS = (
    "text turn",
    "audio turn",
    "manual turn",
    "barge-in",
    "cancel",
    "function call",
    "parallel function calls",
    "MCP call with approval",
    "typed text",
    "greeting",
    "interim response",
    "word timestamps and visemes",
    "history",
    "truncation",
    "transcription failure",
)


def _reason(flow: Flow, dialect: Dialect, client: Client) -> Reason | None:
    if client in (AZURE_PYTHON, AZURE_JS) and dialect.nested:
        by_flow = {"connect": OPENING, "configure": FLAT, "error": FLAT, **dict.fromkeys(_ANSWERS, DATED_NAMES)}
        return by_flow.get(flow.name)
    if client is OPENAI and not dialect.nested:
        return {"configure": NESTED, "error": NESTED, **dict.fromkeys(_ANSWERS, GA_NAMES)}.get(flow.name)
    if client is OPENAI and flow.name == "word timestamps and visemes":
        return MARKS
    return None


CELLS = tuple(
    Cell(flow, dialect, client, _reason(flow, dialect, client))
    for flow in FLOWS
    for dialect in DIALECTS
    for client in CLIENTS
)
