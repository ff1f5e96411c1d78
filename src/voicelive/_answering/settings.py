"""What the server is told: by options, which its workers read again from the environment; secrets are there only."""

from __future__ import annotations

import json
import os
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from typing import Literal
from urllib.parse import urlsplit

from ..errors import ConfigurationError

__all__ = ["SECRETS", "VARIABLE", "AnswerSettings", "LineKind", "Secrets"]

LineKind = Literal["twilio", "acs", "genesys"]
VARIABLE = "VOICELIVE_ANSWER"
"""Where workers find the settings."""

SECRETS: Mapping[LineKind, tuple[str, ...]] = {
    "twilio": ("TWILIO_AUTH_TOKEN",),
    "acs": ("ACS_CONNECTION_STRING", "VOICELIVE_WEBHOOK_KEY"),
    "genesys": ("GENESYS_API_KEY", "GENESYS_CLIENT_SECRET"),
}
"""The environment variables with the secrets of each line."""

OPTIONAL: Mapping[LineKind, tuple[str, ...]] = {"acs": ("ACS_RESOURCE_ID",)}
"""Those that check more where they are set."""


@dataclass(frozen=True, kw_only=True)
class AnswerSettings:
    """Everything `voicelive answer` can be told."""

    line: LineKind
    agent: str
    host: str = "127.0.0.1"
    port: int = 8080
    workers: int = 1
    public_url: str = ""
    """Where the vendor reaches this server, such as ``https://calls.example.com``."""
    validate: bool = True
    """Whether requests have to be the vendor's."""
    max_calls: int = 50
    """How many calls a worker carries at once."""
    max_per_caller: int = 0
    """How many of them from one number; 0: any."""
    max_seconds: float = 3600.0
    drain_seconds: float = 300.0
    """How long calls may go on after SIGTERM."""
    digits: Literal["event", "message"] = "event"
    connect: Mapping[str, str] = field(default_factory=dict[str, str])
    """Arguments of ``connect()`` beside the agent's own: endpoint and model."""

    def __post_init__(self) -> None:
        parts = urlsplit(self.public_url)
        if self.public_url and (parts.scheme not in ("http", "https") or not parts.netloc or parts.query):
            raise ConfigurationError(f"the public address is {self.public_url!r}; it looks like https://HOST")
        if not self.public_url and self.line != "genesys":
            raise ConfigurationError(
                "the server needs the address at which the vendor reaches it, for what it signs and tells: "
                "--public-url https://HOST"
            )
        for name, least in (("workers", 1), ("max_calls", 1), ("max_per_caller", 0), ("drain_seconds", 0)):
            if getattr(self, name) < least:
                raise ConfigurationError(f"{name} is {getattr(self, name)}; it takes {least} or more")

    @property
    def stream_base(self) -> str:
        """The public address for WebSockets."""
        return "ws" + self.public_url.rstrip("/").removeprefix("http")

    @property
    def base(self) -> str:
        """The public address for requests."""
        return self.public_url.rstrip("/")

    @property
    def capacity(self) -> str:
        """How many calls are taken, as it is said at the start."""
        per_caller = f", {self.max_per_caller} of one number" if self.max_per_caller else ""
        if self.workers == 1:
            return f"at most {self.max_calls} at once{per_caller}"
        return (
            f"{self.workers} processes, each at most {self.max_calls} at once{per_caller}: "
            f"{self.workers * self.max_calls} in all"
        )

    def keep(self) -> None:
        """Put the settings where the workers find them."""
        os.environ[VARIABLE] = json.dumps(asdict(self))

    @classmethod
    def kept(cls) -> AnswerSettings:
        """Return the settings that were kept."""
        return cls(**json.loads(os.environ[VARIABLE]))


@dataclass(frozen=True)
class Secrets:
    """The secrets of a line, by the variables' names. They show in no repr."""

    values: Mapping[str, str] = field(repr=False)

    @classmethod
    def of(cls, settings: AnswerSettings) -> Secrets:
        """Read the secrets from the environment.

        Raises:
            ConfigurationError: naming what is missing.
        """
        names = SECRETS[settings.line]
        found = {name: os.environ.get(name, "").strip() for name in names}
        missing = [name for name in names if not found[name]]
        # Calls of Azure cannot even be answered without.
        if missing and (settings.validate or settings.line == "acs"):
            raise ConfigurationError(
                f"{' and '.join(missing)} not set: calls of {settings.line} are answered only where it is certain that "
                "they are the vendor's"
            )
        optional = OPTIONAL.get(settings.line, ())
        return cls(found | {name: os.environ.get(name, "").strip() for name in optional})

    def __getitem__(self, name: str) -> str:
        return self.values[name]

    def get(self, name: str) -> str:
        """Return one that need not be set; empty if it is not."""
        return self.values.get(name, "")
