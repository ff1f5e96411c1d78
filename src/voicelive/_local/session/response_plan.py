"""What one response is to be: the session's settings with those of ``response.create`` over them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from ..._audio.pcm import AudioFormatError
from ..._audio.wire_formats import OUTPUT_FORMATS, WireFormat, output_format
from . import error_details as errors
from .configuration import MODALITIES, normal_output_format
from .conversation import text_of
from .defaults import complete_voice
from .error_details import RefusedError
from .interim import complete_interim_response

__all__ = ["ResponsePlan", "plan_response"]


@dataclass(frozen=True)
class ResponsePlan:
    """The settings of one response."""

    modalities: Sequence[str]
    voice: Mapping[str, Any]
    audio_format: WireFormat
    instructions: str
    tools: Sequence[Mapping[str, Any]]
    tool_choice: str | Mapping[str, Any]
    temperature: float | None
    max_output_tokens: int | None
    """None for no limit."""
    metadata: Mapping[str, str] | None
    given_text: str | None
    """The answer's text where the client gave it, else None."""
    input_items: Sequence[Mapping[str, Any]] | None
    """The items to answer instead of the conversation, else None."""
    appended_items: Sequence[Mapping[str, Any]]
    """Items to answer after the conversation, without becoming part of it."""
    word_timestamps: bool
    """Whether words are reported with their place in the audio."""
    animation: frozenset[str]
    """The kinds of facial animation to send along: ``viseme_id``, ``blendshapes``."""

    interim: Mapping[str, Any] | None
    """What to say while the answer is late or a tool is at work, None for nothing."""
    is_interim: bool = False
    """Whether this is what is said meanwhile."""

    @property
    def speaks(self) -> bool:
        """Whether the answer has sound."""
        return "audio" in self.modalities

    @property
    def voice_name(self) -> str | None:
        """The name of the voice."""
        name = self.voice.get("name")
        return str(name) if name else None

    @property
    def voice_rate(self) -> float:
        """The speaking rate, 1.0 being normal; named rates of SSML count as normal."""
        try:
            rate = float(self.voice.get("rate") or 1.0)
        except (TypeError, ValueError):
            return 1.0
        return min(2.0, max(0.5, rate))


def plan_response(
    session: Mapping[str, Any],
    params: Mapping[str, Any],
    additional_instructions: str | None = None,
) -> ResponsePlan:
    """Merge `params` of ``response.create`` over the settings of `session`.

    Raises:
        RefusedError: for a modality or an output format that does not exist.
    """

    def chosen(name: str, session_name: str | None = None) -> Any:
        value = params.get(name)
        return session.get(session_name or name) if value is None else value

    modalities = chosen("modalities")
    for index, modality in enumerate(modalities):
        if modality not in MODALITIES:
            path = f"response.modalities[{index}]"
            raise RefusedError(errors.unsupported_value(path, modality, MODALITIES))
    instructions = str(chosen("instructions") or "")
    if additional_instructions:
        instructions = f"{instructions}\n{additional_instructions}".strip()
    limit = params.get("max_output_tokens", params.get("max_response_output_tokens"))
    if limit is None:
        limit = session.get("max_response_output_tokens")
    given = params.get("pre_generated_assistant_message")
    voice = complete_voice(chosen("voice") or session["voice"])
    if given is not None and voice.get("type") == "openai":
        # Observed: a realtime model cannot speak words that are not its own, and says nothing about it.
        modalities = ["text"]
    return ResponsePlan(
        modalities=modalities,
        voice=voice,
        audio_format=_output_format(str(chosen("output_audio_format") or "pcm16")),
        instructions=instructions,
        tools=chosen("tools") or [],
        tool_choice=_tool_choice(chosen("tool_choice") or "auto"),
        temperature=chosen("temperature"),
        max_output_tokens=limit if isinstance(limit, int) else None,
        metadata=chosen("metadata"),
        given_text=None if given is None else text_of(given.get("content") or []),
        input_items=params.get("input_items"),
        appended_items=params.get("append_input_items") or (),
        word_timestamps="word" in (session.get("output_audio_timestamp_types") or ()),
        animation=_animation(session.get("animation"), voice),
        interim=_interim(params.get("interim_response"), session.get("interim_response")),
    )


def interim_plan(session: Mapping[str, Any], text: str) -> ResponsePlan:
    """Return the plan of a response that says `text` while another is awaited."""
    given = {"content": [{"type": "text", "text": text}]}
    plan = plan_response(session, {"pre_generated_assistant_message": given})
    return replace(plan, interim=None, is_interim=True)


def _interim(given: Mapping[str, Any] | None, settings: Mapping[str, Any] | None) -> Mapping[str, Any] | None:
    return settings if given is None else complete_interim_response(given)


def _animation(settings: Mapping[str, Any] | None, voice: Mapping[str, Any]) -> frozenset[str]:
    # Only the synthesizer of Azure's voices knows about faces.
    if settings is None or not str(voice.get("type")).startswith("azure-"):
        return frozenset()
    outputs = settings.get("outputs")
    return frozenset(["blendshapes"] if outputs is None else outputs)


def _output_format(name: str) -> WireFormat:
    try:
        return output_format(normal_output_format(name))
    except AudioFormatError:
        path = "response.output_audio_format"
        raise RefusedError(errors.unsupported_value(path, name, OUTPUT_FORMATS)) from None


def _tool_choice(choice: str | Mapping[str, Any]) -> str | Mapping[str, Any]:
    # response.create names a function by its bare name.
    if isinstance(choice, str) and choice not in ("auto", "none", "required"):
        return {"type": "function", "name": choice}
    return choice
