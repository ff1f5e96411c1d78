"""What is to be checked: from the options, the environment, and what `connect()` makes of them."""

from __future__ import annotations

import inspect
import platform
import secrets
from collections.abc import Mapping
from dataclasses import dataclass, field
from urllib.parse import urlsplit

from azure.core.credentials import AzureKeyCredential

from voicelive import VoiceLiveConnection, connect

from ..._core.handshake import is_loopback
from ..._environment import ENDPOINT_VARIABLES, KEY_VARIABLES
from ..._version import __version__
from ...errors import ConfigurationError
from ..failures import error_line
from ..talk import DEFAULT_MODEL
from .privacy import Redactor
from .steps import Finding, StepFailedError

__all__ = ["Settings", "Target", "find_target", "local_key"]

_OTHER_VARIABLES = ("WSS_PROXY", "HTTPS_PROXY", "ALL_PROXY", "NO_PROXY", "SSL_CERT_FILE", "SSL_CERT_DIR")

_CLOSE_TIMEOUT = 2.0


@dataclass(frozen=True)
class Settings:
    """Everything `voicelive doctor` can be told."""

    endpoint: str | None = None
    model: str | None = None
    api_version: str | None = None
    timeout: float = 15.0
    """Seconds that each step may take."""
    local: bool = False


@dataclass(frozen=True)
class Target:
    """What is to be reached, and with what."""

    endpoint: str = field(repr=False)
    model: str
    api_version: str
    timeout: float
    key: str | None = field(repr=False)
    """The key to authenticate with; without one, `connect()` finds something else."""
    key_from: str | None

    @property
    def secure(self) -> bool:
        """Whether the connection is encrypted."""
        return self.endpoint.lower().startswith(("https:", "wss:"))

    @property
    def host(self) -> str:
        """The host without brackets; international names in their ASCII form."""
        host = urlsplit(self.endpoint).hostname or ""
        return host if host.isascii() else host.encode("idna").decode("ascii")

    @property
    def port(self) -> int:
        """The port, the scheme's own if the endpoint names none."""
        port = urlsplit(self.endpoint).port
        return (443 if self.secure else 80) if port is None else port

    @property
    def authority(self) -> str:
        """Host and port, as they are shown."""
        return f"[{self.host}]:{self.port}" if ":" in self.host else f"{self.host}:{self.port}"

    @property
    def is_loopback(self) -> bool:
        """Whether the host is this machine, which no proxy of the environment is asked for."""
        return is_loopback(self.host)

    def connection(self, proxy: str | None = None) -> VoiceLiveConnection:
        """Prepare the connection that is checked: the one any program gets, through the proxy that was found.

        Raises:
            ConfigurationError: if that cannot work.
        """
        return connect(
            endpoint=self.endpoint,
            model=self.model,
            api_version=self.api_version,
            credential=None if self.key is None else AzureKeyCredential(self.key),
            contract_check="ignore",
            connection_options={
                "open_timeout": self.timeout,
                "close_timeout": min(_CLOSE_TIMEOUT, self.timeout),
                "proxy": proxy,
            },
        )


def find_target(
    settings: Settings, environ: Mapping[str, str], redactor: Redactor, local: tuple[str, str] | None = None
) -> tuple[Target, Finding]:
    """Find endpoint and credential as `connect()` does, and have it check them.

    Args:
        settings: what the command was told.
        environ: the environment's variables.
        redactor: is told the keys.
        local: endpoint and key of the local service, if that is to be checked.

    Raises:
        StepFailedError: if something is missing or cannot work.
    """
    for variable in KEY_VARIABLES:
        redactor.hide(environ.get(variable, "").strip())
    if local is None:
        endpoint, endpoint_from = _find_endpoint(settings, environ)
        key_from = next((variable for variable in KEY_VARIABLES if environ.get(variable, "").strip()), None)
        key = environ[key_from].strip() if key_from else None
    else:
        (endpoint, key), endpoint_from, key_from = local, "--local", "made for this check"
        redactor.hide(key)
    model = DEFAULT_MODEL if settings.model is None else settings.model
    api_version = _newest_version() if settings.api_version is None else settings.api_version
    target = Target(endpoint.strip(), model, api_version, settings.timeout, key, key_from)
    try:
        target.connection()
    except ConfigurationError as error:
        raise StepFailedError(error_line(error), remedy=_remedy_of(error)) from None
    credential, credential_from = _credential(target)
    also_set = [name for name in _OTHER_VARIABLES if environ.get(name) or environ.get(name.lower())]
    facts = {
        "endpoint": target.authority,
        "endpoint_from": endpoint_from,
        "credential": credential,
        "credential_from": credential_from,
        "also_set": also_set,
        "voicelive": __version__,
        "python": platform.python_version(),
    }
    detail = f"endpoint {target.authority} ({endpoint_from}); credential: {credential} ({credential_from})"
    if also_set:
        detail += f"; also set: {', '.join(also_set)}"
    return target, Finding(detail, facts)


def local_key() -> str:
    """Make a key for a local service, so that authentication is checked too."""
    return secrets.token_hex(16)


def _find_endpoint(settings: Settings, environ: Mapping[str, str]) -> tuple[str, str]:
    if settings.endpoint is not None:
        return settings.endpoint, "--endpoint"
    for variable in ENDPOINT_VARIABLES:
        if value := environ.get(variable, "").strip():
            return value, variable
    raise StepFailedError(
        f"no endpoint: neither {' nor '.join(ENDPOINT_VARIABLES)} is set",
        remedy=(
            f"set {ENDPOINT_VARIABLES[0]} to the resource's address, such as https://RESOURCE.services.ai.azure.com, "
            f"and {KEY_VARIABLES[0]} to its key (or install azure-identity and sign in), or give --endpoint; "
            "`voicelive doctor --local` checks this installation without an account"
        ),
    )


def _newest_version() -> str:
    return str(inspect.signature(connect).parameters["api_version"].default)


def _credential(target: Target) -> tuple[str, str]:
    """Name kind and source of the credential that `connect()` takes, never its value."""
    if target.key_from is not None:
        return "key", target.key_from
    if target.is_loopback:
        return "none", "this machine needs none"
    # connect() has found that it is installed.
    return "tokens", "DefaultAzureCredential of azure-identity"


def _remedy_of(error: ConfigurationError) -> str:
    text = error_line(error)
    if text.startswith("no credential"):
        return (
            f"set {KEY_VARIABLES[0]} to the resource's key, or install azure-identity "
            "(pip install 'voicelive[identity]') and sign in, for instance with `az login`"
        )
    if text.startswith("the credential's key") or "empty key" in text:
        return f"set {KEY_VARIABLES[0]} to the key alone, on one line"
    if text.startswith("api_version"):
        return "give --api-version a version, or leave it out"
    if text.startswith("model"):
        return "give --model a name, or leave it out"
    return (
        f"write the endpoint like https://RESOURCE.services.ai.azure.com, in --endpoint or {ENDPOINT_VARIABLES[0]}; "
        "http:// is for this machine only"
    )
