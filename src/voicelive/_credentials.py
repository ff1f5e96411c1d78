"""From what the application gives as credential to a header of the opening request.

Keys and tokens are asked for when a connection opens, never earlier, and never kept.
"""

from __future__ import annotations

import asyncio
import importlib
import importlib.util
import inspect
from collections.abc import Awaitable, Iterable, Mapping
from typing import Annotated, Any, Literal, TypeAlias, cast

from azure.core.credentials import AzureKeyCredential, TokenCredential
from azure.core.credentials_async import AsyncTokenCredential

from ._core.annotations import TakenAsItIs
from ._core.handshake import API_KEY_HEADER, AUTHORIZATION_HEADER, Handshake, carries_credential, check_header_value
from ._core.secrecy import Secret
from ._environment import KEY_VARIABLES
from .errors import AuthenticationError, ConfigurationError

__all__ = ["DEFAULT_SCOPE", "AsyncCredential", "Credential", "CredentialSource", "find_credential"]


Credential: TypeAlias = Annotated[AzureKeyCredential | TokenCredential, TakenAsItIs()]
"""What the sync client takes as a credential."""

AsyncCredential: TypeAlias = Annotated[AzureKeyCredential | TokenCredential | AsyncTokenCredential, TakenAsItIs()]
"""What the async client takes as a credential."""

DEFAULT_SCOPE = "https://ai.azure.com/.default"

Client = Literal["sync", "async"]


class CredentialSource:
    """Where the credential of one connection comes from."""

    def __init__(self, credential: object, scopes: tuple[str, ...], *, default_from: str | None = None) -> None:
        self._credential = credential
        self._scopes = scopes
        # The module to make a DefaultAzureCredential from, where the application gave nothing.
        self._default_from = default_from

    def __repr__(self) -> str:
        return f"<CredentialSource {self.describe()}>"

    def describe(self) -> str:
        """Name the kind of credential, never its value."""
        if self._default_from is not None:
            return "DefaultAzureCredential"
        return "none" if self._credential is None else type(self._credential).__name__

    def headers(self) -> dict[str, str]:
        """Return the header that authenticates; asks for a token where the credential gives tokens.

        Raises:
            ConfigurationError: for a key that cannot be a header.
            AuthenticationError: if there is no token to be had.
        """
        ready = self._without_asking()
        if ready is not None:
            return ready
        credential = self._made()
        try:
            return _bearer(self._answer(credential))
        except ConfigurationError:
            raise
        except Exception as error:  # credentials are foreign code and raise what they like
            raise self._no_token(error) from error
        finally:
            if self._default_from is not None:
                credential.close()

    async def headers_async(self) -> dict[str, str]:
        """Like :meth:`headers`, without blocking the event loop: credentials that block run in a thread."""
        ready = self._without_asking()
        if ready is not None:
            return ready
        # Importing azure-identity takes a second on a slow disk.
        credential = await asyncio.to_thread(self._made)
        try:
            return _bearer(await self._answer_async(credential))
        except ConfigurationError:
            raise
        except Exception as error:  # credentials are foreign code and raise what they like
            raise self._no_token(error) from error
        finally:
            if self._default_from is not None:
                closing = credential.close()
                if inspect.isawaitable(closing):
                    await closing

    def _answer(self, credential: Any) -> Any:
        answer = _ask(credential, self._scopes)
        if inspect.isawaitable(answer):
            _discard(answer)
            raise _wrong_client(credential)
        return answer

    async def _answer_async(self, credential: Any) -> Any:
        if _asks_asynchronously(credential):
            return await _ask(credential, self._scopes)
        answer = await asyncio.to_thread(_ask, credential, self._scopes)
        return await answer if inspect.isawaitable(answer) else answer

    def _without_asking(self) -> dict[str, str] | None:
        if self._default_from is not None:
            return None
        if self._credential is None:
            return {}
        if isinstance(self._credential, AzureKeyCredential):
            return {API_KEY_HEADER: _checked_key(Secret(self._credential.key))}
        return None

    def _made(self) -> Any:
        if self._default_from is None:
            return self._credential
        return importlib.import_module(self._default_from).DefaultAzureCredential()

    def _no_token(self, error: Exception) -> AuthenticationError:
        kind = self.describe()
        hint = (
            f"; or pass an AzureKeyCredential, or set {KEY_VARIABLES[0]}"
            if self._default_from is not None
            else ": check the identity and credential_scopes"
        )
        first_line = (str(error).strip() or type(error).__name__).splitlines()[0]
        return AuthenticationError(
            f"{kind} gave no token for {' '.join(self._scopes)}: {first_line}{hint}",
        )


def find_credential(
    credential: object,
    scopes: str | Iterable[str] | None,
    *,
    handshake: Handshake,
    environ: Mapping[str, str],
    client: Client,
) -> CredentialSource:
    """Check the ``credential`` argument, or find one: a key in the environment, else azure-identity's default.

    This machine needs none: a local service is used without one, if no key is given either.

    Raises:
        ConfigurationError: naming the three ways to give one, or what is wrong with the one given.
    """
    checked_scopes = _check_scopes(scopes)
    if credential is not None:
        return CredentialSource(_checked(credential, client), checked_scopes)
    if carries_credential(handshake):
        return CredentialSource(None, checked_scopes)
    for variable in KEY_VARIABLES:
        if key := Secret(environ.get(variable, "").strip()):
            return CredentialSource(AzureKeyCredential(key), checked_scopes)
    if handshake.endpoint.is_loopback:
        return CredentialSource(None, checked_scopes)
    if _installed("azure.identity"):
        # The asynchronous one needs aiohttp; without it, the other one runs in a thread.
        asynchronous = client == "async" and _installed("aiohttp")
        module = "azure.identity.aio" if asynchronous else "azure.identity"
        return CredentialSource(None, checked_scopes, default_from=module)
    raise ConfigurationError(
        f"no credential: pass credential=AzureKeyCredential(...) or a token credential, or set "
        f"{' or '.join(KEY_VARIABLES)}, or install azure-identity (pip install 'voicelive[identity]') "
        "for DefaultAzureCredential"
    )


def _installed(module: str) -> bool:
    try:
        return importlib.util.find_spec(module) is not None
    except ModuleNotFoundError:
        return False


def _check_scopes(scopes: str | Iterable[str] | None) -> tuple[str, ...]:
    if scopes is None:
        return (DEFAULT_SCOPE,)
    checked: tuple[object, ...] = ()
    if isinstance(scopes, str):
        checked = (scopes,)
    elif isinstance(scopes, Iterable):
        checked = tuple(scopes)
    if not checked or not all(isinstance(scope, str) and scope.strip() for scope in checked):
        raise ConfigurationError(
            f"credential_scopes is {scopes!r}; it takes one scope or a list of them, such as [{DEFAULT_SCOPE!r}]"
        )
    return cast("tuple[str, ...]", checked)


def _checked(credential: object, client: Client) -> object:
    if isinstance(credential, AzureKeyCredential):
        _checked_key(Secret(credential.key))
        return credential
    if isinstance(credential, (str, bytes)):
        raise ConfigurationError("credential is plain text: wrap the key, as in AzureKeyCredential(key)")
    if isinstance(credential, type):
        raise ConfigurationError(
            f"credential is the class {credential.__name__}: pass an instance, {credential.__name__}(...)"
        )
    if not callable(_getter(credential)):
        raise ConfigurationError(
            f"credential is a {type(credential).__name__}, which gives neither a key nor tokens: "
            "pass an AzureKeyCredential, or a token credential such as azure.identity.DefaultAzureCredential()"
        )
    if client == "sync" and _asks_asynchronously(credential):
        raise _wrong_client(credential)
    return credential


def _wrong_client(credential: object) -> ConfigurationError:
    kind = type(credential)
    return ConfigurationError(
        f"{kind.__module__.partition('._')[0]}.{kind.__name__} is an asynchronous credential, and this is the "
        "synchronous client: pass its synchronous counterpart (azure.identity instead of azure.identity.aio), "
        "or connect with voicelive.aio.connect"
    )


def _checked_key(key: Secret) -> Secret:
    if not key.strip():
        raise ConfigurationError("credential holds an empty key")
    if key != key.strip():
        raise ConfigurationError("the credential's key begins or ends with blanks: remove them, e.g. with .strip()")
    check_header_value("the credential's key", key)
    return key


def _getter(credential: Any) -> Any:
    return getattr(credential, "get_token", None) or getattr(credential, "get_token_info", None)


def _asks_asynchronously(credential: object) -> bool:
    return inspect.iscoroutinefunction(_getter(credential))


def _ask(credential: object, scopes: tuple[str, ...]) -> Any:
    return _getter(credential)(*scopes)


def _bearer(token: object) -> dict[str, str]:
    kind = type(token).__name__
    text = getattr(token, "token", None)
    # Its repr shows it, and the errors below must not have it in their tracebacks.
    del token
    if not isinstance(text, str) or not text:
        # Neither must what is not text.
        given, text = type(text).__name__, None
        what = "without a token" if given in ("NoneType", "str") else f"whose token is {given}, not str"
        raise ConfigurationError(f"the credential gave a {kind} {what}")
    text = Secret(text)
    check_header_value("the credential's token", text)
    return {AUTHORIZATION_HEADER: Secret(f"Bearer {text}")}


def _discard(awaitable: object) -> None:
    close = getattr(cast("Awaitable[Any]", awaitable), "close", None)
    if close is not None:
        close()
