"""Flows in which the model calls tools."""

from __future__ import annotations

from voicelive.local.engines import FunctionCall, FunctionOutputTurn, TextChunk

from ..local.helpers import Scripted
from ..local.mcp_server import running_server
from .peer import Setup
from .stage import WEATHER, Flow, Stage, joined, only, types

__all__ = ["FLOWS"]


async def function_call(stage: Stage) -> None:
    """The model calls a function; the client sends its output, asks again, and gets the answer."""
    arguments = '{"location": "Paris"}'
    responder = Scripted([FunctionCall("get_weather", arguments)], [TextChunk("Sunny in Paris.")])
    async with stage.service(responder=responder) as service, stage.connected(service) as peer:
        await stage.configured(peer, Setup(modalities=("text",), tools=[WEATHER]))
        await peer.say("What is the weather in Paris?")
        await stage.receive(peer, "said")
        await peer.ask()
        events = await stage.receive(peer, "call")
        call = only(events, "arguments.done")
        await peer.give_output(call.look("call_id"), '{"sky": "clear"}')
        given = await stage.receive(peer, "said")
        await peer.ask()
        answer = await stage.receive(peer, "text answer")

    assert types(events) == stage.order("call")
    assert joined(events, "arguments.delta") == arguments
    assert call.look("name") == "get_weather"
    assert call.look("arguments") == arguments
    added = only(events, "output_item.added")
    assert (added.look("item.type"), added.look("item.call_id")) == ("function_call", call.look("call_id"))
    assert events[-1].look("response.output.0.arguments") == arguments
    assert given[0].look("item.type") == "function_call_output"
    assert given[0].look("item.call_id") == call.look("call_id")
    assert only(answer, "text.done").look("text") == "Sunny in Paris."
    assert [tool["name"] for tool in responder.requests[0].tools] == ["get_weather"]


async def parallel_calls(stage: Stage) -> None:
    """The model calls two functions in one response; both outputs are sent before one more answer is asked for."""
    places = ('{"location": "Paris"}', '{"location": "Rome"}')
    calls = [FunctionCall("get_weather", arguments) for arguments in places]
    responder = Scripted(calls, [TextChunk("Sunny in both.")])
    async with stage.service(responder=responder) as service, stage.connected(service) as peer:
        await stage.configured(peer, Setup(modalities=("text",), tools=[WEATHER]))
        await peer.say("What is the weather in Paris and Rome?")
        await stage.receive(peer, "said")
        await peer.ask()
        events = await stage.receive(peer, "call")
        done = [event for event in events if event.type.endswith("arguments.done")]
        for call in done:
            await peer.give_output(call.look("call_id"), "clear")
            await stage.receive(peer, "said")
        await peer.ask()
        answer = await stage.receive(peer, "text answer")

    created, *call_order, ended = stage.order("call")
    assert types(events) == [created, *call_order, *call_order, ended]
    assert [(event.look("output_index"), event.look("arguments")) for event in done] == list(enumerate(places))
    assert done[0].look("call_id") != done[1].look("call_id")
    output = [events[-1].look(f"response.output.{index}.call_id") for index in range(2)]
    assert output == [event.look("call_id") for event in done]
    assert only(answer, "text.done").look("text") == "Sunny in both."
    outputs = [turn for turn in responder.requests[1].conversation if isinstance(turn, FunctionOutputTurn)]
    assert [turn.call_id for turn in outputs] == output


async def mcp_call(stage: Stage) -> None:
    """The tools of an MCP server are listed; the model calls one, the client approves, the result is reported."""
    responder = Scripted([FunctionCall("stock_level", '{"article": "bolt"}')], [TextChunk("There are seven.")])
    with running_server() as shop:
        async with stage.service(responder=responder) as service, stage.connected(service) as peer:
            await peer.configure(Setup(modalities=("text",), mcp_url=shop.url))
            listed = await stage.receive(peer, "mcp listed")
            await peer.say("How many bolts are there?")
            await stage.receive(peer, "said")
            await peer.ask()
            asked = await stage.receive(peer, "mcp asked")
            request = [event for event in asked if event.type == "conversation.item.created"][-1]
            before = list(shop.calls)
            await peer.approve(request.look("item.id"))
            called = await stage.receive(peer, "mcp called")
            await peer.ask()
            answer = await stage.receive(peer, "text answer")

    assert types(listed) == stage.order("mcp listed")
    assert types(asked) == stage.order("mcp asked")
    assert joined(asked, "arguments.delta") == '{"article": "bolt"}'
    assert request.look("item.type") == "mcp_approval_request"
    assert request.look("item.name") == "stock_level"
    assert request.look("item.server_label") == "shop"
    assert (before, shop.calls) == ([], ["stock_level"])
    assert types(called) == stage.order("mcp called")
    assert only(called, "output_item.done").look("item.output") == "7 pieces of bolt"
    assert only(answer, "text.done").look("text") == "There are seven."


FLOWS = (
    Flow("function call", function_call),
    Flow("parallel function calls", parallel_calls),
    Flow("MCP call with approval", mcp_call),
)
