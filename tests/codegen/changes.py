"""Every kind of change that a service specification may bring, with what must be told of it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from . import edits
from .dialects import Edit, Schema

Told = dict[str, Any]


@dataclass(frozen=True)
class Case:
    """One kind of change.

    Attributes:
        name: what changes.
        edit: makes the change in the schemas of the OpenAPI 3.1 document.
        told: the changes that must be reported, in order, and nothing else.
        keys: what of each change is compared, beside what and where it is.
    """

    name: str
    edit: Edit
    told: list[Told]
    keys: tuple[str, ...] = ("what", "before", "after", "probably")

    def expected(self) -> list[Told]:
        """The changes with all keys, the absent ones None."""
        return [{key: one.get(key) for key in ("action", "kind", "in", "name", *self.keys)} for one in self.told]


def edit_all(schemas: Schema) -> None:
    """Make every change in one document."""
    for case in CASES:
        case.edit(schemas)


def part(action: str, kind: str, owner: str | None, name: str, **more: Any) -> Told:
    """What must be told of one change."""
    return {"action": action, "kind": kind, "in": owner, "name": name, **more}


def changed(path: str, what: str, before: Any = None, after: Any = None) -> Told:
    """What must be told of a changed property of a field."""
    owner, _, name = path.partition(".")
    return part("changed", "field", owner, name, what=what, before=before, after=after)


def retyped(path: str, before: str, after: str) -> Told:
    """What must be told of a field with another type."""
    owner, _, name = path.partition(".")
    return part("retyped", "field", owner, name, what="type", before=before, after=after)


def renamed(kind: str, owner: str | None, before: str, after: str, why: str) -> Told:
    """What must be told of a new name."""
    return part("renamed", kind, owner, before, before=before, after=after, probably=why)


CASES = [
    Case(
        "new events",
        edits.add_events,
        [
            part("added", "event", None, "ClientEventLightsTurnOn", event_type="lights.turn_on", direction="client"),
            part("added", "event", None, "ServerEventLightsOn", event_type="lights.on", direction="server"),
            part("added", "value", "ClientEventType", "lights.turn_on"),
            part("added", "value", "ServerEventType", "lights.on"),
        ],
        keys=("event_type", "direction"),
    ),
    Case(
        "an event gone",
        edits.remove_event,
        [
            part("removed", "event", None, "ServerEventWarning", event_type="warning"),
            part("removed", "value", "ServerEventType", "warning"),
        ],
        keys=("event_type",),
    ),
    Case(
        "an event under another type",
        edits.rename_event,
        [
            renamed(
                "event",
                None,
                "ServerEventResponseTextDelta",
                "ServerEventResponseOutputTextDelta",
                "similar event type and fields",
            ),
            changed(
                "ServerEventResponseTextDelta.type", "event type", "response.text.delta", "response.output_text.delta"
            ),
            renamed("value", "ServerEventType", "response.text.delta", "response.output_text.delta", "similar value"),
        ],
    ),
    Case(
        "an event's class renamed",
        edits.rename_event_class,
        [renamed("event", None, "ServerEventError", "OpenAI.RealtimeServerEventError", "same event type")],
    ),
    Case(
        "a new model",
        edits.add_model,
        [
            part("added", "model", None, "Lamp", fields=[{"name": "name", "type": "string", "required": True}]),
            part("added", "field", "AvatarConfig", "lamp", type="Lamp", nullable=True, required=False),
        ],
        keys=("fields", "type", "nullable", "required"),
    ),
    Case(
        "a model gone",
        edits.remove_model,
        [
            part("removed", "model", None, "Scene"),
            part("removed", "field", "AvatarConfig", "scene", type="Scene"),
        ],
        keys=("type",),
    ),
    Case(
        "a model renamed",
        edits.rename_model,
        [renamed("model", None, "VideoResolution", "OpenAI.VideoSize", "equal fields")],
    ),
    Case(
        "a kind renamed",
        edits.rename_tagged_model,
        [renamed("model", None, "ServerVad", "RealtimeVoiceActivity", "same type of the same base")],
    ),
    Case(
        "another base",
        edits.extend_a_base,
        [part("changed", "model", None, "AgentConfig", what="base", after="SessionBase")],
    ),
    Case(
        "another discriminator",
        edits.other_discriminator,
        [part("changed", "model", None, "AudioNoiseReduction", what="discriminator", after="type")],
    ),
    Case(
        "another discriminator value",
        edits.other_discriminator_value,
        [changed("AzureCustomVoice.type", "discriminator value", "azure-custom", "azure-own")],
    ),
    Case(
        "new fields",
        edits.add_field,
        [
            part("added", "field", "ResponseSession", "brightness", type="float32", default=0.5, required=False),
            part("added", "field", "ServerEvent", "sent_at", type="unixTimestamp", required=False),
        ],
        keys=("type", "default", "required"),
    ),
    Case(
        "a field gone",
        edits.remove_field,
        [part("removed", "field", "ResponseSession", "agent", type="AgentConfig")],
        keys=("type",),
    ),
    Case(
        "a field renamed",
        edits.rename_field,
        [renamed("field", "VideoParams", "gop_size", "video_gop_size", "equal type, similar name")],
    ),
    Case(
        "a field with its description renamed",
        edits.rename_field_by_description,
        [renamed("field", "VideoParams", "crop", "excerpt", "equal type, same description")],
    ),
    Case(
        "a field renamed altogether",
        edits.rename_field_by_place,
        [renamed("field", "ServerEventSessionCreated", "session", "details", "equal type, same place")],
    ),
    Case("a list made single", edits.retype_field, [retyped("IceServer.urls", "string[]", "string")]),
    Case("another format", edits.retype_format, [retyped("VideoParams.bitrate", "int32", "int64")]),
    Case("base64 made text", edits.retype_base64, [retyped("InputAudioContentPart.audio", "bytes", "string")]),
    Case("a list of others", edits.retype_array, [retyped("LogProbProperties.bytes", "int32[]", "string[]")]),
    Case(
        "a map of others",
        edits.retype_map,
        [retyped("AudioInputTranscriptionOptions.custom_speech", "Record<string>", "Record<integer>")],
    ),
    Case(
        "a union made single",
        edits.retype_union,
        [retyped("ResponseCreateParams.max_output_tokens", 'int32 | "inf"', "int32")],
    ),
    Case(
        "another enum",
        edits.retype_reference,
        [retyped("AzurePersonalVoice.model", "PersonalVoiceModels", "OpenAIVoiceName")],
    ),
    Case("another constant", edits.retype_constant, [retyped("AgentConfig.type", '"agent"', '"assistant"')]),
    Case("a new value", edits.add_value, [part("added", "value", "ReasoningEffort", "endless")]),
    Case("a value gone", edits.remove_value, [part("removed", "value", "Modality", "avatar")]),
    Case(
        "a value renamed",
        edits.rename_value,
        [renamed("value", "OutputAudioFormat", "pcm16_16000hz", "pcm16-16000hz", "similar value")],
    ),
    Case(
        "an enum closed",
        edits.close_enum,
        [part("changed", "enum", None, "ItemParamStatus", what="open", before=True, after=False)],
    ),
    Case(
        "a new enum",
        edits.add_enum,
        [
            part("added", "enum", None, "LampKind", values=["desk", "floor"], open=True),
            part("added", "field", "AvatarConfig", "uses_LampKind"),
        ],
        keys=("values", "open"),
    ),
    Case(
        "an enum gone",
        edits.remove_enum,
        [
            part("removed", "enum", None, "MessageRole"),
            retyped("ResponseMessageItem.role", "MessageRole", "boolean"),
        ],
    ),
    Case(
        "an enum renamed",
        edits.rename_enum,
        [renamed("enum", None, "EouThresholdLevel", "OpenAI.EndThreshold", "equal values")],
    ),
    Case(
        "a new union",
        edits.add_union,
        [
            part("added", "union", None, "AnyLamp", type="Background | VideoCrop"),
            part("added", "field", "AvatarConfig", "uses_AnyLamp", type="AnyLamp"),
        ],
        keys=("type",),
    ),
    Case(
        "a union gone",
        edits.remove_union,
        [
            part("removed", "union", None, "InterimResponseConfig"),
            retyped("RequestSession.interim_response", "InterimResponseConfig", "boolean"),
            retyped("ResponseCreateParams.interim_response", "InterimResponseConfig", "boolean"),
            retyped("ResponseSession.interim_response", "InterimResponseConfig", "boolean"),
        ],
    ),
    Case(
        "a union renamed",
        edits.rename_union,
        [renamed("union", None, "ToolChoice", "OpenAI.ToolChoiceParam", "equal members")],
    ),
    Case(
        "other members of a union",
        edits.change_union,
        [
            part("added", "member", "Voice", "IceServer"),
            part("removed", "member", "Voice", "AzureRealtimeNativeVoice"),
        ],
    ),
    Case(
        "required or not",
        edits.change_required,
        [
            changed("ActionSearch.query", "required", False, True),
            changed("InputTextContentPart.text", "required", True, False),
        ],
    ),
    Case(
        "defaults",
        edits.change_defaults,
        [
            changed("AudioEchoCancellation.reference_source", "default", "server", "client"),
            changed("TranscriptionPhrase.confidence", "default", None, 0),
            changed("VideoParams.bitrate", "default", 2000000, 1),
            changed("VideoParams.codec", "default", "h264"),
        ],
    ),
    Case(
        "ranges and lengths",
        edits.change_limits,
        [
            changed("AudioEchoCancellation.channels", "minimum", 1),
            changed("AzureSemanticVad.languages", "maxItems", None, 4),
            changed("AzureSemanticVad.threshold", "maximum", 1, 2),
            changed("Background.color", "pattern", None, "^#"),
            changed("LogProbProperties.logprob", "exclusiveMaximum", None, 0),
            changed("VideoCrop.top_left", "minItems", None, 2),
        ],
    ),
    Case(
        "null allowed or not",
        edits.change_nullable,
        [
            changed("RequestSession.avatar", "nullable", True, False),
            changed("Response.id", "nullable", False, True),
        ],
    ),
    Case("deprecated", edits.deprecate, [changed("RequestSession.temperature", "deprecated", False, True)]),
]
