"""Every error this package raises. All derive from :class:`VoiceLiveError`, which is an azure-core ``AzureError``.

No message, attribute or ``repr`` here ever holds a key, a token or a secret of a query string.
"""

from __future__ import annotations

import builtins
from collections.abc import Mapping, Sequence
from types import MappingProxyType
from typing import TYPE_CHECKING

from azure.core.exceptions import AzureError

if TYPE_CHECKING:
    from ._base import FieldIssue
    from ._core.closing import CloseInfo

__all__ = [
    "AuthenticationError",
    "ConfigurationError",
    "ConnectTimeoutError",
    "ConnectionClosed",
    "ConnectionError",
    "ConnectionStateError",
    "ContractWarning",
    "HandshakeError",
    "InvalidEventError",
    "ReceiveTimeoutError",
    "RedirectError",
    "VoiceLiveError",
]


class VoiceLiveError(AzureError):
    """Base of all errors of this package."""


class ConfigurationError(VoiceLiveError, ValueError):
    """An argument or setting that cannot work; found before anything is opened or sent."""


class ConnectionStateError(VoiceLiveError, RuntimeError):
    """A method was called that the connection's state does not allow: not opened yet, or opened twice."""


class InvalidEventError(VoiceLiveError, ValueError):
    """An event that the contract does not allow. Nothing of it was sent."""

    def __init__(
        self,
        message: str,
        *,
        event_type: str | None,
        issues: Sequence[FieldIssue] = (),
        event_id: str | None = None,
    ) -> None:
        super().__init__(message)
        self.event_type = event_type
        """The event's ``type``, where it has one."""
        self.issues: tuple[FieldIssue, ...] = tuple(issues)
        """Each field that was refused, with the reason."""
        self.event_id = event_id
        """The ``event_id`` the application gave, if it gave one."""


class ContractWarning(UserWarning):
    """Something is sent that the connection's API version, or every version, lacks; the service may ignore it."""


class ReceiveTimeoutError(VoiceLiveError, TimeoutError):
    """Nothing that was waited for arrived in time. Nothing that did arrive is lost: receive again to get it."""

    def __init__(
        self,
        message: str,
        *,
        timeout: float | None = None,
        arrived: Mapping[str, int] = MappingProxyType({}),
    ) -> None:
        super().__init__(message)
        self.timeout = timeout
        """The time that was allowed, in seconds."""
        self.arrived: dict[str, int] = dict(arrived)
        """How many events of each type arrived while ``wait_for`` waited."""


class ConnectionError(VoiceLiveError, builtins.ConnectionError):
    """The service could not be reached, refused the connection, or the connection broke."""


class ConnectTimeoutError(ConnectionError, TimeoutError):
    """The connection could not be opened within ``open_timeout``."""


class ConnectionClosed(ConnectionError):  # noqa: N818 - the official package's name
    """The connection has ended.

    Args:
        code: the WebSocket close code, e.g. 1000 (normal), 1006 (broken without goodbye), 1008 (refused).
        reason: the text the closing side gave; often empty.
        info: who ended the connection.
        message: the error's text; made from the code and the reason when left out.
    """

    def __init__(
        self,
        code: int,
        reason: str = "",
        *,
        info: CloseInfo | None = None,
        message: str | None = None,
    ) -> None:
        if message is None:
            message = f"the connection is closed: {code}" + (f" {reason}" if reason else "")
        super().__init__(message)
        self.code = code
        """The WebSocket close code."""
        self.reason = reason
        """The text the closing side gave."""
        self.info = info
        """Code, reason and initiator in one value; None where the connection never opened."""


class HandshakeError(ConnectionError):
    """The service was reached, but did not open a WebSocket."""

    def __init__(
        self,
        message: str,
        *,
        status: int | None = None,
        headers: Mapping[str, str] = MappingProxyType({}),
        body: bytes = b"",
        request_id: str | None = None,
    ) -> None:
        super().__init__(message)
        self.status = status
        """The HTTP status of the answer; None if there was no readable answer."""
        self.headers: dict[str, str] = dict(headers)
        """The answer's headers, names in lower case; cookies are left out."""
        self.body = body
        """The answer's body, at most 16 KiB of it."""
        self.request_id = request_id
        """The request id to give to support: the service's own if it sent one, else this client's."""


class AuthenticationError(HandshakeError):
    """The credential gave no token, or the service refused it (HTTP 401 and 403)."""


class RedirectError(HandshakeError):
    """The service answered with a redirect, which is never followed: the credential would travel with it."""
