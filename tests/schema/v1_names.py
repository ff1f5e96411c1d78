"""The v1 draft names most models after OpenAI's interface. This says what they are called in the schema.

Two names mean that the draft has one model for both directions where the schema has two: what the application sends,
and what the service reports. No name means that the schema has no model of its own for it: its fields are those of the
models that extend it, or it is written where it is used.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace

from .contract import Contract, Field, Model, Type, parse_type

PREFIX = "OpenAI."
SIDES = ("sent", "reported")
# Models that only the service sends, though what they extend or hold goes both ways in the draft.
REPORTED = ("ServerEvent", "ResponseMCP")

# What follows `Realtime` in the draft's names of events that exist in the dated versions, and what the schema says.
RESPELLED = {
    "ServerEventMCPListToolsCompleted": "ServerEventMcpListToolsCompleted",
    "ServerEventMCPListToolsFailed": "ServerEventMcpListToolsFailed",
    "ServerEventMCPListToolsInProgress": "ServerEventMcpListToolsInProgress",
    "ServerEventRealtimeServerEventError": "ServerEventError",
    "ServerEventResponseAudioDelta": "ServerEventResponseOutputAudioDelta",
    "ServerEventResponseAudioDone": "ServerEventResponseOutputAudioDone",
    "ServerEventResponseAudioTranscriptDelta": "ServerEventResponseOutputAudioTranscriptDelta",
    "ServerEventResponseAudioTranscriptDone": "ServerEventResponseOutputAudioTranscriptDone",
    "ServerEventResponseMCPCallArgumentsDelta": "ServerEventResponseMcpCallArgumentsDelta",
    "ServerEventResponseMCPCallArgumentsDone": "ServerEventResponseMcpCallArgumentsDone",
    "ServerEventResponseMCPCallCompleted": "ServerEventResponseMcpCallCompleted",
    "ServerEventResponseMCPCallFailed": "ServerEventResponseMcpCallFailed",
    "ServerEventResponseMCPCallInProgress": "ServerEventResponseMcpCallInProgress",
    "ServerEventResponseTextDelta": "ServerEventResponseOutputTextDelta",
    "ServerEventResponseTextDone": "ServerEventResponseOutputTextDone",
}

MODELS: Mapping[str, tuple[str, ...]] = {
    # the session
    "RealtimeSessionCreateRequestUnion": (),
    "RealtimeSessionCreateRequestGA": (),
    "RealtimeSessionCreateRequestGATracing": ("TracingConfiguration",),
    "RealtimeTranscriptionSessionCreateRequestGA": ("RequestTranscriptionSession",),
    "RealtimeTranscriptionSessionCreateRequestGAAudio": ("TranscriptionSessionAudio",),
    "RealtimeTranscriptionSessionCreateRequestGAAudioInput": ("TranscriptionSessionAudioInput",),
    "RealtimeTranscriptionSessionCreateRequestGAAudioInputNoiseReduction": ("AudioNoiseReduction",),
    "RealtimeTranscriptionSessionCreateResponseGA": ("ResponseTranscriptionSession",),
    "RealtimeTranscriptionSessionCreateResponseGAAudio": ("TranscriptionSessionAudio",),
    "RealtimeTranscriptionSessionCreateResponseGAAudioInput": ("TranscriptionSessionAudioInput",),
    "RealtimeTranscriptionSessionCreateResponseGAAudioInputNoiseReduction": ("AudioNoiseReduction",),
    "RealtimeTranscriptionSessionCreateResponseGAAudioInputTurnDetection": ("ServerVad",),
    "AudioTranscription": ("TranscriptionOptions",),
    "AudioTranscriptionResponse": ("TranscriptionOptions",),
    "RealtimeReasoning": ("Reasoning",),
    "RealtimeTruncation#RetentionRatio": ("RetentionRatioTruncation",),
    "TokenLimits": ("TruncationTokenLimits",),
    "Prompt": ("Prompt",),
    "InputTextContent": ("PromptInputText",),
    "InputImageContent": ("PromptInputImage",),
    "InputFileContent": ("PromptInputFile",),
    "RealtimeTurnDetection": ("TurnDetection",),
    "RealtimeTurnDetectionServerVad": ("ServerVad",),
    "RealtimeTurnDetectionSemanticVad": ("SemanticVad",),
    "RealtimeAudioFormats": ("AudioFormat",),
    "RealtimeAudioFormatsAudioPcm": ("AudioFormatPcm",),
    "RealtimeAudioFormatsAudioPcma": ("AudioFormatPcma",),
    "RealtimeAudioFormatsAudioPcmu": ("AudioFormatPcmu",),
    "VoiceIdsOrCustomVoice#Custom": ("OpenAICustomVoice",),
    # tools
    "Tool": ("Tool",),
    "RealtimeFunctionTool": ("FunctionTool",),
    "MCPTool": ("MCPServer",),
    "MCPToolFilter": ("MCPToolFilter",),
    "MCPToolRequireApproval": ("MCPToolRequireApproval",),
    "MCPListToolsTool": ("MCPTool",),
    "ToolChoiceParam": ("ToolChoiceSelection",),
    "ToolChoiceFunction": ("ToolChoiceFunctionSelection",),
    "ToolChoiceMCP": ("ToolChoiceMCPSelection",),
    # items and their content
    "RealtimeConversationItem": ("ConversationRequestItem", "ResponseItem"),
    "RealtimeConversationItemMessage": ("MessageItem", "ResponseMessageItem"),
    "RealtimeConversationItemMessageSystem": ("SystemMessageItem", "ResponseMessageItem"),
    "RealtimeConversationItemMessageUser": ("UserMessageItem", "ResponseMessageItem"),
    "RealtimeConversationItemMessageAssistant": ("AssistantMessageItem", "ResponseMessageItem"),
    "RealtimeConversationItemMessageSystemContent": ("MessageContentPart", "ContentPart"),
    "RealtimeConversationItemMessageUserContent": ("MessageContentPart", "ContentPart"),
    "RealtimeConversationItemMessageAssistantContent": ("MessageContentPart", "ContentPart"),
    "RealtimeConversationItemFunctionCall": ("FunctionCallItem", "ResponseFunctionCallItem"),
    "RealtimeConversationItemFunctionCallOutput": ("FunctionCallOutputItem", "ResponseFunctionCallOutputItem"),
    "RealtimeMCPApprovalResponse": ("MCPApprovalResponseRequestItem", "ResponseMCPApprovalResponseItem"),
    "RealtimeMCPApprovalRequest": ("ResponseMCPApprovalRequestItem",),
    "RealtimeMCPListTools": ("ResponseMCPListToolItem",),
    "RealtimeMCPToolCall": ("ResponseMCPCallItem",),
    "RealtimeMCPError": ("MCPError",),
    "RealtimeMCPProtocolError": ("MCPProtocolError",),
    "RealtimeMCPToolExecutionError": ("MCPToolExecutionError",),
    "RealtimeMCPHTTPError": ("MCPHTTPError",),
    # responses
    "RealtimeResponse": (),
    "RealtimeResponseCreateParams": (),
    "RealtimeResponseAudio": ("ResponseAudio",),
    "RealtimeResponseAudioOutput": ("ResponseAudioOutput",),
    "RealtimeResponseCreateParamsAudio": ("ResponseCreateParamsAudio",),
    "RealtimeResponseCreateParamsAudioOutput": ("ResponseCreateParamsAudioOutput",),
    "RealtimeResponseStatusDetails": ("ResponseStatusDetails",),
    "RealtimeResponseStatusDetailsError": ("ResponseErrorDetails",),
    "RealtimeResponseUsage": ("TokenUsage",),
    "RealtimeResponseUsageInputTokenDetails": ("InputTokenDetails",),
    "RealtimeResponseUsageInputTokenDetailsCachedTokensDetails": ("CachedTokenDetails",),
    "RealtimeResponseUsageOutputTokenDetails": ("OutputTokenDetails",),
    # what events carry
    "RealtimeClientEvent": ("ClientEvent",),
    "RealtimeServerEvent": ("ServerEvent",),
    "RealtimeServerEventErrorError": ("ServerEventErrorDetails",),
    "RealtimeServerEventConversationCreatedConversation": ("ConversationDetails",),
    "RealtimeServerEventConversationItemInputAudioTranscriptionFailedError": ("VoiceLiveErrorDetails",),
    "RealtimeServerEventRateLimitsUpdatedRateLimits": ("RateLimit",),
    "RealtimeServerEventResponseContentPartAddedPart": ("ContentPart",),
    "RealtimeServerEventResponseContentPartDonePart": ("ContentPart",),
    "LogProbProperties": ("LogProbProperties",),
    "CreateTranscriptionResponseJsonUsage": ("TranscriptionUsage",),
    "TranscriptTextUsageTokens": ("TranscriptionUsageTokens",),
    "TranscriptTextUsageTokensInputTokenDetails": ("TranscriptionInputTokenDetails",),
    "TranscriptTextUsageDuration": ("TranscriptionUsageDuration",),
    # objects without declared fields
    "MCPListToolsToolAnnotations": (),
    "MCPListToolsToolInputSchema": (),
    "Metadata": (),
    "RealtimeFunctionToolParameters": (),
    "ResponsePromptVariables": (),
}

# Models of Azure's own that are one with a model of the table above.
AZURE_MODELS: Mapping[str, tuple[str, ...]] = {"AzureResponseItem": ("ResponseItem",)}

INLINE: Mapping[str, str] = {
    "MCPListToolsToolAnnotations": "Any",
    "MCPListToolsToolInputSchema": "Any",
    "Metadata": "dict[str, str]",
    "RealtimeFunctionToolParameters": "Any",
    "ResponsePromptVariables": "dict[str, str | PromptInputText | PromptInputImage | PromptInputFile]",
}

# Enums and unions.
NAMED_TYPES: Mapping[str, str] = {
    "OAIVoice": "OpenAIVoiceName",
    "OpenAI.VoiceIdsShared": "OpenAIVoiceName",
    "OpenAI.CreateTranscriptionResponseJsonUsageType": "TranscriptionUsageType",
    "OpenAI.FileInputDetail": "PromptFileDetail",
    "OpenAI.ImageDetail": "PromptImageDetail",
    "OpenAI.NoiseReductionType": "NoiseReductionType",
    "OpenAI.RealtimeAudioFormatsType": "AudioFormatType",
    "OpenAI.RealtimeClientEventType": "ClientEventType",
    "OpenAI.RealtimeServerEventType": "ServerEventType",
    "OpenAI.RealtimeConversationItemMessageType": "MessageRole",
    "OpenAI.RealtimeConversationItemType": "ItemType",
    "OpenAI.RealtimeMcpErrorType": "MCPErrorType",
    "OpenAI.RealtimeReasoningEffort": "ReasoningEffort",
    "OpenAI.RealtimeSessionCreateRequestUnionType": "SessionType",
    "OpenAI.RealtimeTurnDetectionType": "TurnDetectionType",
    "OpenAI.ToolChoiceOptions": "ToolChoiceLiteral",
    "OpenAI.ToolChoiceParamType": "ToolChoiceParamType",
    "OpenAI.ToolType": "ToolType",
    "OpenAI.RealtimeTruncation": "Truncation",
    "OpenAI.VoiceIdsOrCustomVoice": "OpenAIVoiceOrCustom",
    "VoiceLiveToolChoice": "ToolChoice",
}

# One model of the draft whose optional fields depend on its `type`, and the models that the schema has for each.
FAMILIES: Mapping[str, tuple[tuple[str, ...], ...]] = {
    "RealtimeConversationItemMessageSystemContent": (("InputTextContentPart",), ("RequestTextContentPart",)),
    "RealtimeConversationItemMessageUserContent": (
        ("InputTextContentPart", "InputAudioContentPart", "InputImageContentPart"),
        ("RequestTextContentPart", "RequestAudioContentPart", "RequestImageContentPart"),
    ),
    "RealtimeConversationItemMessageAssistantContent": (
        ("AssistantTextContentPart", "AssistantAudioContentPart"),
        ("ResponseOutputTextContentPart", "ResponseOutputAudioContentPart"),
    ),
    "RealtimeServerEventResponseContentPartAddedPart": (("ResponseTextContentPart", "ResponseAudioContentPart"),),
    "RealtimeServerEventResponseContentPartDonePart": (("ResponseTextContentPart", "ResponseAudioContentPart"),),
    "RealtimeResponseStatusDetails": (
        (
            "ResponseCompletedDetails",
            "ResponseCancelledDetails",
            "ResponseIncompleteDetails",
            "ResponseFailedDetails",
        ),
    ),
}


def names_of(model: str) -> tuple[str, ...]:
    """Return the schema's names for a model of the draft."""
    if not model.startswith(PREFIX):
        return AZURE_MODELS.get(model, (model,))
    bare = model.removeprefix(PREFIX)
    if bare in MODELS:
        return MODELS[bare]
    event = bare.removeprefix("Realtime")
    return (RESPELLED.get(event, event),)


def in_schema_names(facts: Contract) -> Contract:
    """Return the facts of the draft under the schema's names."""
    models: dict[str, Model] = {}
    for name in facts.models:
        if name.removeprefix(PREFIX) in FAMILIES:
            continue
        for side, new in enumerate(names_of(name)):
            model = _renamed(facts, name, new, side)
            models[new] = _merged(models[new], model) if new in models else model
    enums: dict[str, list[str]] = {}
    for name, values in facts.enums.items():
        enums.setdefault(NAMED_TYPES.get(name, name), []).extend(values)
    unions = {NAMED_TYPES.get(name, name): _type(one, 0) for name, one in facts.unions.items()}
    return Contract(models, {name: list(dict.fromkeys(values)) for name, values in enums.items()}, unions)


def family_members() -> set[str]:
    """Return the schema's models that a flat model of the draft stands for, and their bases."""
    bases = {name for flat in FAMILIES for name in names_of(PREFIX + flat)}
    return bases | {member for sides in FAMILIES.values() for family in sides for member in family}


def families(facts: Contract, document: Contract) -> tuple[Contract, Contract]:
    """Return the flat models of the draft and, under the same names, what the schema's models for each hold together.

    Where the draft's `type` is optional and the schema's tells the models apart is the point of it, and not compared.
    """
    flat: dict[str, Model] = {}
    joined: dict[str, Model] = {}
    for name, sides in FAMILIES.items():
        for side, family in enumerate(sides):
            key = f"{name} {SIDES[side]}" if len(sides) > 1 else name
            old = _typed(facts.models[PREFIX + name], side)
            flat[key] = old
            joined[key] = _joined([document.flat(member) for member in family], old.fields["type"])
    known = in_schema_names(facts)
    return replace(known, models=flat), replace(document, models={**document.models, **joined})


def _joined(family: Sequence[Model], tag: Field) -> Model:
    fields: dict[str, Field] = {}
    for model in family:
        for key, entry in model.fields.items():
            before = (fields[key].type,) if key in fields else ()
            fields[key] = replace(entry, type=Type.union((*before, entry.type)))
    fields["type"] = replace(fields["type"], required=tag.required, discriminator=tag.discriminator)
    return Model(fields)


def _renamed(facts: Contract, name: str, new: str, side: int) -> Model:
    model = facts.flat(name)
    base = model.base
    while base is not None and (not names_of(base) or new in names_of(base)):
        base = facts.models[base].base
    if new.startswith(REPORTED):
        side = 1
    return replace(_typed(model, side), base=_picked(names_of(base), side) if base is not None else None)


def _merged(first: Model, second: Model) -> Model:
    """Return what two models of the draft that are one in the schema hold together."""
    fields = dict(first.fields)
    for key, entry in second.fields.items():
        before = fields.get(key, entry)
        fields[key] = Field(
            type=Type.union((before.type, entry.type)),
            required=before.required and entry.required,
            discriminator=before.discriminator or entry.discriminator,
            preview=before.preview and entry.preview,
            limits={**entry.limits, **before.limits},
        )
    tags = {tag for model in (first, second) for tag in (model.tag or "").split(" or ") if tag}
    return Model(
        fields,
        base=first.base or second.base,
        tag=" or ".join(sorted(tags)) or None,
        preview=first.preview and second.preview,
    )


def _typed(model: Model, side: int) -> Model:
    fields = {key: replace(entry, type=_type(entry.type, side)) for key, entry in model.fields.items()}
    return replace(model, fields=fields)


def _type(one: Type, side: int) -> Type:
    return Type.union(_name(name, side) for name in one.alternatives)


def _name(name: str, side: int) -> Type:
    bare = name.removeprefix(PREFIX)
    if name.endswith("]"):
        opening = "list[" if name.startswith("list[") else "dict[str, "
        return Type.of([f"{opening}{_type(parse_type(name[len(opening) : -1]), side)}]"])
    if bare in INLINE:
        return parse_type(INLINE[bare])
    if name in NAMED_TYPES:
        return Type.of([NAMED_TYPES[name]])
    return Type.of([_picked(names_of(name), side)])


def _picked(names: Sequence[str], side: int) -> str:
    return names[min(side, len(names) - 1)]
