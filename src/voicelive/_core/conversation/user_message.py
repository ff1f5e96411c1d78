"""What the user gives besides speech: text and images, as a message of the conversation."""

from collections.abc import Iterable
from typing import Any

from pybase64 import b64encode_as_string

from ...errors import ConfigurationError

__all__ = ["user_message"]

_KINDS = (
    ("image/png", 0, b"\x89PNG\r\n\x1a\n"),
    ("image/jpeg", 0, b"\xff\xd8\xff"),
    ("image/gif", 0, b"GIF8"),
    ("image/webp", 8, b"WEBP"),
)
"""How files of each kind of image show what they are: where, and by which bytes."""


def user_message(text: str | None, images: Iterable[bytes | str]) -> dict[str, Any] | None:
    """Return the item of a message of the user's; None without text and images.

    Raises:
        ConfigurationError: if the text is blank, or an image is not one.
    """
    content: list[dict[str, Any]] = []
    if text is not None:
        if not isinstance(text, str) or not text.strip():
            raise ConfigurationError(f"respond() takes text that is not blank, not {text!r}")
        content.append({"type": "input_text", "text": text})
    if isinstance(images, (str, bytes, bytearray, memoryview)) or not isinstance(images, Iterable):
        raise ConfigurationError(f"respond(images=…) takes a list of images, not {type(images).__name__}")
    content.extend({"type": "input_image", "image_url": _address(image)} for image in images)
    return {"type": "message", "role": "user", "content": content} if content else None


def _address(image: object) -> str:
    if isinstance(image, str):
        if not image.startswith(("data:image/", "https://", "http://")):
            raise ConfigurationError(
                f"{image[:40]!r} is not the address of an image: give one that begins with https: or data:image/, or "
                "the bytes of the file"
            )
        return image
    if not isinstance(image, (bytes, bytearray, memoryview)):
        raise ConfigurationError(f"an image is given as bytes or as an address, not as {type(image).__name__}")
    data = bytes(image)
    for kind, start, mark in _KINDS:
        if data[start : start + len(mark)] == mark:
            return f"data:{kind};base64,{b64encode_as_string(data)}"
    raise ConfigurationError(f"an image that begins with {data[:8]!r} is not PNG, JPEG, GIF or WebP: convert it")
