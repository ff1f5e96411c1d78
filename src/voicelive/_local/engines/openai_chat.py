"""A responder that asks a language model: any endpoint that speaks the Chat Completions API (extra ``openai``)."""

from __future__ import annotations

import asyncio
import importlib.util
import json
import os
import socket
from collections.abc import AsyncIterator
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

from ...errors import ConfigurationError
from ..addresses import is_loopback, literal, never_dialled
from ..outbound import AddressRefusedError, AddressRule
from .chat_messages import ChatAnswer, chat_request, error_of
from .protocols import AsyncResponder, EngineUnavailableError, ResponderError, ResponderOutput, ResponderRequest
from .sse import EventStream

if TYPE_CHECKING:
    from aiohttp import ClientResponse, TCPConnector

__all__ = ["MAX_ANSWER_BYTES", "MAX_ANSWER_EVENTS", "OpenAIResponder", "check_address"]

_MAX_ERROR_BYTES = 64 * 1024
_DONE = "[DONE]"

MAX_ANSWER_BYTES = 16 * 1024 * 1024
"""Bytes of one streamed answer that are read."""

MAX_ANSWER_EVENTS = 100_000
"""Events of one streamed answer that are read."""

_EVENTS_AT_ONCE = 16
"""Events of a stream that are read before the other sessions have their turn."""


class OpenAIResponder:
    """Answers through the Chat Completions API of OpenAI, as Ollama, vLLM, llama.cpp and many others speak it too.

    The answer is streamed, and a barge-in closes the stream at once. Whatever goes wrong ends the response as failed,
    with the reason in its ``status_details``: ``unreachable``, ``timeout``, ``stream_ended``, ``invalid_stream``,
    ``answer_too_long``, or the endpoint's own code, else ``http_`` and its status. Nothing is tried twice. Temperature
    and token limits of the session are not passed on; the service itself cuts an answer off at the limit.

    Args:
        base_url: the address up to and with ``/v1``, such as ``http://127.0.0.1:11434/v1``.
        model: the model's name there.
        api_key: the key, if the endpoint asks for one.
        api_key_env: the environment variable that holds the key, instead.
        timeout_s: seconds that the endpoint may take to accept the connection, to begin its answer, and between two
            pieces of it.

    Raises:
        ConfigurationError: for an address that cannot be used, is link-local or one of a cloud's metadata, or would
            carry the key in the clear beyond this machine, or for a variable that is not set.
        EngineUnavailableError: if aiohttp is not installed.
    """

    def __init__(
        self,
        base_url: str,
        model: str,
        *,
        api_key: str | None = None,
        api_key_env: str | None = None,
        timeout_s: float = 60.0,
    ) -> None:
        # To be told now, and not by the first response.
        if importlib.util.find_spec("aiohttp") is None:
            raise EngineUnavailableError(
                'the responder for chat endpoints needs aiohttp; install it with: pip install "voicelive[openai]"'
            )
        if api_key_env is not None:
            api_key = os.environ.get(api_key_env, "").strip()
            if not api_key:
                raise ConfigurationError(f"the environment variable {api_key_env} holds no API key: set it")
        self._url = f"{base_url.rstrip('/')}/chat/completions"
        self._loopback = check_address(base_url, bool(api_key))
        self._model = model
        self._headers = {"Authorization": f"Bearer {api_key}"} if api_key else {}
        self._timeout_s = timeout_s

    def __repr__(self) -> str:
        return f"<OpenAIResponder {self._model} at {self._url}>"

    async def respond(self, request: ResponderRequest) -> AsyncIterator[ResponderOutput]:
        """Yield the model's answer as it comes."""
        import aiohttp

        # A session a response: it is bound to its event loop, and one responder may serve services in several.
        timeout = aiohttp.ClientTimeout(total=None, sock_connect=self._timeout_s, sock_read=self._timeout_s)
        try:
            async with (
                # A proxy of the environment is for the world outside, not for this machine.
                aiohttp.ClientSession(
                    connector=_checked_connector(), timeout=timeout, trust_env=not self._loopback
                ) as session,
                session.post(
                    self._url,
                    json=chat_request(request, self._model),
                    headers={**self._headers, "Accept": "text/event-stream"},
                    # The key is for this address and for no other.
                    allow_redirects=False,
                ) as response,
            ):
                if response.status != 200:
                    raise await self._refusal(response)
                async for output in self._answer(response):
                    yield output
        except (TimeoutError, aiohttp.ServerTimeoutError) as error:
            raise ResponderError(
                f"the chat endpoint {self._url} was silent for {self._timeout_s:g} seconds", code="timeout"
            ) from error
        except aiohttp.ClientConnectorError as error:
            raise ResponderError(
                f"the chat endpoint {self._url} cannot be reached: {error}", code="unreachable"
            ) from error
        except aiohttp.ClientError as error:
            raise ResponderError(
                f"the chat endpoint {self._url} broke the connection: {error or type(error).__name__}",
                code="stream_ended",
            ) from error

    async def _answer(self, response: ClientResponse) -> AsyncIterator[ResponderOutput]:
        answer = ChatAnswer()
        async for data in self._events(response):
            if data.strip() == _DONE:
                answer.finish_reason = answer.finish_reason or "stop"
                break
            try:
                outputs = list(answer.feed(_chunk(data)))
            except (ValueError, TypeError, AttributeError, KeyError) as error:
                raise self._not_an_answer(response, error) from error
            for output in outputs:
                yield output
        # Some servers leave the last line out.
        for output in answer.end():
            yield output

    async def _events(self, response: ClientResponse) -> AsyncIterator[str]:
        """Yield the data of each event; gives way, and ends, however much the endpoint sends."""
        stream, length, count = EventStream(), 0, 0
        async for received in response.content.iter_any():
            length += len(received)
            if length > MAX_ANSWER_BYTES or count > MAX_ANSWER_EVENTS:
                raise ResponderError(
                    f"the chat endpoint {self._url} sent {length} bytes in {count} events and no end of its answer",
                    code="answer_too_long",
                )
            # What arrives faster than it is read never waits, so the event loop would not get round to anything else.
            await asyncio.sleep(0)
            try:
                for data in stream.feed(received):
                    yield data
                    count += 1
                    if count % _EVENTS_AT_ONCE == 0:
                        await asyncio.sleep(0)
            except ValueError as error:
                raise self._not_an_answer(response, error) from error

    def _not_an_answer(self, response: ClientResponse, error: Exception) -> ResponderError:
        # Not JSON, or JSON of another shape than the API's.
        return ResponderError(
            f"the chat endpoint {self._url} sent something that is not an answer ({response.content_type}): {error}",
            code="invalid_stream",
        )

    async def _refusal(self, response: ClientResponse) -> ResponderError:
        context = f"the chat endpoint {self._url} answered {response.status}"
        if 300 <= response.status < 400:
            return ResponderError(f"{context}, a redirect, which is not followed", code=f"http_{response.status}")
        body = bytearray()
        async for received in response.content.iter_any():
            body += received
            if len(body) > _MAX_ERROR_BYTES:
                break
        try:
            payload: Any = json.loads(body)
        except ValueError:
            payload = {"error": " ".join(body.decode("utf-8", "replace").split())[:200]}
        return error_of(payload, context, code=f"http_{response.status}")


def _checked_connector() -> TCPConnector:
    """Return what connects to any address but those that never are: the operator has chosen the endpoint."""
    from aiohttp import TCPConnector
    from aiohttp.abc import AbstractResolver, ResolveResult

    rule = AddressRule(anywhere=True)

    class CheckedResolver(AbstractResolver):
        async def resolve(
            self, host: str, port: int = 0, family: socket.AddressFamily = socket.AF_UNSPEC
        ) -> list[ResolveResult]:
            try:
                addresses = await rule.resolve(host, port)
            except AddressRefusedError as error:
                raise OSError(str(error)) from None
            return [
                ResolveResult(
                    hostname=host,
                    host=address,
                    port=port,
                    family=socket.AF_INET6 if ":" in address else socket.AF_INET,
                    proto=0,
                    flags=socket.AI_NUMERICHOST,
                )
                for address in addresses
                if family in (socket.AF_UNSPEC, socket.AF_INET6 if ":" in address else socket.AF_INET)
            ]

        async def close(self) -> None:
            pass

    return TCPConnector(resolver=CheckedResolver())


def _chunk(data: str) -> dict[str, Any]:
    chunk = json.loads(data)
    if not isinstance(chunk, dict):
        raise ValueError(f"{data[:80]!r} is not an object")
    return chunk


def check_address(base_url: str, has_key: bool) -> bool:
    """Return whether the address is on this machine.

    Raises:
        ConfigurationError: for an address that cannot be used.
    """
    parts = urlsplit(base_url)
    host = parts.hostname
    if parts.scheme not in ("http", "https") or not host:
        raise ConfigurationError(f"base_url {base_url!r} is not an address: give one like http://127.0.0.1:11434/v1")
    if parts.username or parts.password or parts.query or parts.fragment:
        raise ConfigurationError("base_url has credentials, a query or a fragment: give the plain address and a key")
    address = literal(host)
    if address is not None and never_dialled(address):
        raise ConfigurationError(f"base_url leads to {host}, a link-local address or a cloud's metadata service")
    loopback = is_loopback(host)
    if has_key and parts.scheme == "http" and not loopback:
        raise ConfigurationError(f"the key would go to {host} in the clear: use https")
    return loopback


_: type[AsyncResponder] = OpenAIResponder
