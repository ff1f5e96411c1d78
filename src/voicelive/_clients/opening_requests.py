"""The opening requests of a synchronous connection, each with a fresh token."""

from __future__ import annotations

import asyncio
import uuid

from .._core.handshake import Handshake, OpeningRequest
from .._credentials import CredentialSource

__all__ = ["OpeningRequests"]


class OpeningRequests:
    """Makes the opening request of each connection, with a fresh token. Does not know the connection it is for."""

    def __init__(self, handshake: Handshake, credential: CredentialSource) -> None:
        self.handshake = handshake
        self._credential = credential
        self._first: OpeningRequest | None = None
        self._was_asked = False

    def prepare(self) -> OpeningRequest:
        """Make the next request; blocks while the credential is asked."""
        headers = self._credential.headers()
        if self._was_asked:
            self.handshake = self.handshake.renewed(str(uuid.uuid4()))
        self._was_asked = True
        return self.handshake.request(headers)

    def prepare_first(self) -> None:
        """Make the first request here, for :meth:`next`."""
        self._first = self.prepare()

    async def next(self) -> OpeningRequest:
        """Make the next request, on the loop: the credential, which may block, is asked in another thread."""
        first, self._first = self._first, None
        return await asyncio.to_thread(self.prepare) if first is None else first
