"""Steering a service of another process: what `voicelive faults` does."""

from __future__ import annotations

import json
from contextlib import ExitStack
from types import TracebackType
from typing import Any, Self
from urllib.parse import urlsplit

from websockets.exceptions import ConnectionClosed, InvalidHandshake, InvalidMessage, InvalidStatus
from websockets.sync.client import ClientConnection, connect

from ..errors import LocalServiceError

__all__ = ["ControlClient", "ControlError"]

_OPEN_S = 5.0
_ANSWER_S = 10.0


class ControlError(LocalServiceError):
    """The control endpoint could not be reached, or refused what it was asked for."""


class _NoRedirects(ClientConnection):
    def process_redirect(self, exc: Exception) -> Exception | str:
        return exc  # the key is for the address that was given


class ControlClient:
    """A connection to the control endpoint of a running service; a context manager."""

    def __init__(self, endpoint: str, api_key: str | None = None, *, timeout: float = _ANSWER_S) -> None:
        """Prepare to reach the service at `endpoint`, such as ``http://127.0.0.1:8765``.

        Raises:
            ControlError: if `endpoint` is not such an address.
        """
        parts = urlsplit(endpoint)
        if parts.scheme not in ("http", "ws", "https", "wss") or not parts.hostname:
            raise ControlError(f"{endpoint!r} is not the address of a service: give one such as http://127.0.0.1:8765")
        scheme = "wss" if parts.scheme in ("https", "wss") else "ws"
        self._endpoint = endpoint
        self._url = f"{scheme}://{parts.netloc}/control"
        self._headers = {"api-key": api_key} if api_key else {}
        self._timeout = timeout
        self._connection: ClientConnection | None = None
        self._stack = ExitStack()
        self._requests = 0

    def __enter__(self) -> Self:
        stack = ExitStack()
        try:
            connecting = connect(
                self._url,
                additional_headers=self._headers,
                open_timeout=_OPEN_S,
                max_size=None,
                proxy=None,
                compression=None,
                create_connection=_NoRedirects,
            )
            self._connection = stack.enter_context(connecting)
        except InvalidStatus as error:
            raise ControlError(f"{self._endpoint}: {_refusal(error)}") from error
        except (OSError, InvalidHandshake, InvalidMessage, ConnectionClosed) as error:
            reason = " ".join(str(error).split()) or type(error).__name__
            raise ControlError(f"no service answers at {self._endpoint}: {reason}") from error
        self._stack = stack
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self._connection = None
        self._stack.close()

    def ask(self, action: str, **fields: Any) -> dict[str, Any]:
        """Ask for one thing, such as ``faults.list``, and return the answer.

        Raises:
            ControlError: if it was refused, or no answer came.
        """
        if self._connection is None:
            raise ControlError("the control client is not connected: use it as a context manager")
        self._requests += 1
        try:
            self._connection.send(json.dumps({"id": self._requests, "do": action, **fields}))
            while True:
                answer = json.loads(self._connection.recv(self._timeout))
                if isinstance(answer, dict) and answer.get("reply") == self._requests:
                    break
        except (ConnectionClosed, TimeoutError, ValueError) as error:
            raise ControlError(f"{self._endpoint} did not answer: {error or 'too slow'}") from error
        if "error" in answer:
            raise ControlError(str(answer["error"]))
        return answer


def _refusal(error: InvalidStatus) -> str:
    try:
        return str(json.loads(error.response.body or b"")["error"]["message"])
    except (ValueError, LookupError, TypeError):
        return f"answered {error.response.status_code}; it is not a local service with a control endpoint"
