"""What the user gives besides speech: text and images as a message, or an error that says what does not fit."""

from __future__ import annotations

import base64
from typing import Any

import pytest

from voicelive import ConfigurationError
from voicelive._core.conversation.user_message import user_message

PNG = b"\x89PNG\r\n\x1a\n" + bytes(8)
FILES = {
    "png": PNG,
    "jpeg": b"\xff\xd8\xff\xe0" + bytes(8),
    "gif": b"GIF89a" + bytes(8),
    "webp": b"RIFF\x00\x00\x00\x00WEBPVP8 ",
}


def shown(*images: Any) -> list[str]:
    message = user_message(None, images)
    assert message is not None
    return [part["image_url"] for part in message["content"] if part["type"] == "input_image"]


@pytest.mark.parametrize("kind", FILES)
def test_files_are_sent_as_what_they_are(kind: str) -> None:
    """The kind is read from the bytes; any object that holds bytes will do."""
    data = FILES[kind]
    expected = f"data:image/{kind};base64,{base64.b64encode(data).decode()}"
    assert shown(data, bytearray(data), memoryview(data)) == [expected] * 3


def test_addresses_are_sent_as_they_are() -> None:
    """The service fetches them."""
    addresses = ["https://example.com/a.png", "http://example.com/a.png", "data:image/png;base64,AAAA"]
    assert shown(*addresses) == addresses


def test_text_comes_first() -> None:
    """One message with both; none without either."""
    message = user_message("What is this?", [PNG])
    assert message is not None
    assert (message["type"], message["role"]) == ("message", "user")
    assert [part["type"] for part in message["content"]] == ["input_text", "input_image"]
    assert user_message(None, []) is None


@pytest.mark.parametrize(
    ("text", "images", "told"),
    [
        (" ", [], "text that is not blank, not ' '"),
        (b"hi", [], "text that is not blank, not b'hi'"),
        (None, PNG, "takes a list of images, not bytes"),
        (None, "https://example.com/a.png", "takes a list of images, not str"),
        (None, 1, "takes a list of images, not int"),
        (None, ["photo.png"], "'photo.png' is not the address of an image"),
        (None, [1], "as bytes or as an address, not as int"),
        (None, [b"%PDF-1.7"], "begins with b'%PDF-1.7' is not PNG, JPEG, GIF or WebP"),
        (None, [b""], "begins with b'' is not"),
    ],
)
def test_what_does_not_fit_is_refused(text: Any, images: Any, told: str) -> None:
    """The error shows what was given, and says what to give."""
    with pytest.raises(ConfigurationError, match=told.replace("(", r"\(")):
        user_message(text, images)
