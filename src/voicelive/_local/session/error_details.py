"""What the service answers to events that it refuses.

Codes and messages are the service's own wherever they are known; where only the situation is documented, the code is
the general ``invalid_request_error``.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from ..._base import FieldIssue

__all__ = ["ErrorDetails", "RefusedError"]

INVALID_REQUEST = "invalid_request_error"


@dataclass(frozen=True)
class ErrorDetails:
    """The inside of one ``error`` event."""

    message: str
    code: str | None = INVALID_REQUEST
    param: str | None = None
    type: str = INVALID_REQUEST


class RefusedError(Exception):
    """A client event cannot be carried out; the session answers with `details` and goes on."""

    def __init__(self, details: ErrorDetails) -> None:
        super().__init__(details.message)
        self.details = details


# --- the shape of an event -------------------------------------------------------------------------------------------


def not_json(reason: str) -> ErrorDetails:
    return ErrorDetails(f"The message is {reason}. An event is an object with a 'type'.")


def invalid_event(event_type: str | None, message: str, issues: Iterable[FieldIssue]) -> ErrorDetails:
    """Name the first of `issues`; without any, use `message`."""
    first = next(iter(issues), None)
    if first is None:
        return ErrorDetails(message, param="type" if event_type is None else None)
    if first.path.rpartition(".")[2] == "audio":
        return invalid_audio(first.message, param=first.path)
    code = "invalid_voice_type" if first.path == "session.voice" else INVALID_REQUEST
    return ErrorDetails(f"Invalid value for '{first.path}': {first.message}.", code=code, param=first.path or None)


def unknown_event(event_type: object) -> ErrorDetails:
    reason = f"{_brief(event_type)} is not a client event."
    if event_type is None:
        reason = "the event has none. Send a string such as 'session.update'."
    elif not isinstance(event_type, str):
        reason = f"{_brief(event_type)} is not a string. Send one such as 'session.update'."
    return ErrorDetails(f"Unable to extract tag using discriminator 'type': {reason}", param="type")


def _brief(value: object) -> str:
    shown = repr(value)
    return shown if len(shown) <= 80 else f"{shown[:77]}..."


def event_too_large(length: int, limit: int) -> ErrorDetails:
    return ErrorDetails(
        f"The event is too large: {length} characters besides its audio and images, where at most {limit} are read.",
        code="event_too_large",
    )


def too_many_values(limit: int) -> ErrorDetails:
    return ErrorDetails(f"The event is too large: it holds more than {limit} values.", code="event_too_large")


def array_too_long(path: str, length: int, limit: int) -> ErrorDetails:
    return ErrorDetails(
        f"Invalid '{path}': array too long. Expected an array with maximum length {limit}, but got an array with "
        f"length {length} instead.",
        code="array_above_max_length",
        param=path,
    )


def string_too_long(path: str, length: int, limit: int) -> ErrorDetails:
    return ErrorDetails(
        f"Invalid '{path}': string too long. Expected a string with maximum length {limit}, but got a string with "
        f"length {length} instead.",
        code="string_above_max_length",
        param=path,
    )


def conversation_full(what: str) -> ErrorDetails:
    return ErrorDetails(
        f"The conversation is full: it holds {what}. Delete items, or open a new connection.",
        code="conversation_too_long",
        param="item",
    )


def typed_text_too_long(limit: int) -> ErrorDetails:
    return ErrorDetails(
        f"The texts being typed are too long together: at most {limit} characters may wait for input_text.done.",
        code="string_above_max_length",
        param="delta",
    )


def unsupported_event(event_type: str) -> ErrorDetails:
    return ErrorDetails(f"The local service does not support {event_type}.", param="type")


def session_update_first() -> ErrorDetails:
    return ErrorDetails(
        "The `type` field of SessionUpdatedMessage message should be 'session.update'.",
        code="invalid_session_update_message",
        param="type",
    )


def configuration_failed(attempts: int) -> ErrorDetails:
    return ErrorDetails(
        f"Session configuration failed after {attempts} attempts.",
        code="max_config_attempts_exceeded",
    )


def internal_error(what: str) -> ErrorDetails:
    return ErrorDetails(f"The local service failed while {what}.", code="server_error", type="server_error")


_ORDERED = {
    "rate_limit_exceeded": ("rate_limit_error", "Rate limit reached for requests. Retry after 5 seconds."),
    "server_error": ("server_error", "The server had an error while processing your request."),
}


def ordered(code: str, message: str | None, error_type: str | None = None, param: str | None = None) -> ErrorDetails:
    """Return an error that somebody has asked for; what was left open is filled in by its code."""
    known_type, known_message = _ORDERED.get(
        code, (INVALID_REQUEST, f"The local service was told to fail with {code}.")
    )
    return ErrorDetails(message or known_message, code=code, param=param, type=error_type or known_type)


# --- connection and session ------------------------------------------------------------------------------------------


def unpublished_model(model: str) -> ErrorDetails:
    """The model's protocol is not published, so nobody can answer for it here."""
    return ErrorDetails(
        f"The model {model} belongs to GPT-Live, whose protocol is not published: "
        "the local service cannot answer for it.",
        code="invalid_model",
    )


def unsupported_model(model: str) -> ErrorDetails:
    return ErrorDetails(f"Model {model} is not supported in this region.", code="invalid_model")


def unsupported_profile(profile: str) -> ErrorDetails:
    return ErrorDetails(f"Profile {profile} is not supported.", code="invalid_profile")


def unreachable_deployment(model: str) -> ErrorDetails:
    return ErrorDetails(f"The realtime deployment {model} cannot be reached.", code="byom_realtime_connection_error")


def session_expired(seconds: float) -> ErrorDetails:
    length = f"{seconds / 60:g} minutes" if seconds >= 60 else f"{seconds:g} seconds"
    return ErrorDetails(
        f"Your session hit the maximum duration of {length}.",
        code="session_expired",
    )


def immutable(field: str, now: object, wanted: object) -> ErrorDetails:
    return ErrorDetails(
        f"Cannot change session.{field} from {now!r} to {wanted!r} during a session; "
        "open a new connection for another value.",
        param=f"session.{field}",
    )


def unsupported_value(path: str, value: object, supported: Iterable[object]) -> ErrorDetails:
    choices = ", ".join(repr(choice) for choice in supported)
    return ErrorDetails(
        f"Invalid value: {value!r}. Supported values are: {choices}.",
        code="invalid_value",
        param=path,
    )


def null_value(path: str) -> ErrorDetails:
    return ErrorDetails(
        f"Invalid value for '{path}': null. Leave it out for the default.", code="invalid_type", param=path
    )


def voice_family_changed(now: str, wanted: str) -> ErrorDetails:
    return ErrorDetails(f"Cannot update voice from {now} to {wanted}", param="voice")


def voice_locked() -> ErrorDetails:
    return ErrorDetails(
        "Cannot update a conversation's voice if assistant audio is present.",
        code="cannot_update_voice",
    )


def recogniser_needs_semantic_vad() -> ErrorDetails:
    return ErrorDetails(
        "When using azure-speech as InputAudioTranscription, turn_detection must be of type "
        "AzureSemanticVAD or AzureMultilingualSemanticVAD.",
        param="session.turn_detection",
    )


def text_eou_on_realtime() -> ErrorDetails:
    return ErrorDetails(
        "Text-based end-of-utterance detection requires a local speech recognizer and is only "
        "supported on cascaded pipelines.",
        param="session.turn_detection.end_of_utterance_detection",
    )


def echo_cancellation_without_audio() -> ErrorDetails:
    return ErrorDetails(
        "Echo cancellation is not supported in a session without the modality 'audio'.",
        code="ec_not_supported",
        param="session.input_audio_echo_cancellation",
    )


def phrase_list_unsupported(supported: Iterable[str]) -> ErrorDetails:
    return ErrorDetails(
        f"Value error, phrase_list is only supported for {', '.join(supported)}.",
        param="session.input_audio_transcription.phrase_list",
    )


def configured_by_agent(field: str) -> ErrorDetails:
    return ErrorDetails(
        f"{field.capitalize()} cannot be configured in a session with an agent: the agent brings its own.",
        code=f"{field}_configuration_not_supported",
        param=f"session.{field}",
    )


def agent_instructions_overridden() -> ErrorDetails:
    return ErrorDetails(
        "Overriding instructions in response.create is not supported with Agent service",
        param="response.instructions",
    )


def interim_needs_azure_voice() -> ErrorDetails:
    return ErrorDetails(
        "Interim responses with a realtime model need an Azure voice: azure-standard, azure-custom, azure-personal or "
        "avatar-voice-sync.",
        param="session.interim_response",
    )


def echo_reference_channels(source: str, channels: int) -> ErrorDetails:
    code = "invalid_ec_channels_requires_client" if source == "server" else ("invalid_ec_reference_channels")
    return ErrorDetails(
        f"Echo cancellation with reference_source {source!r} cannot have {channels} channel(s): "
        "use 'server' with 1 or 'client' with 2.",
        code=code,
        param="session.input_audio_echo_cancellation.channels",
    )


def avatar_not_configured() -> ErrorDetails:
    return ErrorDetails(
        "No avatar is configured: send session.update with an avatar before connecting.",
        param="session.avatar",
    )


def avatar_already_connected() -> ErrorDetails:
    return ErrorDetails("WebRTC connection is in connected state")


def invalid_sdp(reason: str) -> ErrorDetails:
    return ErrorDetails(
        f"client_sdp is not base64 text of a JSON object with type and sdp: {reason}",
        param="client_sdp",
    )


def mcp_server_failed(label: str, reason: str) -> ErrorDetails:
    return ErrorDetails(
        f"The tools of the MCP server {label!r} could not be listed: {reason}", code="mcp_list_tools_failed"
    )


# --- audio input -----------------------------------------------------------------------------------------------------


def invalid_audio(reason: str, param: str = "audio") -> ErrorDetails:
    return ErrorDetails(f"Invalid '{param}': {reason}", code="invalid_value", param=param)


def append_too_large(size: int, limit: int) -> ErrorDetails:
    return ErrorDetails(
        f"The audio of one event is {size} bytes long; at most {limit} bytes are accepted. Send it in smaller parts.",
        code="invalid_value",
        param="audio",
    )


def commit_empty(buffered_ms: float) -> ErrorDetails:
    return ErrorDetails(
        "Error committing input audio buffer: buffer too small. Expected at least 100ms of audio, "
        f"but buffer only has {buffered_ms:.2f}ms of audio.",
        code="input_audio_buffer_commit_empty",
    )


def buffer_full(limit_s: float) -> ErrorDetails:
    return ErrorDetails(
        f"The input audio buffer already holds {limit_s:g} seconds of audio that was never "
        "committed. Commit or clear it first.",
        code="input_audio_buffer_full",
        param="audio",
    )


def unknown_turn(turn_id: str) -> ErrorDetails:
    return ErrorDetails(
        f"No input audio turn {turn_id!r} was started. Send input_audio.turn.start first.",
        param="turn_id",
    )


def turn_exists(turn_id: str) -> ErrorDetails:
    return ErrorDetails(f"Input audio turn {turn_id!r} was already started.", param="turn_id")


def too_many_turns(limit: int) -> ErrorDetails:
    return ErrorDetails(f"{limit} input audio turns are open already. End or cancel one first.", param="turn_id")


# --- conversation ----------------------------------------------------------------------------------------------------

_ITEM_ACTIONS = {"retrieve": "retrieving", "delete": "deleting", "truncate": "truncating"}


def unknown_item(action: str, item_id: str) -> ErrorDetails:
    """`action` is ``retrieve``, ``delete`` or ``truncate``."""
    return ErrorDetails(
        f"Error {_ITEM_ACTIONS[action]} item: the item with id '{item_id}' does not exist.",
        code=f"item_{action}_invalid_item_id",
        param="item_id",
    )


def duplicate_item(item_id: str) -> ErrorDetails:
    return ErrorDetails(
        f"Error creating item: an item with id '{item_id}' already exists.",
        code="item_create_duplicate_item_id",
        param="item.id",
    )


def unknown_previous_item(item_id: str) -> ErrorDetails:
    return ErrorDetails(
        f"Error creating item: the previous item with id '{item_id}' does not exist.",
        code="item_create_invalid_previous_item_id",
        param="previous_item_id",
    )


def unknown_call(call_id: str) -> ErrorDetails:
    return ErrorDetails(f"Tool call ID '{call_id}' not found in conversation.", code="invalid_tool_call_id")


def negative_truncation(audio_end_ms: int) -> ErrorDetails:
    return ErrorDetails(
        f"Invalid 'audio_end_ms': {audio_end_ms} is below 0. Send the milliseconds that were heard, 0 or more.",
        code="invalid_value",
        param="audio_end_ms",
    )


def not_truncatable() -> ErrorDetails:
    return ErrorDetails("Only model output audio messages can be truncated", code=None)


def truncation_too_long(audio_ms: int, wanted_ms: int) -> ErrorDetails:
    return ErrorDetails(
        f"Audio content of {audio_ms}ms is already shorter than {wanted_ms}ms",
        code="invalid_value",
    )


def missing_item() -> ErrorDetails:
    return ErrorDetails("Missing required parameter: 'item'.", code="missing_required_parameter", param="item")


def unsupported_item(item_type: str) -> ErrorDetails:
    return ErrorDetails(f"Items of type {item_type!r} cannot be created by a client.", param="item.type")


def too_many_texts(limit: int) -> ErrorDetails:
    return ErrorDetails(f"{limit} texts are being typed already. Send input_text.done first.", param="id")


def nothing_typed(text_id: str) -> ErrorDetails:
    return ErrorDetails(f"No text {text_id!r} is being typed. Send input_text.delta first.", param="id")


# --- responses -------------------------------------------------------------------------------------------------------


def no_active_response() -> ErrorDetails:
    return ErrorDetails("Cancellation failed: no active response", code="response_cancel_not_active")


def response_active(response_id: str) -> ErrorDetails:
    return ErrorDetails(
        f"Conversation already has an active response in progress: {response_id}. "
        "Wait until the response is finished before creating a new one.",
        code="conversation_already_has_active_response",
    )
