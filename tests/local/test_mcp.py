"""MCP servers: their tools are listed, called with or without approval, and told about; against a real server."""

from __future__ import annotations

import sys
from collections.abc import AsyncGenerator, Iterator
from contextlib import asynccontextmanager
from dataclasses import replace
from typing import Any

import pytest

from voicelive._local.mcp_client import McpTool
from voicelive._local.session.tool_offer import is_allowed, make_offer, needs_approval
from voicelive.local import Engines, LocalService
from voicelive.local.engines import FunctionCall, FunctionCallTurn, FunctionOutputTurn, ResponderOutput, TextChunk

from .helpers import Client, Event, Scripted, connected, types
from .mcp_server import RunningServer, running_server

LISTING = ["conversation.item.created", "mcp_list_tools.in_progress", "mcp_list_tools.completed"]

CALL = [
    "response.created",
    "response.output_item.added",
    "conversation.item.created",
    "response.mcp_call_arguments.delta",
    "response.mcp_call_arguments.done",
]

LOOPBACK = ["127.0.0.1"]
"""Where the tests' servers are, which the service is told to allow."""

STOCK = FunctionCall("stock_level", '{"article": "bolt"}')


@pytest.fixture(scope="module")
def server() -> Iterator[RunningServer]:
    """An MCP server."""
    with running_server() as running:
        yield running


def tool(server: RunningServer, **settings: Any) -> dict[str, Any]:
    """Return the session's tool for a server; its calls need no approval unless `settings` say so."""
    return {
        "type": "mcp",
        "server_label": "shop",
        "server_url": server.url,
        "require_approval": "never",
        **settings,
    }


@asynccontextmanager
async def talking_to(
    server: RunningServer,
    *script: list[ResponderOutput],
    model: str = "gpt-4o",
    version: str = "2026-07-15",
    **settings: Any,
) -> AsyncGenerator[tuple[Client, Scripted], None]:
    """Connect with an MCP tool whose listing is complete, and a responder that says `script`."""
    responder = Scripted(*script)
    async with (
        LocalService(engines=replace(Engines.basic(), responder=responder), allow_mcp=LOOPBACK) as service,
        connected(service, model, **{"api-version": version}) as client,
    ):
        await client.update(modalities=["text"], tools=[tool(server, **settings)])
        await client.until("mcp_list_tools.completed")
        yield client, responder


async def ask(client: Client) -> list[Event]:
    """Ask something and return the events of the response."""
    await client.say("go")
    await client.until("conversation.item.created")
    await client.send("response.create")
    return await client.collect("response.done")


async def test_a_servers_tools_are_listed_when_the_session_gets_it(server: RunningServer) -> None:
    """session.updated, then the item, in progress, completed; the item then holds the tools with their schemas."""
    async with LocalService(allow_mcp=LOOPBACK) as service, connected(service) as client:
        await client.update(tools=[tool(server)])
        events = await client.collect("mcp_list_tools.completed")
        item = events[0]["item"]
        await client.send("conversation.item.retrieve", item_id=item["id"])
        retrieved = (await client.recv())["item"]

    assert types(events) == LISTING
    assert (item["type"], item["server_label"], item["tools"]) == ("mcp_list_tools", "shop", [])
    assert {event["item_id"] for event in events[1:]} == {item["id"]}
    tools = {each["name"]: each for each in retrieved["tools"]}
    assert set(tools) == {"stock_level", "place_order", "broken", "wait"}
    assert tools["stock_level"]["input_schema"]["properties"]["article"]["type"] == "string"
    assert tools["stock_level"]["annotations"] == {"readOnlyHint": True}


async def test_a_session_sent_again_lists_only_what_has_changed(server: RunningServer) -> None:
    """The same server again is not listed again; one with other headers is."""
    async with talking_to(server) as (client, _):
        await client.update(tools=[tool(server)])
        await client.update(tools=[tool(server, headers={"x-shop": "2"})])
        events = await client.collect("mcp_list_tools.completed")

    assert types(events) == LISTING


async def test_a_server_gets_its_credentials(server: RunningServer) -> None:
    """The token goes out as bearer, beside the headers that the session names."""
    async with talking_to(server, authorization="secret-token", headers={"x-shop": "1"}):
        pass

    assert server.headers[-1]["authorization"] == "Bearer secret-token"
    assert server.headers[-1]["x-shop"] == "1"


async def test_a_call_is_made_once_its_response_is_done(server: RunningServer) -> None:
    """The call's arguments belong to the response; progress, result and output_item.done follow response.done."""
    async with talking_to(server, [STOCK], [TextChunk("There are seven.")]) as (client, responder):
        response = await ask(client)
        call = await client.collect("response.output_item.done")
        await client.send("response.create")
        answer = await client.collect("response.done")

    assert types(response) == [*CALL, "response.done"]
    assert types(call) == ["response.mcp_call.in_progress", "response.mcp_call.completed", "response.output_item.done"]
    added = response[1]["item"]
    assert added == {
        "id": added["id"],
        "object": "realtime.item",
        "type": "mcp_call",
        "approval_request_id": None,
        "arguments": "",
        "server_label": "shop",
        "name": "stock_level",
        "output": None,
        "error": None,
    }
    finished = {**added, "arguments": STOCK.arguments, "output": "7 pieces of bolt"}
    assert call[-1]["item"] == finished
    assert call[-1]["response_id"] == response[0]["response"]["id"]
    assert [event["item_id"] for event in call[:2]] == [added["id"]] * 2
    assert response[-1]["response"]["output"][0]["output"] is None
    assert answer[-1]["response"]["status"] == "completed"
    assert responder.requests[1].conversation[-2:] == [
        FunctionCallTurn(added["id"], "stock_level", STOCK.arguments),
        FunctionOutputTurn(added["id"], "7 pieces of bolt"),
    ]


async def test_the_responder_is_offered_the_tools_as_functions(server: RunningServer) -> None:
    """A server's tools reach the responder beside the session's functions, in the same form."""
    async with talking_to(server, allowed_tools=["stock_level"]) as (client, responder):
        function = {"type": "function", "name": "own", "parameters": {"type": "object"}}
        await client.update(tools=[function, tool(server, allowed_tools=["stock_level"])])
        await ask(client)

    own, offered = responder.requests[0].tools
    assert own["name"] == "own"
    assert offered["name"] == "stock_level"
    assert offered["description"] == "Tell how many pieces of an article are in stock."
    assert "article" in offered["parameters"]["properties"]


async def test_the_assistant_calls_a_servers_tool_and_tells_its_result(server: RunningServer) -> None:
    """The built-in assistant: a question finds the tool, and the next response tells what it returned."""
    async with LocalService(allow_mcp=LOOPBACK) as service, connected(service) as client:
        await client.update(modalities=["text"], tools=[tool(server)])
        await client.until("mcp_list_tools.completed")
        await client.say("What is the stock level of the article bolt?")
        await client.send("response.create")
        await client.until("response.mcp_call.completed")
        await client.until("response.output_item.done")
        await client.send("response.create")
        done = await client.until("response.done")

    assert "7 pieces" in done["response"]["output"][0]["content"][0]["text"]


async def test_a_call_waits_for_approval(server: RunningServer) -> None:
    """The request is an item before response.done; nothing is called until the application approves."""
    calls = len(server.calls)
    async with talking_to(server, [STOCK], require_approval="always") as (client, _):
        response = await ask(client)
        request = response[-2]["item"]
        assert len(server.calls) == calls
        await client.create_item(
            {"type": "mcp_approval_response", "approval_request_id": request["id"], "approve": True}
        )
        call = await client.collect("response.output_item.done")

    assert types(response) == [*CALL, "conversation.item.created", "response.done"]
    assert request == {
        "id": request["id"],
        "object": "realtime.item",
        "type": "mcp_approval_request",
        "arguments": STOCK.arguments,
        "name": "stock_level",
        "server_label": "shop",
    }
    assert types(call) == [
        "conversation.item.created",
        "response.mcp_call.in_progress",
        "response.mcp_call.completed",
        "response.output_item.done",
    ]
    assert call[0]["item"]["approve"] is True
    assert call[-1]["item"]["approval_request_id"] == request["id"]
    assert call[-1]["item"]["output"] == "7 pieces of bolt"


async def test_a_call_that_is_not_approved_fails(server: RunningServer) -> None:
    """A refusal ends the call as failed, with an error and without a call; the responder learns of it."""
    calls = len(server.calls)
    async with talking_to(server, [STOCK], [TextChunk("Then not.")], require_approval="always") as (client, responder):
        response = await ask(client)
        await client.create_item(
            {"type": "mcp_approval_response", "approval_request_id": response[-2]["item"]["id"], "approve": False}
        )
        call = await client.collect("response.output_item.done")
        await client.send("response.create")
        await client.until("response.done")

    assert types(call) == ["conversation.item.created", "response.mcp_call.failed", "response.output_item.done"]
    assert call[-1]["item"]["output"] is None
    assert call[-1]["item"]["error"]["message"] == "The call was not approved."
    assert len(server.calls) == calls
    output = next(turn for turn in responder.requests[1].conversation if isinstance(turn, FunctionOutputTurn))
    assert "not approved" in output.output


async def test_an_approval_that_nobody_asked_for_is_ignored(server: RunningServer) -> None:
    """A wrong id is accepted without an error, and has no effect."""
    async with talking_to(server) as (client, _):
        await client.create_item({"type": "mcp_approval_response", "approval_request_id": "mcpr_no", "approve": True})
        await client.send("input_audio_buffer.clear")
        events = await client.collect("input_audio_buffer.cleared")

    assert types(events) == ["conversation.item.created", "input_audio_buffer.cleared"]


@pytest.mark.parametrize(
    ("call", "words"),
    [
        (FunctionCall("broken", "{}"), "broken"),
        (FunctionCall("place_order", '{"count": "many"}'), "validation error"),
        (FunctionCall("place_order", "[1]"), "not a JSON object"),
        (FunctionCall("place_order", "{"), "not JSON"),
    ],
)
async def test_a_tool_that_fails_says_why(server: RunningServer, call: FunctionCall, words: str) -> None:
    """failed instead of completed, the reason in the item's error; the session goes on."""
    async with talking_to(server, [call], [TextChunk("Sorry.")]) as (client, _):
        await ask(client)
        events = await client.collect("response.output_item.done")
        answer = await ask(client)

    assert types(events)[:2] == ["response.mcp_call.in_progress", "response.mcp_call.failed"]
    error = events[-1]["item"]["error"]
    assert error["type"] == "tool_execution_error"
    assert words in error["message"]
    assert answer[-1]["response"]["status"] == "completed"


@pytest.mark.parametrize(
    ("url", "words"),
    [
        ("http://127.0.0.1:1/mcp", "connection attempts failed"),
        ("{server}/elsewhere", "404"),
        ("no-url", "protocol"),
    ],
)
async def test_a_server_that_cannot_be_listed_is_told_and_left_out(server: RunningServer, url: str, words: str) -> None:
    """A warning with the reason and mcp_list_tools.failed; the session goes on without the server's tools."""
    async with LocalService(allow_mcp=LOOPBACK) as service, connected(service) as client:
        await client.update(modalities=["text"], tools=[tool(server, server_url=url.format(server=server.url))])
        events = await client.collect("mcp_list_tools.failed")
        response = await ask(client)

    assert types(events) == [*LISTING[:2], "warning", "mcp_list_tools.failed"]
    warning = events[2]["warning"]
    assert warning["code"] == "mcp_list_tools_failed"
    assert words in warning["message"]
    assert "'shop'" in warning["message"]
    assert response[-1]["response"]["status"] == "completed"


async def test_several_calls_of_one_response_run_side_by_side(server: RunningServer) -> None:
    """A call that waits does not hold up another, nor a response; results carry their own output_index."""
    server.gate.clear()
    async with talking_to(server, [FunctionCall("wait", "{}"), STOCK], [TextChunk("Moment.")]) as (client, _):
        await ask(client)
        first = await client.until("response.output_item.done")
        meanwhile = await ask(client)
        server.gate.set()
        second = await client.until("response.output_item.done")

    assert (first["output_index"], first["item"]["name"]) == (1, "stock_level")
    assert meanwhile[-1]["response"]["status"] == "completed"
    assert (second["output_index"], second["item"]["output"]) == (0, "waited")


async def test_completed_may_come_twice(server: RunningServer) -> None:
    """With the quirk duplicate_mcp_completed, both for the same item, before output_item.done."""
    engines = replace(Engines.basic(), responder=Scripted([STOCK]))
    async with (
        LocalService(engines=engines, quirks=["duplicate_mcp_completed"], allow_mcp=LOOPBACK) as service,
        connected(service) as client,
    ):
        await client.update(modalities=["text"], tools=[tool(server)])
        await client.until("mcp_list_tools.completed")
        await ask(client)
        events = await client.collect("response.output_item.done")

    assert types(events)[1:] == ["response.mcp_call.completed"] * 2 + ["response.output_item.done"]
    assert events[1]["item_id"] == events[2]["item_id"]


async def test_a_session_that_ends_leaves_no_call_behind(server: RunningServer) -> None:
    """Closing during a call ends the session, which waits for no tool: this one returns only afterwards."""
    server.gate.clear()
    async with talking_to(server, [FunctionCall("wait", "{}")]) as (client, _):
        await ask(client)
        await client.until("response.mcp_call.in_progress")
    server.gate.set()


async def test_v1_says_when_the_list_is_complete(server: RunningServer) -> None:
    """The draft's items: added empty, done with the tools, both before completed."""
    async with LocalService(allow_mcp=LOOPBACK) as service, connected(service, **{"api-version": "v1"}) as client:
        await client.until("conversation.created")
        await client.update(type="realtime", tools=[tool(server)])
        events = await client.collect("mcp_list_tools.completed")

    assert types(events) == [
        "conversation.item.created",
        "conversation.item.added",
        "mcp_list_tools.in_progress",
        "conversation.item.done",
        "mcp_list_tools.completed",
    ]
    assert events[1]["item"]["tools"] == []
    assert len(events[3]["item"]["tools"]) == 4


async def test_without_the_extra_the_warning_says_what_to_install(
    server: RunningServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Where the package mcp is missing, a session with a server goes on, and is told the remedy."""
    monkeypatch.setitem(sys.modules, "mcp", None)
    async with LocalService(allow_mcp=LOOPBACK) as service, connected(service) as client:
        await client.update(tools=[tool(server)])
        warning = await client.until("warning")
        await client.until("mcp_list_tools.failed")

    assert 'pip install "voicelive[mcp]"' in warning["warning"]["message"]


READ = McpTool("read", "", {}, {"readOnlyHint": True})
WRITE = McpTool("write", "", {})


@pytest.mark.parametrize(
    ("setting", "read", "write"),
    [
        (None, True, True),
        ("always", True, True),
        ("never", False, False),
        ({"never": ["read"]}, False, True),
        ({"always": ["write"]}, False, True),
        ({"never": {"read_only": True}}, False, True),
        ({"always": {"tool_names": ["read"]}, "never": {"tool_names": ["write"]}}, True, False),
    ],
)
def test_who_needs_approval(setting: Any, read: bool, write: bool) -> None:
    """require_approval: a word, lists of names or filters; where nothing is said, every call needs it."""
    server = {"require_approval": setting}
    assert (needs_approval(server, READ), needs_approval(server, WRITE)) == (read, write)


@pytest.mark.parametrize(
    ("setting", "names"),
    [
        (None, ["read", "write"]),
        (["write"], ["write"]),
        ([], []),
        ({"read_only": True}, ["read"]),
        ({"tool_names": ["read", "write"], "read_only": False}, ["write"]),
    ],
)
def test_what_is_allowed(setting: Any, names: list[str]) -> None:
    """allowed_tools: all, a list of names, or a filter."""
    assert [each.name for each in (READ, WRITE) if is_allowed({"allowed_tools": setting}, each)] == names


def test_names_that_clash_get_the_servers_label() -> None:
    """A tool named like a function of the session, or of another server, is offered under label__name."""
    tools = [
        {"type": "function", "name": "read"},
        {"type": "mcp", "server_label": "a"},
        {"type": "mcp", "server_label": "b"},
    ]
    offer = make_offer(tools, "auto", {"a": [READ, WRITE], "b": [WRITE]})

    assert [each["name"] for each in offer.tools] == ["read", "a__read", "write", "b__write"]
    assert offer.targets["b__write"].server["server_label"] == "b"


def test_a_tool_choice_may_name_a_server_or_its_tool() -> None:
    """Of type mcp: a tool becomes the function to call; a server leaves only its tools, one of them required."""
    tools = [{"type": "function", "name": "own"}, {"type": "mcp", "server_label": "a"}]
    named = make_offer(tools, {"type": "mcp", "server_label": "a", "name": "write"}, {"a": [READ, WRITE]})
    any_of = make_offer(tools, {"type": "mcp", "server_label": "a"}, {"a": [READ, WRITE]})

    assert named.tool_choice == {"type": "function", "name": "write"}
    assert any_of.tool_choice == "required"
    assert [each["name"] for each in any_of.tools] == ["read", "write"]
