"""Messages of the vendors', as their documentation shows them, with ids of our own."""

from __future__ import annotations

import base64
import json
from typing import Any

SOUND = bytes(range(160))
PAYLOAD = base64.b64encode(SOUND).decode()
CALL = "CA0123456789abcdef0123456789abcdef"
STREAM = "MZ0123456789abcdef0123456789abcdef"
SESSION = "e160e428-53e2-487c-977d-96989bf5c99d"
CONVERSATION = "090eaa2f-72fa-480a-83e0-8667ff89c0ec"


def twilio(event: str, **more: Any) -> str:
    return json.dumps({"event": event, "sequenceNumber": "2", "streamSid": STREAM, **more})


TWILIO_CONNECTED = json.dumps({"event": "connected", "protocol": "Call", "version": "1.0.0"})
TWILIO_START = twilio(
    "start",
    start={
        "streamSid": STREAM,
        "accountSid": "AC0123456789abcdef0123456789abcdef",
        "callSid": CALL,
        "tracks": ["inbound"],
        "customParameters": {"caller": "+15550100", "called": "+15550199", "remote": "yes"},
        "mediaFormat": {"encoding": "audio/x-mulaw", "sampleRate": 8000, "channels": 1},
    },
)
TWILIO_MEDIA = twilio("media", media={"track": "inbound", "chunk": "1", "timestamp": "5", "payload": PAYLOAD})
TWILIO_DTMF = twilio("dtmf", dtmf={"track": "inbound_track", "digit": "1"})
TWILIO_MARK = twilio("mark", mark={"name": "v1"})
TWILIO_STOP = twilio("stop", stop={"accountSid": "AC0123456789abcdef0123456789abcdef", "callSid": CALL})


def acs(kind: str, **more: Any) -> str:
    return json.dumps({"kind": kind, **more})


def acs_metadata(**changes: Any) -> str:
    shape = {"subscriptionId": "sub-1", "encoding": "PCM", "sampleRate": 24000, "channels": 1, "length": 960}
    return acs("AudioMetadata", audioMetadata=shape | changes)


def acs_audio(audio: bytes = SOUND, **changes: Any) -> str:
    data = {
        "timestamp": "2024-11-15T19:16:12.925Z",
        "participantRawID": "8:acs:3d20e1de",
        "data": base64.b64encode(audio).decode(),
        "silent": False,
    }
    return acs("AudioData", audioData=data | changes)


ACS_DTMF = acs("DtmfData", dtmfData={"data": "5"})


def genesys(kind: str, seq: int, **parameters: Any) -> str:
    return json.dumps(
        {
            "version": "2",
            "id": SESSION,
            "type": kind,
            "seq": seq,
            "serverseq": 1,
            "position": "PT1.5S",
            "parameters": parameters,
        }
    )


def genesys_media(*channels: str, format: str = "PCMU") -> dict[str, Any]:
    return {"type": "audio", "format": format, "channels": list(channels), "rate": 8000}


def genesys_open(**changes: Any) -> str:
    parameters: dict[str, Any] = {
        "organizationId": "d7934305-0972-4844-938e-9060eef73d05",
        "conversationId": CONVERSATION,
        "participant": {
            "id": "883efee8-3d6c-4537-b500-6d7ca4b92fa0",
            "ani": "+15550100",
            "aniName": "Ann Example",
            "dnis": "+15550199",
        },
        "media": [genesys_media("external", "internal"), genesys_media("external")],
        "language": "en-US",
        "inputVariables": {"shop": "12"},
    }
    return genesys("open", 1, **parameters | changes)
