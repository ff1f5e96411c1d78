"""What is exported of one call: spans of what has ended, with their own times, log events, measurements.

A span is made when what it shows has ended, and ended at once, so none can stay open, whatever becomes of the call.
"""

from __future__ import annotations

import json
import time
from collections.abc import Mapping
from typing import Any

from opentelemetry._logs import Logger, LogRecord, SeverityNumber
from opentelemetry.context import Context
from opentelemetry.trace import SpanKind, StatusCode, Tracer

from .._core.closing import NORMAL, CloseInfo
from .._core.watching.facts import (
    About,
    CallEnded,
    Fact,
    Interrupted,
    ResponseEnded,
    SessionBegan,
    ToolEnded,
    TurnEnded,
)
from .instruments import Instruments
from .names import NAMESPACE, PROVIDER, SYSTEM, Conventions, Names

__all__ = ["CallExport"]

_FAILED = {"failed", "lost"}
_NS = 1_000_000_000


class CallExport:
    """Exports one call. Everything is called in one thread."""

    def __init__(
        self,
        about: About,
        *,
        conventions: Conventions,
        names: Names,
        context: Context,
        tracer: Tracer,
        logger: Logger,
        instruments: Instruments,
    ) -> None:
        """Prepare.

        Args:
            about: which call it is.
            conventions: whose names they are.
            names: the names.
            context: that of whoever opened the connection: the parent of all spans.
            tracer: makes the spans.
            logger: takes the log events.
            instruments: take the measurements.
        """
        self._about = about
        self._is_azure = conventions == "azure"
        self._names = names
        self._context = context
        self._tracer = tracer
        self._logger = logger
        self._instruments = instruments
        # The clock of the facts is not that of the exports.
        self._offset = time.time_ns() - time.monotonic_ns()
        self._began = time.monotonic()
        self._common = self._named(
            provider=PROVIDER, system=SYSTEM, request_model=about.model, address=about.host, port=about.port
        )

        self._common_of = {
            operation: {**self._common, **self._named(operation=names[operation])}
            for operation in ("operation.response", "operation.tool", "operation.call")
        }

    def take(self, fact: Fact) -> None:
        """Export a fact."""
        match fact:
            case ResponseEnded():
                self._response(fact)
            case ToolEnded():
                self._tool(fact)
            case TurnEnded(turn=turn):
                attributes = self._measured("operation.response")
                self._instruments.count("metric.turns", 1, attributes)
                self._instruments.time("metric.first_audio", _s(turn.first_audio_ms), attributes, self._context)
                self._instruments.time("metric.voice_to_voice", _s(turn.voice_to_voice_ms), attributes, self._context)
            case Interrupted():
                self._instruments.count("metric.interruptions", 1, self._measured("operation.response"))
            case SessionBegan():
                self._session(fact)
            case CallEnded():
                self._end(fact)

    def _response(self, fact: ResponseEnded) -> None:
        names, tokens = self._names, fact.tokens
        error = (fact.reason or fact.status) if fact.status in _FAILED else None
        first = [moment for moment in (fact.first_text, fact.first_audio) if moment is not None]
        first_s = min(first) - fact.began if first else None
        attributes = self._named(
            **self._ids(fact.session_id),
            namespace=NAMESPACE,
            event_type="response.done",
            response=fact.response_id,
            response_model=fact.model,
            conversation=fact.conversation_id or self._about.conversation_id,
            finish=json.dumps([fact.status]) if self._is_azure else [fact.finish],
            status=fact.status,
            reason=fact.reason,
            temperature=str(fact.temperature) if self._is_azure and fact.temperature is not None else fact.temperature,
            max_tokens=fact.max_tokens,
            output_type=None if fact.speaks is None else "speech" if fact.speaks else "text",
            first_chunk_s=first_s,
            first_chunk_ms=None if first_s is None else round(first_s * 1000, 2),
            first_audio_s=None if fact.first_audio is None else fact.first_audio - fact.began,
            input_tokens=tokens.input,
            output_tokens=tokens.output,
            # Of the parts, those that there are.
            cached_tokens=tokens.cached or None,
            input_text_tokens=tokens.input_text or None,
            input_audio_tokens=tokens.input_audio or None,
            output_text_tokens=tokens.output_text or None,
            output_audio_tokens=tokens.output_audio or None,
            instructions=_instructions(fact.instructions, is_azure=self._is_azure),
            error=error,
        )
        name = names["span.response"] or ""
        if not self._is_azure and self._about.model:
            name = f"{name} {self._about.model}"
        content = {"input": list(fact.input), "output": list(fact.output)}
        self._span(name, SpanKind.CLIENT, "operation.response", (fact.began, fact.ended), attributes, error, content)
        measured = self._measured("operation.response", error)
        self._instruments.time("metric.duration", fact.ended - fact.began, measured, self._context)
        self._instruments.time("metric.first_chunk", first_s, measured, self._context)
        self._instruments.tokens(tokens, measured, self._context)

    def _tool(self, fact: ToolEnded) -> None:
        error = None if fact.outcome in ("completed", "cancelled") else fact.outcome
        attributes = self._named(
            **self._ids(fact.session_id),
            namespace=NAMESPACE,
            response=fact.response_id,
            tool=fact.name or None,
            remote_tool=fact.name if fact.is_remote else None,
            tool_type="extension" if fact.is_remote else "function",
            tool_call=fact.call_id or None,
            tool_outcome=fact.outcome,
            tool_arguments=fact.arguments,
            tool_result=fact.output,
            error=error,
        )
        name = f"{self._names['span.tool']} {fact.name}".strip()
        self._span(name, SpanKind.INTERNAL, "operation.tool", (fact.began, fact.ended), attributes, error)
        measured = self._measured("operation.tool", error)
        if fact.name:
            measured = {**measured, **self._named(tool=fact.name)}
        self._instruments.time("metric.tool", fact.ended - fact.began, measured, self._context)

    def _session(self, fact: SessionBegan) -> None:
        more: dict[str, Any] = {}
        if not fact.is_first:
            more = self._named(previous_session=fact.previous_id, planned=fact.is_planned)
            self._instruments.count("metric.reconnects", 1, self._measured("operation.response"))
        self._event("event.began", fact.at, {**self._named(**self._ids(fact.session_id)), **more})

    def _end(self, fact: CallEnded) -> None:
        error = _error_of(fact.info)
        attributes = self._named(
            **self._ids(fact.session_id),
            close_code=fact.info.code,
            close_by=fact.info.initiator,
            turn_count=fact.turns,
            interruption_count=fact.interruptions,
            reconnect_count=fact.reconnects,
            audio_sent=fact.audio_sent,
            audio_received=fact.audio_received,
            input=_json(list(fact.input)),
            error=error,
        )
        self._event("event.ended", fact.at, attributes)
        if (name := self._names["span.call"]) is not None:
            more = self._named(
                namespace=NAMESPACE,
                first_chunk_ms=None if fact.first_token_ms is None else round(fact.first_token_ms, 2),
                input_tokens=fact.tokens.input,
                output_tokens=fact.tokens.output,
            )
            times = (self._began, fact.at)
            self._span(name, SpanKind.CLIENT, "operation.call", times, {**attributes, **more}, error)
        measured = self._measured("operation.call", error)
        self._instruments.time("metric.call", fact.at - self._began, measured, self._context)

    def _span(
        self,
        name: str,
        kind: SpanKind,
        operation: str,
        times: tuple[float, float],
        attributes: Mapping[str, Any],
        error: str | None,
        content: Mapping[str, list[dict[str, Any]]] | None = None,
    ) -> None:
        began, ended = times
        # All at once: setting attributes one after the other costs more.
        known = {**self._common_of[operation], **attributes}
        span = self._tracer.start_span(
            name, context=self._context, kind=kind, attributes=known, start_time=self._ns(began)
        )
        for what, messages in (content or {}).items():
            key = self._names[what]
            if not messages or key is None:
                continue
            if (inner := self._names["event_content"]) is not None:
                span.add_event(key, {inner: json.dumps(messages)}, timestamp=self._ns(ended))
            else:
                span.set_attribute(key, json.dumps(messages))
        if error is not None:
            span.set_status(StatusCode.ERROR)
        span.end(self._ns(ended))

    def _event(self, what: str, at: float, attributes: Mapping[str, Any]) -> None:
        self._logger.emit(
            LogRecord(
                timestamp=self._ns(at),
                context=self._context,
                severity_number=SeverityNumber.INFO,
                event_name=self._names[what],
                attributes={**self._common, **attributes},
            )
        )

    def _ids(self, session_id: str | None) -> dict[str, Any]:
        return {"connection": self._about.connection_id, "session": session_id, "agent": self._about.agent}

    def _measured(self, operation: str, error: str | None = None) -> Mapping[str, Any]:
        # No ids: each would be a time series of its own.
        common = self._common_of[operation]
        return common if error is None else {**common, **self._named(error=error)}

    def _named(self, **values: Any) -> dict[str, Any]:
        """Return what is known under the names of the conventions."""
        named: dict[str, Any] = {}
        for what, value in values.items():
            name = self._names[what]
            if name is not None and value is not None:
                named[name] = value
        return named

    def _ns(self, moment: float) -> int:
        return int(moment * _NS) + self._offset


def _s(ms: float | None) -> float | None:
    return None if ms is None else ms / 1000


def _json(messages: list[dict[str, Any]]) -> str | None:
    return json.dumps(messages) if messages else None


def _instructions(text: str | None, *, is_azure: bool) -> str | None:
    return text if text is None or is_azure else json.dumps([{"type": "text", "content": text}])


def _error_of(info: CloseInfo) -> str | None:
    if info.cause is not None:
        return info.cause.replace(" ", "_")
    is_normal = info.code == NORMAL or info.initiator == "local"
    return None if is_normal else str(info.code)
