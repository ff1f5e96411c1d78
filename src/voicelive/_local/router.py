"""The door of the service: who comes in, where to, and what those hear that do not."""

from __future__ import annotations

from websockets.asyncio.server import ServerConnection
from websockets.datastructures import Headers
from websockets.http11 import Request, Response

from .admission import Admission
from .control.endpoint import CONTROL_PATH
from .faults.kinds import Refuse
from .faults.refusals import phrase, refusal
from .faults.schedule import FaultSchedule, Opportunities
from .handshake import Handshake, HandshakeRefusedError, RequestTarget, check_key, read_handshake, read_target
from .page import PAGE_PATH, WORKLET_PATH, page, worklet

__all__ = ["Router", "refused_response"]


class Router:
    """Answers the requests that become sessions or viewers, and those that do not."""

    def __init__(
        self,
        faults: FaultSchedule,
        admission: Admission,
        *,
        api_key: str | None,
        control: bool,
        on_loopback: bool,
        agents_take_keys: bool = False,
        upstream: str | None = None,
    ) -> None:
        """Open it.

        Args:
            faults: some handshakes are to be refused.
            admission: which requests are looked at, at whatever path.
            api_key: the key that clients must send, if any.
            control: whether there is a control endpoint, and a page where the service listens on loopback.
            on_loopback: whether it does.
            agents_take_keys: whether a session with an agent can be had for an API key.
            upstream: the host that sessions are passed on to, if any, for the page to show.
        """
        self._upstream = upstream
        self._agents_take_keys = agents_take_keys
        self._faults = faults
        self._admission = admission
        self._api_key = api_key
        self._control = control
        self._on_loopback = on_loopback
        self._handshakes = 0

    def answer(self, connection: ServerConnection, request: Request) -> Response | None:
        """Return the HTTP answer to a request, or None to go on with the handshake."""
        try:
            host = self._admission.check(request.headers)
            target = read_target(request.path)
            if self._control and target.path in (PAGE_PATH, WORKLET_PATH):
                return self._page(target.path, host)
            if self._control and target.path == CONTROL_PATH:
                self._check_viewer(target, request)
                return None
            self.handshake(request)
            self._handshakes += 1
            fault = Opportunities(self._faults, self._handshakes).take_first(Refuse)
            if fault is not None:
                raise refusal(fault)
        except HandshakeRefusedError as refused:
            return refused_response(refused)
        return None

    def leads_to_control(self, request: Request) -> bool:
        """Return whether a request that was let in is for the control endpoint."""
        return self._control and read_target(request.path).path == CONTROL_PATH

    def handshake(self, request: Request) -> Handshake:
        """Read what a handshake asks for.

        Raises:
            HandshakeRefusedError: if it cannot have it.
        """
        return read_handshake(request.path, _headers(request), self._api_key, agents_take_keys=self._agents_take_keys)

    def _check_viewer(self, target: RequestTarget, request: Request) -> None:
        if self._api_key is not None:
            check_key(_headers(request).get("api-key") or target.query.get("api-key") or "", self._api_key)

    def _page(self, path: str, host: str) -> Response:
        if not self._on_loopback:
            raise HandshakeRefusedError(404, "The page is only there where the service listens on loopback.")
        if path == WORKLET_PATH:
            return worklet()
        return page(
            host, needs_key=self._api_key is not None, encrypted=self._admission.encrypted, upstream=self._upstream
        )


def _headers(request: Request) -> dict[str, str]:
    return {name.lower(): value for name, value in request.headers.raw_items()}


def refused_response(refused: HandshakeRefusedError) -> Response:
    """Return the HTTP answer that refuses a handshake."""
    headers = Headers({"Content-Type": "application/json", "Connection": "close", **refused.headers})
    body = refused.body()
    headers["Content-Length"] = str(len(body))
    return Response(refused.status, phrase(refused.status), headers, body)
