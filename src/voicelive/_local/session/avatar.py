"""The avatar: the signalling of a picture that the local service does not draw."""

from __future__ import annotations

import json
from typing import Any

from ..._base import decode_base64, encode_base64
from ..._generated import models
from . import error_details as errors
from .context import Context
from .error_details import RefusedError

__all__ = ["Avatar", "sdp_answer"]


class Avatar:
    """Whether an avatar is connected, and what is said about it.

    Once one is, answers have no ``response.audio.delta``: their sound would come with the picture.
    """

    def __init__(self, context: Context) -> None:
        self._context = context
        self.connected = False

    async def connect(self, event: models.ClientEventSessionAvatarConnect) -> None:
        """Answer the client's WebRTC offer.

        Raises:
            RefusedError: without an avatar in the session, for a second connection, or for an offer that is not valid.
        """
        if self._context.session["avatar"] is None:
            raise RefusedError(errors.avatar_not_configured())
        if self.connected:
            raise RefusedError(errors.avatar_already_connected())
        answer = sdp_answer(event.client_sdp)
        self.connected = True
        self._context.send(models.ServerEventSessionAvatarConnecting(server_sdp=answer))

    def speak(self, turn_id: str) -> None:
        """Announce that the avatar speaks and, as there is no picture to wait for, that it has spoken."""
        self._context.send(models.ServerEventSessionAvatarSwitchToSpeaking(turn_id=turn_id))
        self._context.send(models.ServerEventSessionAvatarSwitchToIdle(turn_id=turn_id))


def sdp_answer(offer: str) -> str:
    """Return an answer to a WebRTC offer; both are base64 text of a JSON object with ``type`` and ``sdp``.

    The answer takes over the offer's media sections, every one of them rejected (port 0).

    Raises:
        RefusedError: if `offer` is something else.
    """
    try:
        text = decode_base64(offer)
    except ValueError:
        raise RefusedError(errors.invalid_sdp("it is not base64")) from None
    try:
        description: Any = json.loads(text)
    except ValueError as error:
        raise RefusedError(errors.invalid_sdp(str(error))) from None
    if not isinstance(description, dict) or not isinstance(description.get("sdp"), str):
        raise RefusedError(errors.invalid_sdp("it has no sdp text"))
    lines = ["v=0", "o=- 0 0 IN IP4 127.0.0.1", "s=-", "t=0 0"]
    for line in description["sdp"].splitlines():
        if line.startswith("m="):
            media, _, rest = line[2:].partition(" ")
            lines += [f"m={media} 0 {rest.partition(' ')[2]}", "a=inactive"]
    answer = {"type": "answer", "sdp": "\r\n".join([*lines, ""])}
    return encode_base64(json.dumps(answer).encode())
