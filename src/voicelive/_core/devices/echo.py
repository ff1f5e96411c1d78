"""What keeps the assistant from hearing itself: who removes its sound from the microphone's, and what if nobody does.

The best is the service with this side's reference, since only this side knows what the loudspeaker plays at which
instant; then the service alone, which has to guess; then half duplex: nothing is heard while something plays.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Mapping
from typing import Any, Literal, get_args

from ...errors import ConfigurationError

__all__ = ["EchoChoice", "EchoMode", "EchoNegotiation", "HalfDuplexGate", "check_echo"]

EchoMode = Literal["client", "server", "half_duplex", "off"]
"""What deals with echo."""
EchoChoice = Literal["auto", "client", "server", "half_duplex", "off"]

_FALLBACKS: Mapping[str, tuple[EchoMode, ...]] = {
    "client": ("client", "server", "half_duplex"),
    "server": ("server", "half_duplex"),
    "half_duplex": ("half_duplex",),
    "off": ("off",),
}
_REFERENCES = {
    "client": {"type": "server_echo_cancellation", "reference_source": "client", "channels": 2},
    "server": {"type": "server_echo_cancellation", "reference_source": "server", "channels": 1},
}
_ANSWER_WITHIN = 10.0
"""Seconds that the service may take to answer."""
_SECOND_ANSWER_WITHIN = 1.0
"""Seconds to wait for another answer where the first may be that to an update of the application's."""
_TAIL = 0.35
"""Seconds that a room and a device go on sounding after the last sample was handed out."""


def check_echo(choice: str) -> None:
    """Refuse what is not one of the choices.

    Raises:
        ConfigurationError: naming those there are.
    """
    if choice not in get_args(EchoChoice):
        raise ConfigurationError(f"echo is {choice!r}; it takes one of {', '.join(get_args(EchoChoice))}")


class EchoNegotiation:
    """Asks the service for one kind after the other until it says yes. Clock and connection are passed in."""

    def __init__(self, choice: str, *, may_use_client: bool, event_id: str, detection: bool = True) -> None:
        """Prepare.

        Args:
            choice: what was asked for: an :data:`EchoChoice`.
            may_use_client: whether ``auto`` may try this side's reference: it needs a feature of the service.
            event_id: begins the ids of what is sent.
            detection: whether the service is to find the turns; False for push to talk.
        """
        wanted = choice if choice != "auto" else "client" if may_use_client else "server"
        self._left = deque(_FALLBACKS[wanted])
        self._event_id = event_id
        self._count = 0
        self._detection = detection
        self._asked: EchoMode | None = None
        self._settles_at: float | None = None
        self.mode: EchoMode | None = None
        """What is on; None until the service has said so."""

    @property
    def session(self) -> dict[str, Any]:
        """The settings to ask for now."""
        settings: dict[str, Any] = {
            "input_audio_format": "pcm16",
            "input_audio_sampling_rate": 24_000,
            "output_audio_format": "pcm16",
        }
        if self._left[0] in _REFERENCES:
            settings["input_audio_echo_cancellation"] = dict(_REFERENCES[self._left[0]])
        if not self._detection:
            settings["turn_detection"] = None
        return settings

    def request(self, now: float) -> dict[str, Any] | None:
        """Return the ``session.update`` to send now; None while its answer is awaited, or when all is settled."""
        if self.mode is not None or self._asked is not None:
            return None
        self._asked = self._left[0]
        self._settles_at = now + _ANSWER_WITHIN
        self._count += 1
        return {"type": "session.update", "event_id": f"{self._event_id}_{self._count}", "session": self.session}

    def updated(self, reference: str | None, now: float) -> None:
        """Take that the service reported settings with this reference; None for no cancellation."""
        if self._asked is None:
            return
        if reference in _REFERENCES:
            self.mode = "client" if reference == "client" else "server"
        elif self._left[0] not in _REFERENCES:
            self.mode = self._left[0]
        elif self.mode is not None:
            self.mode = "half_duplex"
        else:
            # It passed over what was asked for without an error, or it answers an earlier update.
            self._settles_at = now + _SECOND_ANSWER_WITHIN

    def tick(self, now: float) -> None:
        """Take that time has passed: what is not answered is settled without the service."""
        if self.mode is None and self._settles_at is not None and now >= self._settles_at:
            self.mode = self._left[-1]

    def refused(self, error: Mapping[str, Any]) -> bool:
        """Take an error; return whether it refuses what was asked for here. The next kind is tried then."""
        event_id, param, code = (str(error.get(name) or "") for name in ("event_id", "param", "code"))
        own = event_id.startswith(f"{self._event_id}_")
        if self._asked is None or self.mode is not None:
            return own
        if not own and "echo_cancellation" not in param and not code.startswith(("ec_", "invalid_ec_")):
            return False
        if len(self._left) > 1:
            self._left.popleft()
            self._asked = None
        else:
            self.mode = self._left[0]
        return True


class HalfDuplexGate:
    """Whether the microphone is heard: not while something plays, nor shortly after. Times are in seconds."""

    def __init__(self) -> None:
        self._closed_until = float("-inf")

    def is_open(self, *, plays: bool, latency: float, now: float) -> bool:
        """Return whether to send what the microphone hears now.

        Args:
            plays: whether something unheard waits or plays.
            latency: how long a sample takes to the loudspeaker, in seconds.
            now: the time.
        """
        if plays:
            self._closed_until = now + latency + _TAIL
        return now >= self._closed_until
