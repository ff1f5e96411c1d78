"""The responder for chat endpoints, between a client of the local service and an endpoint on a real socket."""

from __future__ import annotations

import asyncio
import socket
from contextlib import AsyncExitStack
from dataclasses import replace
from typing import Any

import pytest

from voicelive._local.engines.openai_chat import OpenAIResponder
from voicelive.errors import ConfigurationError
from voicelive.local import Engines, LocalService

from .chat_endpoint import Answer, ChatEndpoint, aborts, calls, fails, hangs, stalls, streams, text
from .helpers import DEADLINE, Client, connected

WEATHER = {"type": "function", "name": "get_weather", "parameters": {"type": "object"}}


async def talking_to(
    stack: AsyncExitStack, *answers: Answer, **options: Any
) -> tuple[Client, ChatEndpoint, OpenAIResponder]:
    """Return a client of a service that asks an endpoint, and the two others."""
    endpoint = await stack.enter_async_context(ChatEndpoint(*answers).serving())
    responder = OpenAIResponder(endpoint.base_url, "llama", **options)
    engines = replace(Engines.basic(), responder=responder)
    service = await stack.enter_async_context(LocalService(engines=engines))
    client = await stack.enter_async_context(connected(service))
    await client.update(modalities=["text"], instructions="Be brief.", tools=[WEATHER])
    return client, endpoint, responder


async def respond(client: Client) -> dict[str, Any]:
    """Ask for a response and return it, finished."""
    await client.send("response.create")
    response: dict[str, Any] = (await client.until("response.done"))["response"]
    return response


def said(response: dict[str, Any]) -> str:
    """Return the text of a response."""
    return "".join(part["text"] for item in response["output"] for part in item.get("content", ()))


def error(response: dict[str, Any]) -> dict[str, Any]:
    """Return why a response failed."""
    assert response["status"] == "failed", response
    found: dict[str, Any] = response["status_details"]["error"]
    return found


@pytest.mark.parametrize("cut", [1, 7, None])
async def test_an_answer_is_streamed_however_it_is_cut(cut: int | None) -> None:
    """Every piece of the stream is a delta, wherever the packets end, inside characters too."""
    async with AsyncExitStack() as stack:
        client, endpoint, _ = await talking_to(stack, streams(text("Größe: ", "10 €", " 😀"), cut=cut))
        await client.say("How big?")
        response = await respond(client)
    assert response["status"] == "completed"
    assert said(response) == "Größe: 10 € 😀"
    (body,) = endpoint.bodies
    assert body["model"] == "llama"
    assert body["stream"] is True
    assert body["messages"] == [
        {"role": "system", "content": "Be brief."},
        {"role": "user", "content": "How big?"},
    ]
    assert "authorization" not in endpoint.headers[0]


async def test_calls_go_out_and_their_outputs_go_back() -> None:
    """Parallel calls in alternating fragments are whole for the client, and its answers reach the model."""
    places = [("get_weather", '{"city": "Oslo"}'), ("get_weather", '{"city": "Rome", "unit": "C"}')]
    async with AsyncExitStack() as stack:
        client, endpoint, _ = await talking_to(
            stack, streams(calls(*places), cut=5), streams(text("Cold ", "and warm."), done=False)
        )
        await client.say("Oslo and Rome?")
        made = (await respond(client))["output"]
        assert [(call["name"], call["arguments"]) for call in made] == places
        for call in made:
            item = {"type": "function_call_output", "call_id": call["call_id"], "output": f"{call['arguments']}!"}
            await client.create_item(item)
        assert said(await respond(client)) == "Cold and warm."
    question, asked, *answered = endpoint.bodies[1]["messages"][1:]
    assert question["content"] == "Oslo and Rome?"
    assert [call["function"]["arguments"] for call in asked["tool_calls"]] == [arguments for _, arguments in places]
    assert [message["content"] for message in answered] == [f"{arguments}!" for _, arguments in places]
    assert [message["tool_call_id"] for message in answered] == [call["id"] for call in asked["tool_calls"]]
    assert endpoint.bodies[0]["tools"][0]["function"]["name"] == "get_weather"


@pytest.mark.parametrize(("finish", "reason"), [("length", "max_output_tokens"), ("content_filter", "content_filter")])
async def test_an_answer_cut_short_is_incomplete(finish: str, reason: str) -> None:
    """What the model had said stands, and the reason is told."""
    async with AsyncExitStack() as stack:
        client, _, _ = await talking_to(stack, streams(text("It is", finish=finish)))
        response = await respond(client)
    assert (response["status"], response["status_details"]["reason"]) == ("incomplete", reason)
    assert said(response) == "It is"


@pytest.mark.parametrize(
    ("answer", "code", "message"),
    [
        (fails(429, {"error": {"message": "slow down", "code": "rate_limit_exceeded"}}), "rate_limit_exceeded", "slow"),
        (fails(404, {"error": "model 'llama' not found"}), "http_404", "model 'llama' not found"),
        (fails(502, "<h1>Bad\n gateway</h1>"), "http_502", "answered 502: <h1>Bad gateway</h1>"),
        (fails(307, "", Location="http://127.0.0.1:9/"), "http_307", "a redirect, which is not followed"),
        (streams(text("It is", finish=None), done=False), "stream_ended", "ended before its answer did"),
        (aborts(text("It is", finish=None)), "stream_ended", "broke the connection"),
        (fails(500, "x" * 200_000), "http_500", "answered 500: xxx"),
        (streams([{"error": {"message": "overloaded", "code": "busy"}}]), "busy", "overloaded"),
        (streams([{"choices": "odd"}]), "invalid_stream", "not an answer"),
        (fails(200, "data: {\n\n"), "invalid_stream", "text/plain"),
        (fails(200, {"choices": []}), "stream_ended", "ended before"),
    ],
)
async def test_what_goes_wrong_there_fails_the_response(answer: Answer, code: str, message: str) -> None:
    """Code and message say what happened; the session goes on, and the next answer is given."""
    async with AsyncExitStack() as stack:
        client, _, _ = await talking_to(stack, answer, streams(text("Here I am.")))
        failed = error(await respond(client))
        assert said(await respond(client)) == "Here I am."
    assert failed["code"] == code
    assert message in failed["message"]


@pytest.mark.parametrize("answer", [hangs(), stalls(text("It is", finish=None))])
async def test_silence_ends_in_a_failure(answer: Answer) -> None:
    """Before the answer or within it: after the time given, the response fails and the endpoint is left."""
    async with AsyncExitStack() as stack:
        client, endpoint, _ = await talking_to(stack, answer, timeout_s=0.5)
        failed = error(await respond(client))
        await asyncio.wait_for(endpoint.dropped.wait(), DEADLINE)
    assert failed["code"] == "timeout"
    assert "silent for 0.5 seconds" in failed["message"]


async def test_nobody_there_is_a_failure() -> None:
    """A port that nobody listens on is named."""
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        address = f"http://127.0.0.1:{taken.getsockname()[1]}/v1"
        engines = replace(Engines.basic(), responder=OpenAIResponder(address, "llama"))
        async with LocalService(engines=engines) as service, connected(service) as client:
            failed = error(await respond(client))
    assert failed["code"] == "unreachable"
    assert address in failed["message"]


async def test_a_barge_in_closes_the_stream_and_holds_nobody_up() -> None:
    """While one answer stalls, another session is served; cancelled, the endpoint sees its client leave."""
    async with AsyncExitStack() as stack:
        client, endpoint, responder = await talking_to(
            stack, stalls(text("It is", finish=None)), streams(text("Another."))
        )
        await client.send("response.create")
        await client.until("response.text.delta")
        # No thread to spare for anybody who blocks.
        engines = replace(Engines.basic(), responder=responder)
        service = await stack.enter_async_context(LocalService(engines=engines, worker_threads=1))
        other = await stack.enter_async_context(connected(service))
        await other.update(modalities=["text"])
        assert said(await respond(other)) == "Another."
        assert not endpoint.dropped.is_set()
        await client.send("response.cancel")
        assert (await client.until("response.done"))["response"]["status"] == "cancelled"
        await asyncio.wait_for(endpoint.dropped.wait(), DEADLINE)


async def test_the_key_is_sent_and_shown_nowhere(monkeypatch: pytest.MonkeyPatch) -> None:
    """It comes from the variable that is named, goes out as a bearer token, and is in no error."""
    monkeypatch.setenv("CHAT_KEY", "s3cret")
    async with AsyncExitStack() as stack:
        client, endpoint, responder = await talking_to(stack, fails(401, {"error": "no"}), api_key_env="CHAT_KEY")
        failed = error(await respond(client))
    assert endpoint.headers[0]["authorization"] == "Bearer s3cret"
    assert "s3cret" not in f"{failed} {responder!r}"


@pytest.mark.parametrize(
    ("base_url", "options", "message"),
    [
        ("127.0.0.1:11434/v1", {}, "is not an address: give one like"),
        ("ftp://127.0.0.1/v1", {}, "is not an address"),
        ("https://me:pass@example.com/v1", {}, "has credentials"),
        ("http://example.com/v1", {"api_key": "k"}, "would go to example.com in the clear"),
        ("https://example.com/v1", {"api_key_env": "NO_SUCH_KEY"}, "NO_SUCH_KEY holds no API key"),
    ],
)
def test_what_cannot_work_is_said_at_once(base_url: str, options: dict[str, Any], message: str) -> None:
    """Addresses that are none, keys in the clear and variables that are not set are refused before any request."""
    with pytest.raises(ConfigurationError, match=message):
        OpenAIResponder(base_url, "llama", **options)
