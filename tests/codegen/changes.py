"""Every kind of change that a service specification may bring, with what must be told of it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from .dialects import PREFIX, Edit, Schema

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


def ref(name: str) -> Schema:
    """A reference to a schema."""
    return {"$ref": PREFIX + name}


def fields(schemas: Schema, model: str) -> Schema:
    """The fields of a model."""
    found: Schema = schemas[model]["properties"]
    return found


def event(schemas: Schema, base: str, name: str, kind: str, **own: Any) -> None:
    """Add an event, with its entries in the base's mapping and in the list of types."""
    schemas[name] = {
        "type": "object",
        "description": "Prose of the service.",
        "required": ["type"],
        "properties": {"type": {"type": "string", "enum": [kind]}, **own},
        "allOf": [ref(base)],
    }
    schemas[base]["discriminator"]["mapping"][kind] = PREFIX + name
    schemas[f"{base}Type"]["anyOf"].append({"const": kind})


def add_events(schemas: Schema) -> None:
    level = {"type": "integer", "format": "int32", "minimum": 0, "maximum": 100, "default": 50}
    event(schemas, "ServerEvent", "ServerEventLightsOn", "lights.on", level=level)
    event(schemas, "ClientEvent", "ClientEventLightsTurnOn", "lights.turn_on")


def remove_event(schemas: Schema) -> None:
    del schemas["ServerEventWarning"]
    del schemas["ServerEvent"]["discriminator"]["mapping"]["warning"]
    schemas["ServerEventType"]["anyOf"].remove(value(schemas, "ServerEventType", "warning"))


def value(schemas: Schema, enum: str, text: str) -> Schema:
    """The member of an enum with a value."""
    found: Schema = next(member for member in schemas[enum]["anyOf"] if member.get("const") == text)
    return found


def rename_event(schemas: Schema) -> None:
    schema = schemas["ServerEventResponseOutputTextDelta"] = schemas.pop("ServerEventResponseTextDelta")
    schema["properties"]["type"]["enum"] = ["response.output_text.delta"]
    mapping = schemas["ServerEvent"]["discriminator"]["mapping"]
    del mapping["response.text.delta"]
    mapping["response.output_text.delta"] = PREFIX + "ServerEventResponseOutputTextDelta"
    value(schemas, "ServerEventType", "response.text.delta")["const"] = "response.output_text.delta"


def rename_event_class(schemas: Schema) -> None:
    rename(schemas, "ServerEventError", "OpenAI.RealtimeServerEventError")


def rename(schemas: Schema, old: str, new: str) -> None:
    """Rename a schema and every reference to it."""
    schemas[new] = schemas.pop(old)

    def walk(node: Any) -> None:
        for key, entry in node.items() if isinstance(node, dict) else enumerate(node):
            if entry == PREFIX + old:
                node[key] = PREFIX + new
            elif isinstance(entry, (dict, list)):
                walk(entry)

    walk(schemas)


def add_model(schemas: Schema) -> None:
    schemas["Lamp"] = {"type": "object", "required": ["name"], "properties": {"name": {"type": "string"}}}
    fields(schemas, "AvatarConfig")["lamp"] = {"anyOf": [ref("Lamp"), {"type": "null"}]}


def remove_model(schemas: Schema) -> None:
    del schemas["Scene"]
    del fields(schemas, "AvatarConfig")["scene"]


def rename_model(schemas: Schema) -> None:
    rename(schemas, "VideoResolution", "OpenAI.VideoSize")


def rename_tagged_model(schemas: Schema) -> None:
    rename(schemas, "ServerVad", "RealtimeVoiceActivity")


def extend_a_base(schemas: Schema) -> None:
    schemas["AgentConfig"]["allOf"] = [ref("SessionBase")]


def other_discriminator(schemas: Schema) -> None:
    schemas["AudioNoiseReduction"]["discriminator"] = {"propertyName": "type"}


def other_discriminator_value(schemas: Schema) -> None:
    fields(schemas, "AzureCustomVoice")["type"]["enum"] = ["azure-own"]
    mapping = schemas["AzureVoice"]["discriminator"]["mapping"]
    mapping["azure-own"] = mapping.pop("azure-custom")


def add_field(schemas: Schema) -> None:
    fields(schemas, "ResponseSession")["brightness"] = {"type": "number", "format": "float", "default": 0.5}
    fields(schemas, "ServerEvent")["sent_at"] = {"type": "integer", "format": "unixtime"}


def remove_field(schemas: Schema) -> None:
    del fields(schemas, "ResponseSession")["agent"]


def rename_field(schemas: Schema) -> None:
    own = fields(schemas, "VideoParams")
    own["video_gop_size"] = own.pop("gop_size")


def rename_field_by_description(schemas: Schema) -> None:
    own = fields(schemas, "VideoParams")
    own["excerpt"] = own.pop("crop")


def rename_field_by_place(schemas: Schema) -> None:
    own = fields(schemas, "ServerEventSessionCreated")
    own["details"] = {**own.pop("session"), "description": ""}
    schemas["ServerEventSessionCreated"]["required"] = ["type", "details"]


def retype_field(schemas: Schema) -> None:
    fields(schemas, "IceServer")["urls"] = {"type": "string"}


def retype_format(schemas: Schema) -> None:
    fields(schemas, "VideoParams")["bitrate"]["format"] = "int64"


def retype_base64(schemas: Schema) -> None:
    fields(schemas, "InputAudioContentPart")["audio"] = {"type": "string"}


def retype_array(schemas: Schema) -> None:
    fields(schemas, "LogProbProperties")["bytes"]["items"] = {"type": "string"}


def retype_map(schemas: Schema) -> None:
    fields(schemas, "AudioInputTranscriptionOptions")["custom_speech"]["unevaluatedProperties"] = {"type": "integer"}


def retype_union(schemas: Schema) -> None:
    fields(schemas, "ResponseCreateParams")["max_output_tokens"] = {"type": "integer", "format": "int32"}


def retype_reference(schemas: Schema) -> None:
    fields(schemas, "AzurePersonalVoice")["model"] = ref("OpenAIVoiceName")


def retype_constant(schemas: Schema) -> None:
    fields(schemas, "AgentConfig")["type"]["enum"] = ["assistant"]


def add_value(schemas: Schema) -> None:
    schemas["ReasoningEffort"]["anyOf"].append({"const": "endless"})


def remove_value(schemas: Schema) -> None:
    schemas["Modality"]["anyOf"].remove(value(schemas, "Modality", "avatar"))


def rename_value(schemas: Schema) -> None:
    value(schemas, "OutputAudioFormat", "pcm16_16000hz")["const"] = "pcm16-16000hz"


def close_enum(schemas: Schema) -> None:
    schemas["ItemParamStatus"]["anyOf"].remove({"type": "string"})


def add_enum(schemas: Schema) -> None:
    schemas["LampKind"] = {"anyOf": [{"type": "string"}, {"const": "desk"}, {"const": "floor"}]}


def remove_enum(schemas: Schema) -> None:
    del schemas["MessageRole"]
    fields(schemas, "ResponseMessageItem")["role"] = {"type": "boolean"}


def rename_enum(schemas: Schema) -> None:
    rename(schemas, "EouThresholdLevel", "OpenAI.EndThreshold")


def add_union(schemas: Schema) -> None:
    schemas["AnyLamp"] = {"anyOf": [ref("Background"), ref("VideoCrop")]}


def remove_union(schemas: Schema) -> None:
    del schemas["InterimResponseConfig"]
    for model in ("RequestSession", "ResponseSession", "ResponseCreateParams"):
        fields(schemas, model)["interim_response"] = {"type": "boolean"}


def rename_union(schemas: Schema) -> None:
    rename(schemas, "ToolChoice", "OpenAI.ToolChoiceParam")


def change_union(schemas: Schema) -> None:
    schemas["Voice"]["anyOf"].remove(ref("AzureRealtimeNativeVoice"))
    schemas["Voice"]["anyOf"].append(ref("IceServer"))


def change_required(schemas: Schema) -> None:
    schemas["InputTextContentPart"]["required"].remove("text")
    schemas["ActionSearch"]["required"].append("query")


def change_defaults(schemas: Schema) -> None:
    fields(schemas, "VideoParams")["bitrate"]["default"] = 1
    fields(schemas, "VideoParams")["codec"].pop("default")
    fields(schemas, "TranscriptionPhrase")["confidence"]["default"] = 0
    fields(schemas, "AudioEchoCancellation")["reference_source"]["default"] = "client"


def change_limits(schemas: Schema) -> None:
    own = fields(schemas, "AzureSemanticVad")
    own["threshold"]["maximum"] = 2
    own["languages"]["maxItems"] = 4
    fields(schemas, "AudioEchoCancellation")["channels"].pop("minimum")
    fields(schemas, "Background")["color"]["pattern"] = "^#"
    fields(schemas, "VideoCrop")["top_left"]["minItems"] = 2
    fields(schemas, "LogProbProperties")["logprob"]["exclusiveMaximum"] = 0


def change_nullable(schemas: Schema) -> None:
    fields(schemas, "Response")["id"] = {"anyOf": [fields(schemas, "Response")["id"], {"type": "null"}]}
    fields(schemas, "RequestSession")["avatar"] = ref("AvatarConfig")


def deprecate(schemas: Schema) -> None:
    fields(schemas, "RequestSession")["temperature"]["deprecated"] = True


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
        add_events,
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
        remove_event,
        [
            part("removed", "event", None, "ServerEventWarning", event_type="warning"),
            part("removed", "value", "ServerEventType", "warning"),
        ],
        keys=("event_type",),
    ),
    Case(
        "an event under another type",
        rename_event,
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
        rename_event_class,
        [renamed("event", None, "ServerEventError", "OpenAI.RealtimeServerEventError", "same event type")],
    ),
    Case(
        "a new model",
        add_model,
        [
            part("added", "model", None, "Lamp", fields=[{"name": "name", "type": "string", "required": True}]),
            part("added", "field", "AvatarConfig", "lamp", type="Lamp", nullable=True, required=False),
        ],
        keys=("fields", "type", "nullable", "required"),
    ),
    Case(
        "a model gone",
        remove_model,
        [
            part("removed", "model", None, "Scene"),
            part("removed", "field", "AvatarConfig", "scene", type="Scene"),
        ],
        keys=("type",),
    ),
    Case(
        "a model renamed",
        rename_model,
        [renamed("model", None, "VideoResolution", "OpenAI.VideoSize", "equal fields")],
    ),
    Case(
        "a kind renamed",
        rename_tagged_model,
        [renamed("model", None, "ServerVad", "RealtimeVoiceActivity", "same type of the same base")],
    ),
    Case(
        "another base",
        extend_a_base,
        [part("changed", "model", None, "AgentConfig", what="base", after="SessionBase")],
    ),
    Case(
        "another discriminator",
        other_discriminator,
        [part("changed", "model", None, "AudioNoiseReduction", what="discriminator", after="type")],
    ),
    Case(
        "another discriminator value",
        other_discriminator_value,
        [changed("AzureCustomVoice.type", "discriminator value", "azure-custom", "azure-own")],
    ),
    Case(
        "new fields",
        add_field,
        [
            part("added", "field", "ResponseSession", "brightness", type="float32", default=0.5, required=False),
            part("added", "field", "ServerEvent", "sent_at", type="unixTimestamp", required=False),
        ],
        keys=("type", "default", "required"),
    ),
    Case(
        "a field gone",
        remove_field,
        [part("removed", "field", "ResponseSession", "agent", type="AgentConfig")],
        keys=("type",),
    ),
    Case(
        "a field renamed",
        rename_field,
        [renamed("field", "VideoParams", "gop_size", "video_gop_size", "equal type, similar name")],
    ),
    Case(
        "a field with its description renamed",
        rename_field_by_description,
        [renamed("field", "VideoParams", "crop", "excerpt", "equal type, same description")],
    ),
    Case(
        "a field renamed altogether",
        rename_field_by_place,
        [renamed("field", "ServerEventSessionCreated", "session", "details", "equal type, same place")],
    ),
    Case("a list made single", retype_field, [retyped("IceServer.urls", "string[]", "string")]),
    Case("another format", retype_format, [retyped("VideoParams.bitrate", "int32", "int64")]),
    Case("base64 made text", retype_base64, [retyped("InputAudioContentPart.audio", "bytes", "string")]),
    Case("a list of others", retype_array, [retyped("LogProbProperties.bytes", "int32[]", "string[]")]),
    Case(
        "a map of others",
        retype_map,
        [retyped("AudioInputTranscriptionOptions.custom_speech", "Record<string>", "Record<integer>")],
    ),
    Case(
        "a union made single",
        retype_union,
        [retyped("ResponseCreateParams.max_output_tokens", 'int32 | "inf"', "int32")],
    ),
    Case(
        "another enum",
        retype_reference,
        [retyped("AzurePersonalVoice.model", "PersonalVoiceModels", "OpenAIVoiceName")],
    ),
    Case("another constant", retype_constant, [retyped("AgentConfig.type", '"agent"', '"assistant"')]),
    Case("a new value", add_value, [part("added", "value", "ReasoningEffort", "endless")]),
    Case("a value gone", remove_value, [part("removed", "value", "Modality", "avatar")]),
    Case(
        "a value renamed",
        rename_value,
        [renamed("value", "OutputAudioFormat", "pcm16_16000hz", "pcm16-16000hz", "similar value")],
    ),
    Case(
        "an enum closed",
        close_enum,
        [part("changed", "enum", None, "ItemParamStatus", what="open", before=True, after=False)],
    ),
    Case(
        "a new enum",
        add_enum,
        [part("added", "enum", None, "LampKind", values=["desk", "floor"], open=True)],
        keys=("values", "open"),
    ),
    Case(
        "an enum gone",
        remove_enum,
        [
            part("removed", "enum", None, "MessageRole"),
            retyped("ResponseMessageItem.role", "MessageRole", "boolean"),
        ],
    ),
    Case(
        "an enum renamed",
        rename_enum,
        [renamed("enum", None, "EouThresholdLevel", "OpenAI.EndThreshold", "equal values")],
    ),
    Case(
        "a new union",
        add_union,
        [part("added", "union", None, "AnyLamp", type="Background | VideoCrop")],
        keys=("type",),
    ),
    Case(
        "a union gone",
        remove_union,
        [
            part("removed", "union", None, "InterimResponseConfig"),
            retyped("RequestSession.interim_response", "InterimResponseConfig", "boolean"),
            retyped("ResponseCreateParams.interim_response", "InterimResponseConfig", "boolean"),
            retyped("ResponseSession.interim_response", "InterimResponseConfig", "boolean"),
        ],
    ),
    Case(
        "a union renamed",
        rename_union,
        [renamed("union", None, "ToolChoice", "OpenAI.ToolChoiceParam", "equal members")],
    ),
    Case(
        "other members of a union",
        change_union,
        [
            part("added", "member", "Voice", "IceServer"),
            part("removed", "member", "Voice", "AzureRealtimeNativeVoice"),
        ],
    ),
    Case(
        "required or not",
        change_required,
        [
            changed("ActionSearch.query", "required", False, True),
            changed("InputTextContentPart.text", "required", True, False),
        ],
    ),
    Case(
        "defaults",
        change_defaults,
        [
            changed("AudioEchoCancellation.reference_source", "default", "server", "client"),
            changed("TranscriptionPhrase.confidence", "default", None, 0),
            changed("VideoParams.bitrate", "default", 2000000, 1),
            changed("VideoParams.codec", "default", "h264"),
        ],
    ),
    Case(
        "ranges and lengths",
        change_limits,
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
        change_nullable,
        [
            changed("RequestSession.avatar", "nullable", True, False),
            changed("Response.id", "nullable", False, True),
        ],
    ),
    Case("deprecated", deprecate, [changed("RequestSession.temperature", "deprecated", False, True)]),
]
