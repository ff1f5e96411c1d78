"""Base64, read and written: the fast way gives what the strict and the lenient reading give, in every form."""

from __future__ import annotations

import base64
import json
from collections.abc import Callable
from typing import Any

import pytest
from hypothesis import example, given
from hypothesis import strategies as st
from pydantic import ConfigDict, TypeAdapter

from tests.samples import sample_event
from voicelive._base import decode_base64, encode_base64, standard_base64
from voicelive._core.codec import decode_client_event, decode_server_event
from voicelive._core.contract import WireContract
from voicelive.errors import InvalidEventError
from voicelive.models import ServerEventResponseAudioDelta

CONTRACT = WireContract("2026-07-15", check="ignore")
DELTA = sample_event("ServerEventResponseAudioDelta", full=True)
# A second implementation, in Rust; it takes JSON text rather than Python strings here.
REFERENCE = TypeAdapter(bytes, config=ConfigDict(val_json_bytes="base64"))

# Around the block sizes of the vector instructions, and with each of the three paddings.
RAW = st.one_of(
    st.binary(max_size=200),
    st.integers(0, 5000).map(lambda size: bytes(index * 151 % 256 for index in range(size))),
)
STANDARD = RAW.map(lambda raw: base64.b64encode(raw).decode())
URL_SAFE = RAW.map(lambda raw: base64.urlsafe_b64encode(raw).decode())
WHOLE = st.one_of(STANDARD, URL_SAFE)
SYMBOLS = "ABQRTefgjkw0189+/-_="


@st.composite
def with_one_change(draw: st.DrawFn) -> str:
    """A text with one character put in, left out or changed, near its end more often than not."""
    text: str = draw(WHOLE)
    place = len(text) - min(len(text), draw(st.one_of(st.integers(0, 4), st.integers(0, 200))))
    character = draw(st.sampled_from([*SYMBOLS, " ", "\n", "\r", "\0", "!", "é", "\uff21", "😀"]))
    instead: str = draw(st.sampled_from(["", character]))
    return text[:place] + instead + text[place + draw(st.integers(0, 1)) :]


TEXTS = st.one_of(
    WHOLE,
    WHOLE.map(lambda text: text.rstrip("=")),
    st.tuples(WHOLE, st.sampled_from(["=", "==", "===", "===="])).map("".join),
    st.tuples(WHOLE, WHOLE).map("".join),
    with_one_change(),
    st.text(SYMBOLS, max_size=12),
    st.text(max_size=20),
    WHOLE.map(lambda text: "\r\n".join(text[start : start + 76] for start in range(0, len(text), 76))),
)


def read_strictly(text: str) -> bytes | None:
    """What the reference makes of `text`; None where it refuses it."""
    try:
        return REFERENCE.validate_json(json.dumps(text, ensure_ascii=False))
    except ValueError:
        return None


def read_leniently(text: str) -> tuple[bytes, list[tuple[str, str]]]:
    """The bytes and the issues of a received field, from the reference and the standard library."""
    if (strictly := read_strictly(text)) is not None:
        return strictly, []
    try:
        return base64.b64decode(text), [("delta", "not clean base64: other characters were skipped")]
    except ValueError as error:
        return b"", [("delta", f"not base64: {error}")]


@given(TEXTS)
@example("QR==")
@example("QUJ=")
@example("QQ=")
@example("QUJD=")
@example("====")
@example("QQ==QQ==")
@example("+_A=")
def test_received_text_reads_as_the_reference_reads_it(text: str) -> None:
    """Valid, URL-safe, unpadded, odd, broken over lines or garbage: the same bytes and the same issues."""
    event = decode_server_event(json.dumps({**DELTA, "delta": text}))
    assert isinstance(event, ServerEventResponseAudioDelta)
    decoded, issues = read_leniently(text)
    assert event.delta_bytes == decoded
    assert [(issue.path, issue.message) for issue in event.issues] == issues
    assert all(issue.value == text for issue in event.issues)
    assert event.delta == text


@given(TEXTS)
@example("QR==")
@example("QUJ=")
@example("_-==")
@example("QUJD\n")
def test_sent_text_is_taken_or_refused_as_the_reference_says(text: str) -> None:
    """What the reference reads goes out in the standard form with the same bytes; the rest is refused, on each way."""
    expected = read_strictly(text)
    ways: list[Callable[[], Any]] = [
        lambda: json.loads(CONTRACT.encode_call("input_audio_buffer.append", {"audio": text, "event_id": None}).data),
        lambda: json.loads(CONTRACT.encode_event({"type": "input_audio_buffer.append", "audio": text}).data),
        lambda: decode_client_event(json.dumps({"type": "input_audio_buffer.append", "audio": text})).to_dict(),
    ]
    for way in ways:
        if expected is None:
            with pytest.raises(InvalidEventError, match="audio"):
                way()
        else:
            assert way()["audio"] == base64.b64encode(expected).decode()


@given(TEXTS)
@example("QR==")
@example("QUJ=")
def test_the_strict_functions_refuse_what_the_reference_refuses(text: str) -> None:
    """Both functions that the local service and the client share raise ValueError exactly where the reference does."""
    expected = read_strictly(text)
    if expected is None:
        for function in (decode_base64, standard_base64):
            with pytest.raises(ValueError, match="base64"):
                function(text)
    else:
        assert decode_base64(text) == expected
        assert standard_base64(text) == base64.b64encode(expected).decode()


@given(RAW)
def test_raw_bytes_are_written_in_the_standard_form(raw: bytes) -> None:
    """Whatever holds the bytes, contiguous or not, the text is what the standard library writes."""
    text = base64.b64encode(raw).decode()
    assert encode_base64(raw) == encode_base64(bytearray(raw)) == encode_base64(memoryview(raw)) == text
    assert encode_base64(memoryview(raw)[::2]) == base64.b64encode(raw[::2]).decode()
    assert decode_base64(text) == raw


@pytest.mark.parametrize("value", [None, b"QUJD", bytearray(b"QUJD"), memoryview(b"QUJD"), 17, ["QUJD"]])
def test_only_text_is_decoded(value: Any) -> None:
    """A value that is not text is refused with ValueError, although the decoder would take bytes."""
    with pytest.raises(ValueError, match="string"):
        decode_base64(value)
