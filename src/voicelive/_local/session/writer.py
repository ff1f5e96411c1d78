"""The events of one response, in the order in which the service sends them."""

from __future__ import annotations

from typing import Any

from ..._base import encode_base64
from ..._generated import models
from ..engines.protocols import FileSearch, WebSearch, Word
from ..ids import new_call_id
from .context import Context, item_model
from .conversation import Entry
from .response_plan import ResponsePlan
from .usage import argument_pieces
from .visemes import Frames, Viseme

__all__ = ["ResponseWriter"]


_FILE_SEARCH = (
    models.ServerEventResponseFileSearchCallInProgress,
    models.ServerEventResponseFileSearchCallSearching,
    models.ServerEventResponseFileSearchCallCompleted,
)
_WEB_SEARCH = (
    models.ServerEventResponseWebSearchCallInProgress,
    models.ServerEventResponseWebSearchCallSearching,
    models.ServerEventResponseWebSearchCallCompleted,
)


class ResponseWriter:
    """Writes one response; knows what it has opened, so that it can be closed at any point.

    No method waits: what one call sends is never torn apart.
    """

    def __init__(self, context: Context, plan: ResponsePlan) -> None:
        self._context = context
        self._plan = plan
        self.id = context.dialect.model_id("resp")
        self.message: Entry | None = None
        """The assistant message, once it is open."""
        self.text = ""
        """The message's text so far."""
        self.arguments = ""
        """The arguments of all function calls so far."""
        self.calls = 0
        """How many tools have been called so far."""
        self.finished = False
        self._message_index = 0
        self._message_open = False
        self._output: list[Entry] = []

    @property
    def message_open(self) -> bool:
        """Whether a message has been opened and not closed yet."""
        return self._message_open

    @property
    def audio_ms(self) -> int:
        """Milliseconds of audio sent so far."""
        return self.message.audio_ms if self.message is not None else 0

    def created(self) -> None:
        """Send ``response.created``."""
        self._context.send(models.ServerEventResponseCreated(response=self._response("in_progress")))

    def open_message(self) -> None:
        """Announce the assistant message and its only content part."""
        dialect = self._context.dialect
        entry = Entry(
            {
                "id": dialect.model_id(dialect.assistant_prefix),
                "object": "realtime.item",
                "type": "message",
                "status": dialect.streaming_status,
                "role": "assistant",
                "content": [],
            },
            origin="response",
        )
        self._message_index = self._add_output(entry)
        self.message = entry
        self._message_open = True
        self._context.send(models.ServerEventResponseContentPartAdded(**self._place(), part=self._part("")))
        # Only now: the announcement shows the message still empty, as the service does.
        entry.payload["content"] = [self._part("")]

    def delta(self, piece: str) -> None:
        """Send the next piece of the message's text or transcript."""
        self.text += piece
        self._set_text()
        event = (
            models.ServerEventResponseAudioTranscriptDelta if self._plan.speaks else models.ServerEventResponseTextDelta
        )
        self._context.send(event(**self._place(), delta=piece))

    def audio(self, chunk: bytes) -> None:
        """Send the next piece of the message's sound, in the response's output format."""
        assert self.message is not None
        duration = self._plan.audio_format.ms(len(chunk))
        self._context.conversation.store_audio(self.message, chunk, duration)
        self._context.send(models.ServerEventResponseAudioDelta(**self._place(), delta=encode_base64(chunk)))

    def accompany(self, piece: Word | Viseme | Frames) -> None:
        """Send what goes with the next piece of sound: a word's place, a mouth shape, or expressions."""
        place, send = self._place(), self._context.send
        if isinstance(piece, Word):
            send(
                models.ServerEventResponseAudioTimestampDelta(
                    **place,
                    audio_offset_ms=piece.offset_ms,
                    audio_duration_ms=piece.duration_ms,
                    text=piece.text,
                    timestamp_type="word",
                )
            )
        elif isinstance(piece, Viseme):
            send(
                models.ServerEventResponseAnimationVisemeDelta(
                    **place, audio_offset_ms=piece.offset_ms, viseme_id=piece.viseme_id
                )
            )
        else:
            send(
                models.ServerEventResponseAnimationBlendshapeDelta(
                    **place, frames=piece.frames, frame_index=piece.first
                )
            )

    def close_message(self, status: str) -> None:
        """Send the ``done`` events of the open message; `status` is ``completed`` or ``incomplete``."""
        assert self.message is not None
        self._message_open = False
        send, place = self._context.send, self._place()
        if self._plan.speaks:
            send(models.ServerEventResponseAudioDone(**place))
            send(models.ServerEventResponseAudioTranscriptDone(**place, transcript=self.text))
            if self._plan.word_timestamps:
                send(models.ServerEventResponseAudioTimestampDone(**place))
            if "viseme_id" in self._plan.animation:
                send(models.ServerEventResponseAnimationVisemeDone(**place))
            if "blendshapes" in self._plan.animation:
                del place["content_index"]  # the contract has none in this one
                send(models.ServerEventResponseAnimationBlendshapeDone(**place))
                place = self._place()
        else:
            send(models.ServerEventResponseTextDone(**place, text=self.text))
        said = self.text if self._plan.speaks or self._context.dialect.keeps_text_of_parts else ""
        send(models.ServerEventResponseContentPartDone(**place, part=self._part(said)))
        self.message.payload["status"] = status
        self._done(self._message_index, self.message)

    def function_call(self, name: str, arguments: str) -> None:
        """Send the whole life of a function call, from its announcement to its last event."""
        call_id = new_call_id(self._context.dialect.call_id_length)
        entry = Entry(
            {
                "id": self._context.dialect.model_id("item"),
                "object": "realtime.item",
                "type": "function_call",
                "status": "in_progress",
                "name": name,
                "call_id": call_id,
                "arguments": "",
            },
            origin="response",
        )
        index = self._add_output(entry)
        place: dict[str, Any] = {
            "response_id": self.id,
            "item_id": entry.id,
            "output_index": index,
            "call_id": call_id,
        }
        send = self._context.send
        for piece in argument_pieces(arguments):
            send(models.ServerEventResponseFunctionCallArgumentsDelta(**place, delta=piece))
        self.arguments += arguments
        self.calls += 1
        entry.payload["arguments"] = arguments
        entry.payload["status"] = "completed"
        send(models.ServerEventResponseFunctionCallArgumentsDone(**place, name=name, arguments=arguments))
        self._done(index, entry)

    def mcp_call(self, server_label: str, name: str, arguments: str) -> tuple[Entry, int]:
        """Send a call of a server's tool up to its arguments; return its item and output index.

        What becomes of the call is reported after ``response.done``.
        """
        entry = Entry(
            {
                "id": self._context.dialect.model_id("item"),
                "object": "realtime.item",
                "type": "mcp_call",
                "approval_request_id": None,
                "arguments": "",
                "server_label": server_label,
                "name": name,
                "output": None,
                "error": None,
            },
            origin="response",
        )
        index = self._add_output(entry)
        place: dict[str, Any] = {"response_id": self.id, "item_id": entry.id, "output_index": index}
        for piece in argument_pieces(arguments):
            self._context.send(models.ServerEventResponseMcpCallArgumentsDelta(**place, delta=piece))
        self.arguments += arguments
        self.calls += 1
        entry.payload["arguments"] = arguments
        self._context.send(models.ServerEventResponseMcpCallArgumentsDone(**place, arguments=arguments))
        return entry, index

    def search(self, search: FileSearch | WebSearch) -> None:
        """Send the whole life of a search; what it found only where the session's ``include`` asks for it."""
        context, in_files = self._context, isinstance(search, FileSearch)
        entry = Entry(
            {
                "id": context.dialect.model_id("item"),
                "object": "realtime.item",
                "type": "file_search_call" if in_files else "web_search_call",
                "status": "in_progress",
            },
            origin="response",
        )
        index = self._add_output(entry)
        place: dict[str, Any] = {"response_id": self.id, "item_id": entry.id, "output_index": index}
        steps = _FILE_SEARCH if in_files else _WEB_SEARCH
        for number, step in enumerate(steps):
            context.send(step(**place, sequence_number=number))
        entry.payload["status"] = "completed"
        if isinstance(search, FileSearch):
            entry.payload["queries"] = list(search.queries)
            wanted = "file_search_call.results" in (context.session.get("include") or ())
            entry.payload["results"] = [dict(result) for result in search.results] if wanted else None
        self._done(index, entry)

    def finish(
        self,
        status: str,
        *,
        usage: dict[str, Any],
        details: dict[str, Any] | None = None,
    ) -> None:
        """Close what is open and send ``response.done``."""
        if self._message_open:
            self.close_message("completed" if status == "completed" else "incomplete")
        self.finished = True
        response = self._response(status)
        response["status_details"] = details
        response["usage"] = usage
        response["output"] = [item_model(entry.payload) for entry in self._output]
        self._context.send(models.ServerEventResponseDone(response=response))

    def _add_output(self, entry: Entry) -> int:
        index = len(self._output)
        self._output.append(entry)
        previous = self._context.conversation.add(entry)
        self._context.send(
            models.ServerEventResponseOutputItemAdded(
                response_id=self.id, output_index=index, item=item_model(entry.payload)
            )
        )
        self._context.announce(entry, previous)
        return index

    def _done(self, index: int, entry: Entry) -> None:
        self._context.send(
            models.ServerEventResponseOutputItemDone(
                response_id=self.id, output_index=index, item=item_model(entry.payload)
            )
        )

    def _place(self) -> dict[str, Any]:
        assert self.message is not None
        return {
            "response_id": self.id,
            "item_id": self.message.id,
            "output_index": self._message_index,
            "content_index": 0,
        }

    def _part(self, text: str) -> dict[str, Any]:
        if self._plan.speaks:
            return {"type": "audio", "transcript": text}
        return {"type": "text", "text": text}

    def _set_text(self) -> None:
        assert self.message is not None
        self.message.payload["content"] = [self._part(self.text)]

    def _response(self, status: str) -> dict[str, Any]:
        plan, dialect = self._plan, self._context.dialect
        echoes = dialect.echoes_response_settings
        return {
            "object": "realtime.response",
            "id": self.id,
            "status": status,
            "status_details": None,
            "output": [],
            "usage": None,
            "conversation_id": self._context.conversation_id,
            "modalities": list(plan.modalities),
            "voice": dict(plan.voice),
            "output_audio_format": plan.audio_format.name if echoes else None,
            "temperature": plan.temperature if dialect.has_temperature else None,
            "max_output_tokens": (plan.max_output_tokens or "inf") if echoes else None,
            "metadata": None if plan.metadata is None else dict(plan.metadata),
        }
