"""One connection: reads client events, hands each to the part that answers it, and ends cleanly."""

from __future__ import annotations

import asyncio
import json
import logging
import time
from collections.abc import AsyncIterable, Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import partial
from typing import TYPE_CHECKING, Any, Protocol

from ..._core.lenient import read_model
from ..._core.version_names import VOICE_AGENTS
from ..._generated import models
from ..dialects import Dialect
from ..faults.schedule import Opportunities, no_opportunities
from ..limits import weight_of
from ..outbound import McpAccess
from ..pacing import Pacing
from ..quirks import Quirk
from ..records import MAX_KEPT_ITEM_BYTES, SessionJournal
from . import error_details as errors
from .agent_wire import wire_for
from .avatar import Avatar
from .calls import Calls
from .context import Context, item_model
from .conversation import Conversation
from .defaults import initial_session
from .error_details import ErrorDetails, RefusedError
from .explicit_turns import MarkedTurns
from .input_audio import InputAudio
from .items import Items
from .mcp_servers import McpServers
from .message_reader import MessageReader, UnreadableMessageError
from .responses import Responses
from .sender import EventSender
from .sequencer import Sequencer
from .settings import Settings
from .turns import Turns
from .utterance import sounds_finished_in

if TYPE_CHECKING:
    from ..engines.bundle import Engines
    from ..workers import Workers

__all__ = ["MAX_CONFIGURATION_ATTEMPTS", "Channel", "Session", "SessionOptions"]

logger = logging.getLogger("voicelive.local")

MAX_CONFIGURATION_ATTEMPTS = 5
"""Failed attempts at the first ``session.update`` after which the service gives up."""

_FLUSH_S = 2.0
"""Seconds that the last events get to leave."""

Handler = Callable[[Any], Awaitable[None]]


class Channel(Protocol):
    """What a session needs of its WebSocket."""

    def messages(self) -> AsyncIterable[bytes | str]:
        """Yield what the client sends, other tasks having their turn in between; ends when the connection does."""
        ...

    async def send(self, event: models.ServerEvent, data: bytes) -> None:
        """Send one event, encoded as JSON text."""
        ...

    async def close(self, code: int, reason: str) -> None:
        """Close the connection."""
        ...


@dataclass(frozen=True)
class SessionOptions:
    """What the service decides for its sessions."""

    engines: Engines
    workers: Workers
    pacing: Pacing
    require_session_update: bool
    lifetime_s: float | None
    """Seconds until a session expires; None for the dialect's own."""
    quirks: frozenset[Quirk] = frozenset()
    mcp_access: McpAccess = field(default_factory=McpAccess)
    """Which MCP servers sessions may have."""


class Session:
    """The service's side of one connection."""

    def __init__(
        self,
        channel: Channel,
        journal: SessionJournal,
        dialect: Dialect,
        options: SessionOptions,
        agent: Mapping[str, Any] | None = None,
        faults: Opportunities | None = None,
    ) -> None:
        self._channel = channel
        self._journal = journal
        self._options = options
        self._lifetime_s = options.lifetime_s or dialect.lifetime_s
        wire = self._wire = wire_for(journal.api_version)
        self._sender = EventSender(channel.send, self._translated)
        self._reader = MessageReader(wire, options.workers)
        self._sequencer = Sequencer()
        self._configured = not options.require_session_update
        self._failed_attempts = 0
        self._greeted = False
        self._over = asyncio.Event()
        self._close_frame = 1000, ""
        context = self._context = self._make_context(dialect, agent, faults)
        journal.read_from(
            items=lambda: [item_model(wire.item(entry.payload)) for entry in list(context.conversation.entries)],
            settings=lambda: dict(context.session),
            heard=lambda: [entry.heard for entry in list(context.conversation.entries) if entry.heard is not None],
        )
        sounds_finished = partial(sounds_finished_in, context.session, options.engines.transcriber)
        self._audio = InputAudio(options.engines.vad, is_finished=sounds_finished, new_item_id=context.new_spoken_id)
        self._audio.configure(context.session)
        self._avatar = Avatar(context)
        self._mcp = McpServers(context)
        self._responses = Responses(context, self._avatar, self._mcp, lambda: self._turns.user_speaks())
        self._turns = Turns(context, self._audio, self._responses, self._sequencer)
        self._marked = MarkedTurns(self._audio, self._turns)
        settings = Settings(context, self._audio, self._mcp)
        self._calls = Calls(context, lambda: self._audio.format, self._turns.append, settings.update)
        self._immediate, self._ordered = self._handlers(settings)

    def _make_context(self, dialect: Dialect, agent: Mapping[str, Any] | None, faults: Opportunities | None) -> Context:
        initial = initial_session(
            session_id=self._journal.id,
            model=self._journal.model,
            dialect=dialect,
            expires_at=int(time.time() + self._lifetime_s),
            agent=agent,
        )
        return Context(
            session=dict(initial),
            initial=initial,
            model=self._journal.model,
            conversation_id=dialect.model_id("conv") if dialect.has_conversation_id else "",
            conversation=Conversation(dialect),
            dialect=dialect,
            pacing=self._options.pacing,
            engines=self._options.engines,
            workers=self._options.workers,
            send=self._sender.put,
            drained=self._sender.drained,
            faults=faults or no_opportunities(),
            mcp_access=self._options.mcp_access,
            quirks=self._options.quirks,
        )

    def _translated(self, event: models.ServerEvent) -> Sequence[models.ServerEvent]:
        """Say an event as the version does, but for the sound that goes out over a call."""
        return () if self._calls.carries(event) else self._wire.outbound(event)

    def _handlers(self, settings: Settings) -> tuple[dict[str, Handler], dict[str, Handler]]:
        """Return who answers at once, and who when the turns before have become items."""
        items = Items(self._context, self._turns, self._mcp)
        immediate: dict[str, Handler] = {
            "session.update": lambda event: self._update(settings, event),
            "transcription_session.update": settings.update_transcription,
            "session.avatar.connect": self._avatar.connect,
            "input_audio_buffer.append": self._turns.append,
            "input_audio_buffer.commit": self._commit,
            "input_audio_buffer.clear": self._clear_buffer,
            "input_audio.turn.start": self._marked.start,
            "input_audio.turn.append": self._marked.append,
            "input_audio.turn.end": self._marked.end,
            "input_audio.turn.cancel": self._marked.cancel,
            "input_audio.clear": self._clear_input,
            "input_text.delta": items.type_delta,
            "output_audio_buffer.clear": self._clear_output,
            "rtc.call.sdp.create": self._calls.create,
            "response.cancel": self._cancel_response,
        }
        ordered: dict[str, Handler] = {
            "conversation.item.create": items.create,
            "conversation.item.retrieve": items.retrieve,
            "conversation.item.delete": items.delete,
            "conversation.item.truncate": items.truncate,
            "input_text.done": items.type_done,
            "response.create": self._create_response,
        }
        return immediate, ordered

    async def run(self, refused: ErrorDetails | None = None) -> None:
        """Serve the connection until it ends, then leave nothing behind.

        Args:
            refused: why there is to be no session; the client is told, and the connection closed.
        """
        sender = asyncio.create_task(self._sender.run())
        others = {
            asyncio.create_task(work)
            for work in (
                self._read(refused),
                self._sequencer.run(),
                self._expire(),
                self._over.wait(),
            )
        }
        try:
            # The sender ends early only when the connection breaks under it.
            done, _ = await asyncio.wait({sender, *others}, return_when=asyncio.FIRST_COMPLETED)
            for task in done - {sender}:
                task.result()
        finally:
            for task in others:
                task.cancel()
            await asyncio.wait(others)
            self._turns.close()
            await self._calls.close()
            await self._responses.close()
            await self._mcp.close()
            self._sender.finish()
            _, late = await asyncio.wait({sender}, timeout=_FLUSH_S)
            if late:
                sender.cancel()
                await asyncio.wait({sender})
            if self._over.is_set():
                await self._channel.close(*self._close_frame)
            self._leave_record()

    def _leave_record(self) -> None:
        """Let the record keep a part of the conversation, and let go of the rest: records outlive their sessions."""
        entries = self._context.conversation.entries
        kept, heard, left = list[models.ResponseItem](), list[str](), MAX_KEPT_ITEM_BYTES
        for entry in reversed(entries):
            left -= weight_of(json.dumps(entry.payload))
            if left < 0:
                break
            kept.insert(0, item_model(self._wire.item(entry.payload)))
            if entry.heard is not None:
                heard.insert(0, entry.heard)
        settings = dict(self._context.session)
        if len(json.dumps(settings, default=str)) > MAX_KEPT_ITEM_BYTES:
            settings.update(instructions="", tools=[])
        self._journal.read_from(items=lambda: list(kept), settings=lambda: settings, heard=lambda: list(heard))
        self._context.conversation.clear()

    def end(self, code: int, reason: str) -> None:
        """Let :meth:`run` send what is on its way, close the connection and return."""
        if not self._over.is_set():
            self._close_frame = code, reason
            self._over.set()

    async def _read(self, refused: ErrorDetails | None) -> None:
        if refused is not None:
            self._send_error(refused, None)
            self.end(1008, refused.code or "")
            return
        session = read_model(models.ResponseSession, dict(self._context.session))
        conversation_id = self._context.conversation_id
        self._sender.put(models.ServerEventSessionCreated(session=session, conversation_id=conversation_id or None))
        conversation = {"id": conversation_id} if conversation_id else {}
        self._sender.put(
            models.ServerEventConversationCreated(conversation={**conversation, "object": "realtime.conversation"})
        )
        async for message in self._channel.messages():
            await self._receive(message)
            await self._sender.room()
            if self._over.is_set():
                return

    async def _expire(self) -> None:
        await asyncio.sleep(self._lifetime_s)
        self.expire()

    def expire(self) -> None:
        """Tell the client that the session's time is up, and end it."""
        self._send_error(errors.session_expired(self._lifetime_s), None)
        self.end(1001, "session_expired")

    async def _receive(self, message: bytes | str) -> None:
        try:
            event = await self._reader.read(message)
        except UnreadableMessageError as error:
            self._refuse(error.details, error.event_id)
            return
        weight = weight_of(message)
        self._journal.received_events.add(message, weight)
        if not self._configured and event.type != "session.update":
            self._refuse(errors.session_update_first(), event.event_id)
            return
        ordered = self._ordered.get(event.type)
        if ordered is None:
            handler = self._immediate.get(event.type)
            if handler is None:
                self._refuse(errors.unsupported_event(event.type), event.event_id)
                return
            await self._answer(handler, event)
            return
        if isinstance(event, models.ClientEventResponseCreate) and not self._prepare(event):
            return
        self._sequencer.add(lambda: self._answer(ordered, event), weight)
        await self._sequencer.room()

    async def _answer(self, handler: Handler, event: models.ClientEvent) -> None:
        try:
            await handler(event)
        except RefusedError as refusal:
            self._refuse(refusal.details, event.event_id)
        except Exception:
            # A fault of an engine or of this service must not look like the end of the connection.
            logger.exception("answering %s failed", event.type)
            self._refuse(errors.internal_error(f"answering {event.type}"), event.event_id)
        else:
            self._configured = True

    def _refuse(self, details: ErrorDetails, event_id: str | None) -> None:
        self._send_error(details, event_id)
        if self._configured:
            return
        self._failed_attempts += 1
        if self._failed_attempts >= MAX_CONFIGURATION_ATTEMPTS:
            given_up = errors.configuration_failed(self._failed_attempts)
            self._send_error(given_up, None)
            self.end(1008, given_up.code or "")

    def _send_error(self, details: ErrorDetails, event_id: str | None) -> None:
        self._sender.put(
            models.ServerEventError(
                error=models.ServerEventErrorDetails(
                    message=details.message,
                    type=details.type,
                    code=details.code,
                    param=details.param,
                    # The real service was only ever seen to send null here. An id that the client gave is sent back
                    # anyway: it says which of several events was refused.
                    event_id=None if "null_error_event_id" in self._options.quirks else event_id,
                )
            )
        )

    # --- events answered by more than one part -----------------------------------------------------------------------

    async def _update(self, settings: Settings, event: models.ClientEventSessionUpdate) -> None:
        await settings.update(event)
        greeting = self._context.session.get("greeting")
        if not greeting or self._greeted or self._journal.api_version != VOICE_AGENTS:
            return
        self._greeted = True
        self._sequencer.add(lambda: self._greet(greeting), 0)

    async def _greet(self, greeting: Mapping[str, Any]) -> None:
        """Speak first, as a voice agent does once it knows how."""
        params = {name: greeting[name] for name in ("tool_choice",) if name in greeting}
        if greeting["type"] == "template":
            content = [{"type": "text", "text": greeting["text"]}]
            params["pre_generated_assistant_message"] = {"type": "message", "role": "assistant", "content": content}
        else:
            params["instructions"] = greeting["prompt"]
        self._responses.create(params, None)

    async def _commit(self, event: models.ClientEventInputAudioBufferCommit) -> None:
        self._turns.commit()

    async def _clear_buffer(self, event: models.ClientEventInputAudioBufferClear) -> None:
        self._turns.clear()

    async def _clear_input(self, event: models.ClientEventInputAudioClear) -> None:
        self._marked.clear()
        self._turns.clear()

    async def _clear_output(self, event: models.ClientEventOutputAudioBufferClear) -> None:
        self._calls.clear()
        self._sender.put(models.ServerEventOutputAudioBufferCleared())

    async def _cancel_response(self, event: models.ClientEventResponseCancel) -> None:
        await self._responses.cancel("client_cancelled", event.response_id)

    def _prepare(self, event: models.ClientEventResponseCreate) -> bool:
        """Commit the buffer where ``response.create`` asks for it; return False if that was refused."""
        if event.response is None or not event.response.commit:
            return True
        try:
            self._turns.commit(answer=False)
        except RefusedError as refusal:
            self._refuse(refusal.details, event.event_id)
            return False
        return True

    async def _create_response(self, event: models.ClientEventResponseCreate) -> None:
        params = event.response.to_dict() if event.response is not None else {}
        if params.get("cancel_previous") and self._responses.active_id is not None:
            await self._responses.cancel("client_cancelled")
        # A client does not ask for what is said while its tools are at work, so it cannot know when that ends.
        await self._responses.interim_over()
        if self._context.in_agent_mode and "instructions" in params:
            raise RefusedError(errors.agent_instructions_overridden())
        self._responses.create(params, event.additional_instructions)
