"""Changes of the schemas in the OpenAPI 3.1 document, one function a change."""

from __future__ import annotations

from typing import Any

from .dialects import PREFIX, Schema


def ref(name: str) -> Schema:
    """A reference to a schema."""
    return {"$ref": PREFIX + name}


def fields(schemas: Schema, model: str) -> Schema:
    """The fields of a model."""
    found: Schema = schemas[model]["properties"]
    return found


def use(schemas: Schema, name: str) -> None:
    """Let an event reach a schema: as a field of what events consist of."""
    fields(schemas, "AvatarConfig")[f"uses_{name}"] = ref(name)


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
    fields(schemas, "ResponseCreateParams")["max_output_tokens"] = {"type": "integer", "format": "int32", "minimum": 1}


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
    use(schemas, "LampKind")


def remove_enum(schemas: Schema) -> None:
    del schemas["MessageRole"]
    fields(schemas, "ResponseMessageItem")["role"] = {"type": "boolean"}


def rename_enum(schemas: Schema) -> None:
    rename(schemas, "EouThresholdLevel", "OpenAI.EndThreshold")


def add_union(schemas: Schema) -> None:
    schemas["AnyLamp"] = {"anyOf": [ref("Background"), ref("VideoCrop")]}
    use(schemas, "AnyLamp")


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
