"""What a handshake gets that is to be refused on demand."""

from __future__ import annotations

from http import HTTPStatus

from ..handshake import HandshakeRefusedError
from .kinds import Refuse

__all__ = ["phrase", "refusal"]

_MESSAGES = {
    401: "Access denied due to invalid subscription key or wrong API endpoint.",
    403: "The principal lacks the role that this operation needs.",
    404: "The resource or the model was not found.",
    429: "Too many requests: the rate limit of this resource was exceeded.",
    503: "The service is temporarily unable to process the request.",
}


def refusal(fault: Refuse) -> HandshakeRefusedError:
    """Return the answer to a handshake that `fault` says is to be refused."""
    message = fault.message or _MESSAGES.get(fault.status) or phrase(fault.status)
    return HandshakeRefusedError(fault.status, message, retry_after=fault.retry_after)


def phrase(status: int) -> str:
    """Return the words that go with an HTTP status."""
    try:
        return HTTPStatus(status).phrase
    except ValueError:
        return "Refused"
