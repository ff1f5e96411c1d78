"""The opening requests of a connection, each with a fresh token."""

from __future__ import annotations

import asyncio
import uuid
from collections.abc import Mapping

from .._core.handshake import Handshake, OpeningRequest
from .._credentials import CredentialSource

__all__ = ["OpeningRequests"]


class OpeningRequests:
    """Makes the opening request of each connection, with a fresh token. Does not know the connection it is for."""

    __slots__ = ("_credential", "_first", "_was_asked", "handshake")

    def __init__(self, handshake: Handshake, credential: CredentialSource) -> None:
        self.handshake = handshake
        self._credential = credential
        self._first: OpeningRequest | None = None
        self._was_asked = False

    async def awaited(self) -> OpeningRequest:
        """Make the next request, on the application's own loop."""
        return self._made_with(await self._credential.headers_async())

    def prepare_first(self) -> None:
        """Make the first request here, for :meth:`in_thread`; blocks while the credential is asked."""
        self._first = self._prepare()

    async def in_thread(self) -> OpeningRequest:
        """Make the next request: the credential, which may block, is asked in another thread than the loop's."""
        first, self._first = self._first, None
        return await asyncio.to_thread(self._prepare) if first is None else first

    def _prepare(self) -> OpeningRequest:
        return self._made_with(self._credential.headers())

    def _made_with(self, headers: Mapping[str, str]) -> OpeningRequest:
        if self._was_asked:
            self.handshake = self.handshake.renewed(str(uuid.uuid4()))
        self._was_asked = True
        return self.handshake.request(headers)
