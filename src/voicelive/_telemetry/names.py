"""Every name that is exported, in one table: as the GenAI conventions have it, and as azure-ai-voicelive has it.

The conventions are at v0.1.0 of open-telemetry/semantic-conventions-genai, and for what is realtime at the proposal
there (#394); azure-ai-voicelive is at 1.3.1. What neither names has the prefix ``voicelive.``. No package has these
names as constants that last, so they are here; a change of the conventions is a change of this table.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Literal

__all__ = ["NAMES", "SCOPE", "TABLE", "UNITS", "Conventions", "Names"]

Conventions = Literal["genai", "azure"]
"""Whose names to use."""
Names = Mapping[str, str | None]
"""The name of each thing; None for what these conventions leave out."""

SCOPE = "voicelive"
"""The instrumentation scope of everything that is exported."""

TABLE: dict[str, tuple[str | None, str | None]] = {
    # Spans: the conventions' names are completed by the model or the tool.
    "span.response": ("realtime_inference", "recv response.done"),
    "span.tool": ("execute_tool", "execute_tool"),
    "span.call": (None, "connect"),
    # Their values of `gen_ai.operation.name`.
    "operation.response": ("realtime_inference", "recv"),
    "operation.tool": ("execute_tool", "execute_tool"),
    "operation.call": ("realtime_session", "connect"),
    # Events: log records, so that they can be told before the call is over.
    "event.began": ("gen_ai.client.live_session.started", "gen_ai.client.live_session.started"),
    "event.ended": ("gen_ai.client.live_session.ended", "gen_ai.client.live_session.ended"),
    # Attributes of everything.
    "operation": ("gen_ai.operation.name", "gen_ai.operation.name"),
    "provider": ("gen_ai.provider.name", "gen_ai.provider.name"),
    "system": (None, "gen_ai.system"),
    "namespace": (None, "az.namespace"),
    "request_model": ("gen_ai.request.model", "gen_ai.request.model"),
    "address": ("server.address", "server.address"),
    "port": ("server.port", "server.port"),
    "error": ("error.type", "error.type"),
    "connection": ("voicelive.connection.id", "voicelive.connection.id"),
    "session": ("gen_ai.live_session.id", "gen_ai.voice.session_id"),
    "agent": ("gen_ai.agent.name", "gen_ai.agent.name"),
    "conversation": ("gen_ai.conversation.id", "gen_ai.conversation.id"),
    # Of responses.
    "event_type": (None, "gen_ai.voice.event_type"),
    "response": ("gen_ai.response.id", "gen_ai.response.id"),
    "response_model": ("gen_ai.response.model", "gen_ai.response.model"),
    "finish": ("gen_ai.response.finish_reasons", "gen_ai.response.finish_reasons"),
    "status": ("voicelive.response.status", "voicelive.response.status"),
    "reason": ("voicelive.response.reason", "voicelive.response.reason"),
    "temperature": ("gen_ai.request.temperature", "gen_ai.request.temperature"),
    "max_tokens": ("gen_ai.request.max_tokens", "gen_ai.request.max_output_tokens"),
    "output_type": ("gen_ai.output.type", None),
    "first_chunk_s": ("gen_ai.response.time_to_first_chunk", None),
    "first_chunk_ms": (None, "gen_ai.voice.first_token_latency_ms"),
    "first_audio_s": ("voicelive.response.time_to_first_audio", "voicelive.response.time_to_first_audio"),
    "input_tokens": ("gen_ai.usage.input_tokens", "gen_ai.usage.input_tokens"),
    "output_tokens": ("gen_ai.usage.output_tokens", "gen_ai.usage.output_tokens"),
    "cached_tokens": ("gen_ai.usage.cache_read.input_tokens", None),
    "input_text_tokens": ("gen_ai.usage.text.input_tokens", None),
    "input_audio_tokens": ("gen_ai.usage.audio.input_tokens", None),
    "output_text_tokens": ("gen_ai.usage.text.output_tokens", None),
    "output_audio_tokens": ("gen_ai.usage.audio.output_tokens", None),
    # Of tools.
    "tool": ("gen_ai.tool.name", "gen_ai.tool.name"),
    "remote_tool": (None, "gen_ai.voice.mcp.tool_name"),
    "tool_type": ("gen_ai.tool.type", "gen_ai.tool.type"),
    "tool_call": ("gen_ai.tool.call.id", "gen_ai.voice.call_id"),
    "tool_outcome": ("voicelive.tool.outcome", "voicelive.tool.outcome"),
    # Of what was said: only where content is asked for.
    "instructions": ("gen_ai.system_instructions", "gen_ai.system_instructions"),
    "input": ("gen_ai.input.messages", "gen_ai.input.messages"),
    "output": ("gen_ai.output.messages", "gen_ai.output.messages"),
    "event_content": (None, "gen_ai.event.content"),
    "tool_arguments": ("gen_ai.tool.call.arguments", "gen_ai.tool.call.arguments"),
    "tool_result": ("gen_ai.tool.call.result", "gen_ai.tool.call.result"),
    # Of sessions and calls.
    "previous_session": ("voicelive.session.previous_id", "voicelive.session.previous_id"),
    "planned": ("voicelive.session.planned_move", "voicelive.session.planned_move"),
    "close_code": ("voicelive.close.code", "voicelive.close.code"),
    "close_by": ("voicelive.close.initiator", "voicelive.close.initiator"),
    "turn_count": ("voicelive.call.turns", "gen_ai.voice.turn_count"),
    "interruption_count": ("voicelive.call.interruptions", "gen_ai.voice.interruption_count"),
    "reconnect_count": ("voicelive.call.reconnects", "voicelive.call.reconnects"),
    "audio_sent": ("voicelive.call.audio_bytes_sent", "gen_ai.voice.audio_bytes_sent"),
    "audio_received": (None, "gen_ai.voice.audio_bytes_received"),
    # Of measurements.
    "token_type": (None, "gen_ai.token.type"),
    "modality": ("gen_ai.token.modality", None),
    # Metrics.
    "metric.duration": ("gen_ai.client.inference.duration", "gen_ai.client.operation.duration"),
    "metric.call": ("voicelive.call.duration", "gen_ai.client.operation.duration"),
    "metric.first_chunk": ("gen_ai.client.inference.time_to_first_chunk", None),
    "metric.tool": ("gen_ai.execute_tool.duration", "gen_ai.execute_tool.duration"),
    "metric.input_tokens": ("gen_ai.client.inference.usage.input_tokens", None),
    "metric.output_tokens": ("gen_ai.client.inference.usage.output_tokens", None),
    "metric.cached_tokens": ("gen_ai.client.inference.usage.cache_read.input_tokens", None),
    "metric.tokens": (None, "gen_ai.client.token.usage"),
    "metric.first_audio": ("voicelive.turn.first_audio", "voicelive.turn.first_audio"),
    "metric.voice_to_voice": ("voicelive.turn.voice_to_voice", "voicelive.turn.voice_to_voice"),
    "metric.turns": ("voicelive.turns", "voicelive.turns"),
    "metric.interruptions": ("voicelive.interruptions", "voicelive.interruptions"),
    "metric.reconnects": ("voicelive.reconnects", "voicelive.reconnects"),
}
"""Each thing's name by the GenAI conventions, and by azure-ai-voicelive."""

NAMES: dict[Conventions, Names] = {
    "genai": {what: genai for what, (genai, _) in TABLE.items()},
    "azure": {what: azure for what, (_, azure) in TABLE.items()},
}

UNITS = {
    "metric.duration": "s",
    "metric.call": "s",
    "metric.first_chunk": "s",
    "metric.tool": "s",
    "metric.input_tokens": "{token}",
    "metric.output_tokens": "{token}",
    "metric.cached_tokens": "{token}",
    "metric.tokens": "token",
    "metric.first_audio": "s",
    "metric.voice_to_voice": "s",
    "metric.turns": "{turn}",
    "metric.interruptions": "{interruption}",
    "metric.reconnects": "{reconnect}",
}
"""The unit of each metric."""

PROVIDER = "microsoft.foundry"
SYSTEM = "az.ai.voicelive"
NAMESPACE = "Microsoft.CognitiveServices"
__all__ += ["NAMESPACE", "PROVIDER", "SYSTEM"]
