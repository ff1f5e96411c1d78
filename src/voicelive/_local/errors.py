"""What can go wrong with the local service itself, as opposed to what it answers to its clients."""

from __future__ import annotations

from .._public import public_in
from ..errors import ConfigurationError, VoiceLiveError

__all__ = ["InvalidFaultError", "LocalServiceError", "PortInUseError", "UnprotectedHostError"]


@public_in("voicelive.local")
class LocalServiceError(VoiceLiveError):
    """The local service could not be started, or was used in a way that it does not allow."""


@public_in("voicelive.local")
class PortInUseError(LocalServiceError, OSError):
    """The port that was asked for is taken by another program."""

    def __init__(self, host: str, port: int) -> None:
        super().__init__(
            f"port {port} on {host} is in use: stop the program that listens there, choose another port, "
            "or leave the choice to the system with port 0"
        )
        self.host = host
        self.port = port


@public_in("voicelive.local")
class UnprotectedHostError(LocalServiceError, ConfigurationError):
    """The service would listen beyond this machine without asking for a key."""

    def __init__(self, host: str) -> None:
        super().__init__(
            f"listening on {host!r} would let other machines in without a key: give an api_key, or listen on 127.0.0.1"
        )
        self.host = host


@public_in("voicelive.local.faults")
class InvalidFaultError(LocalServiceError, ConfigurationError):
    """A fault that cannot be committed: a value out of range, or a text that does not name one."""
