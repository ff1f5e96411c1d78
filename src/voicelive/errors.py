"""Every error this package raises. All derive from :class:`VoiceLiveError`, which is an azure-core ``AzureError``.

No message, attribute or ``repr`` here ever holds a key, a token or a secret of a query string.
"""

from __future__ import annotations

import builtins
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from types import MappingProxyType
from typing import TYPE_CHECKING, Any, Literal

from azure.core.exceptions import AzureError

from ._core.annotations import resolved_when_read

if TYPE_CHECKING:
    from ._base import FieldIssue
    from ._core.close_info import CloseInfo

__all__ = [
    "AudioDeviceError",
    "AuthenticationError",
    "BadRequestError",
    "BlockingInAsyncWarning",
    "BudgetExceededError",
    "ConfigurationError",
    "ConfigurationRejectedError",
    "ConnectTimeoutError",
    "ConnectionClosed",
    "ConnectionError",
    "ConnectionStateError",
    "ContractWarning",
    "DeviceLostError",
    "DeviceNotFoundError",
    "HandshakeError",
    "InternalError",
    "InvalidEventError",
    "KeepaliveTimeoutError",
    "MessageTooBigError",
    "NotFoundError",
    "ProxyError",
    "ReadyTimeoutError",
    "ReceiveOverflowError",
    "ReceiveTimeoutError",
    "ReconnectFailedError",
    "RecordingError",
    "RedirectError",
    "ResponseStalledError",
    "SendQueueFullError",
    "SessionExpiredError",
    "ThrottledError",
    "TlsError",
    "UnsentEvent",
    "VoiceLiveError",
]


class CopyableError(Exception):
    """An error that pickles and copies as it is, whatever its class takes to be made.

    An exception is otherwise made anew from its text, which doubles it, or fails where more than the text is needed.
    """

    def __reduce__(self) -> tuple[Any, ...]:
        # azure-core keeps what was being handled when it was made, and a traceback can neither be pickled nor copied.
        passing = dict.fromkeys(("exc_type", "exc_value", "exc_traceback") & self.__dict__.keys())
        return _make_again, (type(self), self.args, {**self.__dict__, **passing})


def _make_again(cls: type[CopyableError], args: tuple[Any, ...], state: dict[str, Any]) -> CopyableError:
    error = cls.__new__(cls, *args)
    # Those that are an OSError too leave this to their own constructor.
    error.args = args
    error.__dict__.update(state)
    return error


class VoiceLiveError(CopyableError, AzureError):
    """Base of all errors of this package."""


class ConfigurationError(VoiceLiveError, ValueError):
    """An argument or setting that cannot work; found before anything is opened or sent."""


class ConnectionStateError(VoiceLiveError, RuntimeError):
    """A method was called that the connection's state does not allow: not opened yet, opened twice, or closed while it
    opened."""


class AudioDeviceError(VoiceLiveError, OSError):
    """A sound device cannot be used: what reaches it is not installed, it is in use, or it refuses what is needed."""


class DeviceNotFoundError(AudioDeviceError):
    """There is no sound device by that name or number, or none at all."""


class DeviceLostError(AudioDeviceError):
    """A sound device disappeared while it was in use, and did not come back in time."""


class RecordingError(VoiceLiveError, ValueError):
    """A recording that cannot be read or written; the message says what was found there."""


class InvalidEventError(VoiceLiveError, ValueError):
    """An event that the contract does not allow. Nothing of it was sent."""

    @resolved_when_read(FieldIssue="._base")
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


class BlockingInAsyncWarning(UserWarning):
    """A blocking method is called inside a running event loop, which stands still meanwhile. Said once per process."""


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

    recoverable: bool = True
    """Whether connecting again, with nothing else changed, can help."""


class ConnectTimeoutError(ConnectionError, TimeoutError):
    """The connection could not be opened within ``open_timeout``."""


class ProxyError(ConnectionError):
    """The proxy could not be reached, or refused to open a way to the service."""

    def __init__(self, message: str, *, status: int | None = None) -> None:
        super().__init__(message)
        self.status = status
        """The HTTP status of the proxy's answer, such as 407; None if it gave none."""
        self.recoverable: bool = status is None or status >= 500


class TlsError(ConnectionError):
    """No encrypted connection could be made: the certificate is not trusted, or the other side speaks no TLS."""

    recoverable = False


@dataclass(frozen=True)
class UnsentEvent:
    """What a call could not send. Holds nothing of the content, which may be secret."""

    type: str
    """The event's ``type``."""
    event_id: str | None
    """The event's ``event_id``, if it has one."""
    size: int
    """Its size in bytes, as JSON."""


class ConnectionClosed(ConnectionError):  # noqa: N818 - the official package's name
    """The connection has ended.

    Args:
        code: the WebSocket close code, e.g. 1000 (normal), 1006 (broken without a close frame), 1008 (refused).
        reason: the text the closing side gave; often empty.
        info: who ended the connection.
        message: the error's text; made from the code and the reason when left out.
        unsent: the event that the failing call did not send.
    """

    @resolved_when_read(CloseInfo="._core.close_info")
    def __init__(
        self,
        code: int,
        reason: str = "",
        *,
        info: CloseInfo | None = None,
        message: str | None = None,
        unsent: UnsentEvent | None = None,
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
        self.recoverable: bool = info.recoverable if info is not None else False
        """Whether connecting again, with nothing else changed, can help."""
        self.unsent = unsent
        """The event that the failing call did not send, or not wholly; None where a call that receives raised this."""

    @property
    def initiator(self) -> Literal["local", "server", "network", "timeout"]:
        """Who ended the connection: this side, the service, the network, or a time that ran out."""
        return self.info.initiator if self.info is not None else "local"


class SessionExpiredError(ConnectionClosed):
    """The session's time was up (``session.expires_at``). Connect again for another session."""


class ConfigurationRejectedError(ConnectionClosed):
    """The service closed (1008) because it refused the session's configuration. Correct it, then connect again."""


class MessageTooBigError(ConnectionClosed):
    """A message was too big (1009): one of the service's for ``max_size``, or one of yours for the service."""


class KeepaliveTimeoutError(ConnectionClosed):
    """A keepalive ping was not answered within ``ping_timeout``: the network or the service is gone (1011)."""


class ReadyTimeoutError(ConnectionClosed, TimeoutError):
    """``session.created`` did not come within ``ready_timeout`` (4000, sent by this side)."""


class ResponseStalledError(ConnectionClosed):
    """A response was begun, and nothing more arrived for ``stall_timeout`` (4001, sent by this side)."""


class ReceiveOverflowError(ConnectionClosed):
    """More arrived than ``max_queue`` and ``max_buffer`` hold, and the application did not receive it in time.

    Sent by this side, with code 4002. All that was held can still be received before this is raised.
    """


class BudgetExceededError(ConnectionClosed):
    """The call used up what ``connect(budget=…)`` allows (4003, sent by this side).

    ``voicelive.budget`` came before it, and says which limit.
    """


class ReconnectFailedError(ConnectionClosed):
    """The connection broke and could not be made again within what its ``ReconnectPolicy`` allows."""


class InternalError(ConnectionClosed):
    """This package failed in the background, where nobody waits for it, and dropped the connection.

    ``__cause__`` is what failed.
    """


class SendQueueFullError(ConnectionError):
    """Too much was sent while the connection was being made again (``ReconnectPolicy.max_queued_bytes``).

    The event was not kept and will not be sent; what was sent before it will be.
    """

    def __init__(self, message: str, *, unsent: UnsentEvent) -> None:
        super().__init__(message)
        self.unsent = unsent
        """The event that the failing call did not send."""


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
        retry_after: float | None = None,
    ) -> None:
        super().__init__(message)
        self.status = status
        """The HTTP status of the answer; None if there was no readable answer."""
        self.headers: dict[str, str] = dict(headers)
        """The answer's headers, names in lower case; cookies and credentials are left out."""
        self.body = body
        """The answer's body, at most 16 KiB of it; the credential is blotted out, should it be repeated there."""
        self.request_id = request_id
        """The request id to give to support: the service's own if it sent one, else this client's."""
        self.retry_after = retry_after
        """Seconds to wait before the next try, if the service said so (``Retry-After``, as seconds or as a date)."""
        self.recoverable: bool = status is None or status in _PASSING or status >= 500


_PASSING = {408, 425, 429}
"""Refusals that go away by themselves."""


class AuthenticationError(HandshakeError):
    """The credential gave no token, or the service refused it (HTTP 401 and 403)."""

    def __init__(self, message: str, **details: Any) -> None:
        super().__init__(message, **details)
        self.recoverable = False


class BadRequestError(HandshakeError):
    """The service does not understand the request (HTTP 400): model, API version or query."""


class NotFoundError(HandshakeError):
    """The service is not at this address (HTTP 404): path, API version or deployment."""


class ThrottledError(HandshakeError):
    """Too many connections or tokens per minute (HTTP 429). ``retry_after`` says when to try again, if it is known."""


class RedirectError(HandshakeError):
    """The service answered with a redirect, which is never followed: the credential would travel with it."""


def __dir__() -> list[str]:
    return sorted(__all__)
