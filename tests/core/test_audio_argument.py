"""What counts as audio: raw 16-bit PCM in anything that has bytes, or base64 text."""

from __future__ import annotations

import array
import base64
import ctypes
import json
import mmap
from collections.abc import Callable
from typing import Any

import pytest

from voicelive._core.contract import WireContract
from voicelive.errors import InvalidEventError
from voicelive.models import ClientEventInputAudioBufferAppend, InputAudioContentPart

CONTRACT = WireContract("2026-07-15", check="ignore")
PCM = bytes(range(256)) * 4


def sent(audio: Any) -> list[bytes]:
    """What arrives when `audio` is sent in each of the ways there are."""
    part = {"type": "input_audio", "audio": audio}
    item = {"type": "message", "role": "user", "content": [part]}
    messages = [
        CONTRACT.encode_call("input_audio_buffer.append", {"audio": audio, "event_id": None}).data,
        CONTRACT.encode_event({"type": "input_audio_buffer.append", "audio": audio}).data,
        CONTRACT.encode_event(ClientEventInputAudioBufferAppend(audio=audio)).data,
    ]
    texts = [json.loads(message)["audio"] for message in messages]
    texts.append(
        json.loads(CONTRACT.encode_call("conversation.item.create", {"item": item}).data)["item"]["content"][0]["audio"]
    )
    texts.append(InputAudioContentPart(audio=audio).audio)
    return [base64.b64decode(text, validate=True) for text in texts]


def mapped() -> mmap.mmap:
    memory = mmap.mmap(-1, len(PCM))
    memory.write(PCM)
    return memory


def matrix(kind: Any, *shape: int) -> Any:
    """An array of more than one dimension, as numpy's are seen through the buffer protocol."""
    size = shape[0] * shape[1]
    return memoryview(array.array(kind, [1] * size)).cast("B").cast(kind, list(shape))


RAW: dict[str, tuple[Any, bytes]] = {
    "bytes": (PCM, PCM),
    "bytearray": (bytearray(PCM), PCM),
    "memoryview": (memoryview(PCM), PCM),
    "int16 array": (array.array("h", PCM), PCM),
    "unsigned view": (memoryview(PCM).cast("H"), PCM),
    "signed bytes": (memoryview(PCM).cast("b"), PCM),
    "every second byte": (memoryview(PCM)[::2], PCM[::2]),
    "mmap": (mapped(), PCM),
    "ctypes": ((ctypes.c_int16 * 2)(1, 2), b"\x01\x00\x02\x00"),
    "one column": (matrix("h", 4, 1), b"\x01\x00" * 4),
    "one row": (matrix("h", 1, 4), b"\x01\x00" * 4),
    "silence": (bytes(320), bytes(320)),
    "a few letters": (b"abcd", b"abcd"),
    "letters of another length": (b"abc" * 11, b"abc" * 11),
    "letters and a zero": (b"abcd" * 100 + bytes(4), b"abcd" * 100 + bytes(4)),
    "nothing": (b"", b""),
}


@pytest.mark.parametrize(("audio", "expected"), RAW.values(), ids=RAW)
def test_bytes_of_any_kind_are_raw_audio(audio: Any, expected: bytes) -> None:
    """Whatever gives its bytes is sent as those bytes, in every way of sending."""
    assert sent(audio) == [expected] * 5


REFUSED: dict[str, tuple[Any, str]] = {
    "base64 as bytes": (base64.b64encode(PCM), "base64 text given as bytes"),
    "base64 as bytearray": (bytearray(base64.b64encode(PCM)), "base64 text given as bytes"),
    "base64 as memoryview": (memoryview(base64.b64encode(PCM)), "base64 text given as bytes"),
    "base64 of silence": (base64.b64encode(bytes(320)), "base64 text given as bytes"),
    "URL-safe base64": (base64.urlsafe_b64encode(b"\xff" * 64), "base64 text given as bytes"),
    "short base64": (base64.b64encode(b"\x01\x02\x03\x04"), "base64 text given as bytes"),
    "floats": (array.array("f", [0.5, -0.5]), r"an array of floats.*astype\('int16'\)"),
    "doubles": (array.array("d", [0.5, -0.5]), r"an array of floats.*astype\('int16'\)"),
    "32-bit numbers": (array.array("i", [1, 2]), r"an array of items 'i'.*astype\('int16'\)"),
    "two channels": (matrix("h", 4, 2), r"shape \(4, 2\).*audio\[:, 0\]"),
    "two channels of floats": (matrix("f", 4, 2), "an array of floats"),
    "a list": ([1, 2], "base64 text|valid string"),
}


@pytest.mark.parametrize(("audio", "says"), REFUSED.values(), ids=REFUSED)
def test_what_cannot_be_the_audio_that_is_meant_is_refused(audio: Any, says: str) -> None:
    """Base64 in bytes, floats and several channels would be heard as noise: refused by name, with what to do."""
    sends: list[Callable[[], object]] = [
        lambda: CONTRACT.encode_call("input_audio_buffer.append", {"audio": audio, "event_id": None}).data,
        lambda: CONTRACT.encode_event({"type": "input_audio_buffer.append", "audio": audio}).data,
    ]
    for send in sends:
        with pytest.raises(InvalidEventError, match=says) as caught:
            send()
        assert [issue.path for issue in caught.value.issues] == ["audio"]
    with pytest.raises(ValueError, match=says):
        ClientEventInputAudioBufferAppend(audio=audio)
    item = {"type": "message", "role": "user", "content": [{"type": "input_audio", "audio": audio}]}
    with pytest.raises(InvalidEventError, match=says) as caught:
        CONTRACT.encode_call("conversation.item.create", {"item": item})
    assert caught.value.issues[0].path == "item.content[0].audio"
