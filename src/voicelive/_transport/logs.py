"""The transport's log, without what must not be logged.

At level DEBUG, `websockets` writes the request line and every header of the handshake, so the key or token would end
up in the log, and the beginning of every message, which may hold a tool's token. Everything it writes for this package
goes through :class:`RedactingLogger`, to the logger ``voicelive.transport``.
"""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING, Any
from urllib.parse import parse_qsl, quote, urlencode, urlsplit

__all__ = ["LOGGER_NAME", "RedactingLogger", "transport_logger"]

LOGGER_NAME = "voicelive.transport"
HIDDEN = "(hidden)"

# What is shown is listed, not what is hidden: an application's own header may hold a secret under any name.
_SHOWN_HEADERS = {
    "host",
    "upgrade",
    "connection",
    "user-agent",
    "server",
    "date",
    "content-type",
    "content-length",
    "retry-after",
    "apim-request-id",
    "x-ms-request-id",
    "x-request-id",
}
_SHOWN_PARAMETERS = {
    "api-version",
    "model",
    "agent-name",
    "agent-project-name",
    "agent-version",
    "x-ms-client-sdk",
    "x-ms-client-request-id",
}

_CODE_SIZE = 2

if TYPE_CHECKING:
    _Adapter = logging.LoggerAdapter[logging.Logger]
else:
    _Adapter = logging.LoggerAdapter


class RedactingLogger(_Adapter):
    """A logger for the transport that hides header values, query values and the content of messages."""

    def log(self, level: int, msg: object, *args: object, **kwargs: Any) -> None:
        """Log one record; handshake lines lose their values."""
        if msg == "keepalive ping failed":
            # The application learns of a broken connection by an error; it needs no traceback in the log too.
            level = logging.DEBUG
        if not self.isEnabledFor(level):
            return
        super().log(level, msg, *_redacted(str(msg), args), **kwargs)

    def process(self, msg: Any, kwargs: Any) -> tuple[Any, Any]:
        """Pass the record on as it is; the transport's own extra stays."""
        return msg, kwargs


def transport_logger() -> RedactingLogger:
    """Return the logger that the transport writes to."""
    return RedactingLogger(logging.getLogger(LOGGER_NAME), {})


def _redacted(message: str, args: tuple[object, ...]) -> tuple[object, ...]:
    if " GET " in message or " CONNECT " in message:
        return tuple(_without_secrets(str(arg)) for arg in args)
    if message in {"> %s: %s", "< %s: %s"} and len(args) == len(("name", "value")):
        name = str(args[0]).lower()
        shown = name in _SHOWN_HEADERS or name.startswith("sec-websocket-")
        return args if shown else (args[0], HIDDEN)
    if message.startswith("< HTTP/1.1") and len(args) == len(("status", "phrase")):
        # The phrase is the service's own, and says nothing that the status does not.
        return args[0], HIDDEN
    if message in {"> %s", "< %s"}:
        return tuple(_without_content(arg) for arg in args)
    return args


def _without_content(frame: object) -> object:
    """Describe a frame by its kind and size, and by its close code: a reason may repeat the credential."""
    opcode = getattr(getattr(frame, "opcode", None), "name", None)
    if opcode is None:
        return frame
    data = bytes(getattr(frame, "data", b""))
    code = f" {int.from_bytes(data[:2], 'big')}" if opcode == "CLOSE" and len(data) >= _CODE_SIZE else ""
    return f"{opcode}{code} [{len(data)} bytes]"


def _without_secrets(target: str) -> str:
    parts = urlsplit(target)
    if not parts.query:
        return target
    pairs = [
        (name, value if name in _SHOWN_PARAMETERS else HIDDEN)
        for name, value in parse_qsl(parts.query, keep_blank_values=True)
    ]
    query = urlencode(pairs, quote_via=quote, safe="()")
    return parts._replace(query=query).geturl()
