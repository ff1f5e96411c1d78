"""Where the document of the v1 draft differs from its fact table, read under the schema's names: what, and why."""

from __future__ import annotations

from .explained import (
    BASE64,
    NOT_NEGATIVE,
    NULL,
    POSITIVE,
    SENSE,
    SENSIBLE,
    SENSIBLE_SCENE,
    SENSIBLE_TEXT,
    SESSIONS,
    Explained,
    types,
    unsaid,
)
from .v1_names import family_members

V1 = ("v1",)

ITEMS = tuple(f"{role}MessageItem" for role in ("System", "User", "Assistant"))
MCP_ITEMS = ("MCPApprovalResponseRequestItem", *(f"ResponseMCP{name}Item" for name in ("ApprovalRequest", "Call")))
INCLUDING = (*SESSIONS, "RequestTranscriptionSession", "ResponseTranscriptionSession")
AUDIO_INPUT = {
    "transcription": "AudioInputTranscriptionOptions",
    "noise_reduction": "AudioNoiseReduction",
    "turn_detection": "TurnDetection",
    "echo_cancellation": "AudioEchoCancellation",
}
REALTIME_MODELS = " | ".join(
    f'"{name}"'
    for name in (
        "gpt-4o-mini-realtime-preview",
        "gpt-4o-mini-realtime-preview-2024-12-17",
        "gpt-4o-realtime-preview",
        "gpt-4o-realtime-preview-2024-10-01",
        "gpt-4o-realtime-preview-2024-12-17",
        "gpt-4o-realtime-preview-2025-06-03",
        "gpt-audio-1.5",
        "gpt-audio-mini",
        "gpt-audio-mini-2025-10-06",
        "gpt-audio-mini-2025-12-15",
        "gpt-realtime",
        "gpt-realtime-1.5",
        "gpt-realtime-2",
        "gpt-realtime-2025-08-28",
        "gpt-realtime-mini",
        "gpt-realtime-mini-2025-10-06",
        "gpt-realtime-mini-2025-12-15",
    )
)
# Server events that the draft takes from OpenAI's interface, which requires an id of each.
WITH_EVENT_ID = [
    "ConversationCreated",
    "ConversationItemAdded",
    "ConversationItemCreated",
    "ConversationItemDeleted",
    "ConversationItemDone",
    "ConversationItemInputAudioTranscriptionCompleted",
    "ConversationItemInputAudioTranscriptionDelta",
    "ConversationItemInputAudioTranscriptionFailed",
    "ConversationItemInputAudioTranscriptionSegment",
    "ConversationItemRetrieved",
    "ConversationItemTruncated",
    "Error",
    "InputAudioBufferCleared",
    "InputAudioBufferCommitted",
    "InputAudioBufferSpeechStarted",
    "InputAudioBufferSpeechStopped",
    "InputAudioBufferTimeoutTriggered",
    "McpListToolsCompleted",
    "McpListToolsFailed",
    "McpListToolsInProgress",
    "OutputAudioBufferCleared",
    "OutputAudioBufferStarted",
    "OutputAudioBufferStopped",
    "RateLimitsUpdated",
    "ResponseContentPartAdded",
    "ResponseContentPartDone",
    "ResponseCreated",
    "ResponseDone",
    "ResponseFunctionCallArgumentsDelta",
    "ResponseFunctionCallArgumentsDone",
    "ResponseMcpCallArgumentsDelta",
    "ResponseMcpCallArgumentsDone",
    "ResponseMcpCallCompleted",
    "ResponseMcpCallFailed",
    "ResponseMcpCallInProgress",
    "ResponseOutputAudioDelta",
    "ResponseOutputAudioDone",
    "ResponseOutputAudioTranscriptDelta",
    "ResponseOutputAudioTranscriptDone",
    "ResponseOutputItemAdded",
    "ResponseOutputItemDone",
    "ResponseOutputTextDelta",
    "ResponseOutputTextDone",
    "SessionCreated",
    "SessionUpdated",
]
WITH_LONG_EVENT_ID = [
    "ConversationItemCreate",
    "ConversationItemDelete",
    "ConversationItemRetrieve",
    "ConversationItemTruncate",
    "InputAudioBufferAppend",
    "InputAudioBufferClear",
    "InputAudioBufferCommit",
    "ResponseCancel",
    "ResponseCreate",
    "SessionUpdate",
]


def untold(limit: str, value: str, *paths: str) -> tuple[str, ...]:
    """Lines for constraints and defaults that the facts have and the document has not."""
    return tuple(f"{path}: {limit} {value}, here nothing" for path in paths)


def nullable(kind: str, *paths: str) -> tuple[str, ...]:
    """Lines for fields that the facts allow to be null."""
    return types(f"{kind} | None", kind, *paths)


EXPLAINED_V1 = (
    Explained(
        SENSE,
        V1,
        unsaid(
            [
                *SENSIBLE,
                *SENSIBLE_SCENE,
                *SENSIBLE_TEXT,
                *((f"{session}.max_output_tokens", POSITIVE) for session in SESSIONS),
                ("AudioFormatPcm.rate", POSITIVE),
                ("AudioInputConfig.sampling_rate", POSITIVE),
                ("ServerVad.idle_timeout_ms", NOT_NEGATIVE),
            ]
        ),
    ),
    Explained(
        "The service sends it with every error.",
        V1,
        ("ResponseErrorDetails.message: is not in the facts",),
    ),
    Explained(
        "One class is there for all versions: an event's id is a field of its base, which leaves it optional and has "
        "room for any text.",
        V1,
        (
            *(f"ServerEvent{name}.event_id: required true, here false" for name in WITH_EVENT_ID),
            *untold("maxLength", "512", *(f"ClientEvent{name}.event_id" for name in WITH_LONG_EVENT_ID)),
        ),
    ),
    Explained(
        "One class is there for all versions: the ids of items are a field of their base, with what it says of them.",
        V1,
        (
            *(f"{name}.id: required true, here false" for name in (*MCP_ITEMS, "ResponseMCPApprovalResponseItem")),
            "ConversationRequestItem.id: is not in the facts",
        ),
    ),
    Explained(
        "The draft tells messages from other items without a common base; the schema's messages are items, told by "
        "`type`, and hold what all messages have.",
        V1,
        (
            "MessageItem: extends nothing, here ConversationRequestItem",
            "MessageItem: is told by nothing, here message",
            *(f"MessageItem.{key}: is not in the facts" for key in ("type", "id", "content", "status", "object")),
            *(f"{name}.type: tells the model false, here true" for name in ITEMS),
            "ResponseMessageItem: extends nothing, here ResponseItem",
            "ResponseMessageItem: is told by assistant or system or user, here message",
            "ResponseMessageItem.role: tells the model true, here false",
            "ResponseMessageItem.type: tells the model false, here true",
        ),
    ),
    Explained(
        "The draft writes as a union what the schema has as a base and its models.",
        V1,
        (
            "union ConversationRequestItem is missing",
            "union ResponseItem is missing",
            "union VoiceLiveTool is missing",
            "FunctionTool: extends nothing, here Tool",
            "FunctionTool: is told by nothing, here function",
            "FunctionTool.type: required false, here true",
            "FunctionTool.type: tells the model false, here true",
        ),
    ),
    Explained(
        "The draft has one model with optional fields where the schema has one for each `type`; what they hold is "
        "compared apart.",
        V1,
        tuple(f"model {name} is not in the facts" for name in sorted(family_members())),
    ),
    Explained(
        "The draft tells kinds of sessions by their `type`; the schema keeps the classes of the dated versions, which "
        "have no such base.",
        V1,
        (
            *(f"{name}.type: tells the model true, here false" for name in SESSIONS),
            "RequestTranscriptionSession: is told by transcription, here nothing",
            "RequestTranscriptionSession.type: tells the model true, here false",
        ),
    ),
    Explained(
        "The draft allows a transcription session as well, told by its `type`, which sessions of the dated versions do "
        "not have. The events name the session they always had, so that what an application sets is checked against "
        "that one alone and read without asking for its kind.",
        V1,
        (
            *types(
                "RequestSession | RequestTranscriptionSession", "RequestSession", "ClientEventSessionUpdate.session"
            ),
            *types(
                "ResponseSession | ResponseTranscriptionSession",
                "ResponseSession",
                "ServerEventSessionCreated.session",
                "ServerEventSessionUpdated.session",
            ),
        ),
    ),
    Explained(
        "The draft has a second, poorer model for what is reported: of a transcription session's noise reduction and "
        "its turn detection.",
        V1,
        ("AudioNoiseReduction.type: required false, here true", "ServerVad.type: required false, here true"),
    ),
    Explained(
        "The draft lists the values where they are used; the schema has named them since the dated versions.",
        V1,
        tuple(
            f"enum {name} is not in the facts"
            for name in (
                "ContentPartType",
                "ItemParamStatus",
                "MCPApprovalType",
                "Modality",
                "RequestImageContentPartDetail",
                "ResponseItemStatus",
                "ResponseStatus",
            )
        ),
    ),
    Explained(
        "The schema lists the values where they are used.",
        V1,
        ("enum NoiseReductionType is missing",),
    ),
    Explained(
        "Nothing in the draft uses these enums, or only models that no session can hold.",
        V1,
        (
            "enum AudioInputTranscriptionModel is missing",
            "enum ToolChoiceParamType is missing",
            *(
                f"ToolType: value {value!r} is missing"
                for value in (
                    "file_search",
                    "computer",
                    "computer_use_preview",
                    "web_search",
                    "code_interpreter",
                    "image_generation",
                    "local_shell",
                    "shell",
                    "custom",
                    "namespace",
                    "tool_search",
                    "web_search_preview",
                    "apply_patch",
                )
            ),
        ),
    ),
    Explained(
        "The API versions are no part of what goes over the wire.",
        V1,
        ("enum Versions is missing",),
    ),
    Explained(
        "These values exist in the draft as constants of models, but are not listed in its enum.",
        V1,
        (
            "ItemType: value 'message' is not in the facts",
            *(
                f"TurnDetectionType: value '{value}' is not in the facts"
                for value in ("azure_semantic_vad", "azure_semantic_vad_en", "azure_semantic_vad_multilingual")
            ),
        ),
    ),
    Explained(
        "Names of models come and go, and values not listed are allowed: plain text says the same.",
        V1,
        types(REALTIME_MODELS, "str", *(f"{session}.model" for session in SESSIONS)),
    ),
    Explained(
        "The draft defines all values of the enum, but lets a session name only this one; the schema allows all.",
        V1,
        types(
            'list["item.input_audio_transcription.logprobs"]',
            "list[SessionIncludeOption]",
            *(f"{session}.include" for session in INCLUDING),
        ),
    ),
    Explained(
        "The one rate there is today is the default, so that others can follow.",
        V1,
        (*types("24000", "int", "AudioFormatPcm.rate"), *unsaid([("AudioFormatPcm.rate", {"default": 24000})])),
    ),
    Explained(
        "The value known from the dated versions is named; any other is allowed.",
        V1,
        types("str", '"realtime.transcription_session"', "ResponseTranscriptionSession.object"),
    ),
    Explained(
        BASE64,
        V1,
        types(
            "str",
            "bytes",
            "ClientEventInputAudioBufferAppend.audio",
            "ClientEventInputAudioTurnAppend.audio",
            "ServerEventResponseVideoDelta.delta",
            "RealtimeConversationItemMessageUserContent sent.audio",
            "RealtimeConversationItemMessageUserContent reported.audio",
            "RealtimeConversationItemMessageAssistantContent sent.audio",
            "RealtimeConversationItemMessageAssistantContent reported.audio",
            "RealtimeServerEventResponseContentPartAddedPart.audio",
            "RealtimeServerEventResponseContentPartDonePart.audio",
        ),
    ),
    Explained(
        NULL,
        V1,
        (
            *types("AvatarConfig", "AvatarConfig | None", *(f"{session}.avatar" for session in SESSIONS)),
            *(
                line
                for field, name in AUDIO_INPUT.items()
                for line in types(name, f"{name} | None", f"AudioInputConfig.{field}")
            ),
            *types(
                "AudioNoiseReduction", "AudioNoiseReduction | None", "TranscriptionSessionAudioInput.noise_reduction"
            ),
        ),
    ),
    Explained(
        "The schema marks as nullable only what null turns off; what the service sends may be null anywhere.",
        V1,
        (
            *nullable(
                "str",
                "MCPApprovalResponseRequestItem.reason",
                "MCPTool.description",
                "ResponseMCPApprovalResponseItem.reason",
                "ResponseMCPCallItem.approval_request_id",
                "ResponseMCPCallItem.output",
                "ServerEventConversationItemAdded.previous_item_id",
                "ServerEventConversationItemCreated.previous_item_id",
                "ServerEventConversationItemDone.previous_item_id",
                "ServerEventErrorDetails.code",
                "ServerEventErrorDetails.event_id",
                "ServerEventErrorDetails.param",
                "ServerEventInputAudioBufferCommitted.previous_item_id",
                "ServerEventResponseMcpCallArgumentsDelta.obfuscation",
            ),
            *nullable("Any", "MCPTool.annotations"),
            *nullable("dict[str, str]", "Response.metadata", "ResponseCreateParams.metadata"),
            *nullable(
                "list[LogProbProperties]",
                "ServerEventConversationItemInputAudioTranscriptionCompleted.logprobs",
                "ServerEventConversationItemInputAudioTranscriptionDelta.logprobs",
            ),
        ),
    ),
    Explained(
        "Constraints and defaults cannot differ between versions in the schema; this document shows those of "
        "2026-07-15.",
        V1,
        (
            *unsaid(
                [
                    ("ServerVad.threshold", {"minimum": 0, "maximum": 1}),
                    ("ServerVad.auto_truncate", {"default": False}),
                    *((f"{session}.parallel_tool_calls", {"default": True}) for session in SESSIONS),
                ]
            ),
            "ServerVad.create_response: default true, here false",
            "ServerVad.interrupt_response: default true, here false",
            *untold("default", "auto", *(f"{session}.tool_choice" for session in SESSIONS)),
            *untold("default", "auto", "ResponseCreateParams.tool_choice"),
            *untold("default", "auto", "RealtimeConversationItemMessageUserContent reported.detail"),
            *untold("default", "always", "MCPServer.require_approval"),
            *untold("minLength", "1", *(f"Azure{kind}Voice.name" for kind in ("Custom", "Personal", "Standard"))),
            *untold("minLength", "1", "AzureCustomVoice.endpoint_id"),
            *untold("minItems", "2", "VideoCrop.top_left", "VideoCrop.bottom_right"),
            *untold("maxItems", "2", "VideoCrop.top_left", "VideoCrop.bottom_right"),
        ),
    ),
    Explained(
        "A constant is its own default.",
        V1,
        tuple(
            f"PromptInput{kind.title()}.type: default input_{kind}, here nothing" for kind in ("file", "image", "text")
        ),
    ),
    Explained(
        "Addresses are plain text in every version.",
        V1,
        untold(
            "format",
            "uri",
            "ActionFind.url",
            "ActionOpenPage.url",
            "ActionSearchSource.url",
            "IceServer.urls",
            "MCPServer.server_url",
            "PromptInputFile.file_url",
            "PromptInputImage.image_url",
            "RealtimeConversationItemMessageUserContent sent.image_url",
            "RealtimeConversationItemMessageUserContent reported.image_url",
        ),
    ),
)
