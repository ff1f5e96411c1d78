"""Function calls: their events, and the answer that follows their output."""

from __future__ import annotations

import json
from collections.abc import Sequence
from contextlib import AsyncExitStack
from dataclasses import replace

from voicelive.local import Engines, LocalService
from voicelive.local.engines import FunctionCall, ResponderOutput, TextChunk

from .helpers import Client, Event, Scripted, audio_of, connected, read_tones, types

CALL = [
    "response.output_item.added",
    "conversation.item.created",
    "response.function_call_arguments.delta",
    "response.function_call_arguments.done",
    "response.output_item.done",
]

WEATHER = {
    "type": "function",
    "name": "get_weather",
    "description": "Get the current weather of a place",
    "parameters": {
        "type": "object",
        "properties": {"location": {"type": "string"}},
        "required": ["location"],
    },
}


async def responses_to(*script: Sequence[ResponderOutput]) -> list[Event]:
    """Return the events of a response, after its creation, by a responder that says `script`."""
    engines = replace(Engines.basic(), responder=Scripted(*script))
    async with AsyncExitStack() as stack:
        service = await stack.enter_async_context(LocalService(engines=engines))
        client = await stack.enter_async_context(connected(service))
        await client.say("go")
        await client.send("response.create")
        await client.until("response.created")
        return await client.collect("response.done")


async def test_a_call_has_the_recorded_order_and_ids() -> None:
    """One call: announced in progress and empty, argued, done with its name, and completed."""
    arguments = '{"location": "Paris"}'
    events = await responses_to([FunctionCall("get_weather", arguments)])
    added, _, *_, done, item_done, response_done = events

    assert types(events) == [*CALL, "response.done"]
    call = added["item"]
    assert call["status"] == "in_progress"
    assert call["arguments"] == ""
    assert call["name"] == "get_weather"
    assert len(call["call_id"]) == len("call_") + 24
    deltas = [e["delta"] for e in events if e["type"].endswith("arguments.delta")]
    assert len(deltas) > 1
    assert "".join(deltas) == arguments
    assert (done["name"], done["arguments"]) == ("get_weather", arguments)
    assert done["call_id"] == call["call_id"]
    assert item_done["item"] == {**call, "status": "completed", "arguments": arguments}
    assert response_done["response"]["output"] == [item_done["item"]]


async def test_a_call_without_arguments_is_one_delta() -> None:
    """Empty arguments arrive in one piece."""
    events = await responses_to([FunctionCall("end_call", "{}")])

    assert [e["delta"] for e in events if "delta" in e] == ["{}"]


async def test_parallel_calls_rise_in_output_index() -> None:
    """Each call is an output item of its own, finished before the next begins."""
    events = await responses_to([FunctionCall("a", "{}"), FunctionCall("b", '{"x": 1}')])

    assert types(events) == [*CALL, *CALL, "response.done"]
    done = [e for e in events if e["type"] == "response.function_call_arguments.done"]
    assert [(e["output_index"], e["name"]) for e in done] == [(0, "a"), (1, "b")]
    assert len({e["call_id"] for e in done}) == 2


async def test_a_call_beside_a_message_ends_before_the_sound_begins() -> None:
    """Mixed output: the call at index 1 is finished first, then the message at index 0 gets its sound."""
    events = await responses_to([TextChunk("Bye"), FunctionCall("end_call", "{}")])

    assert types(events) == [
        "response.output_item.added",
        "conversation.item.created",
        "response.content_part.added",
        "response.audio_transcript.delta",
        *CALL,
        "response.audio.delta",
        "response.audio.done",
        "response.audio_transcript.done",
        "response.content_part.done",
        "response.output_item.done",
        "response.done",
    ]
    assert [item["type"] for item in events[-1]["response"]["output"]] == ["message", "function_call"]


async def test_the_output_of_a_call_is_answered(client: Client) -> None:
    """The client's function_call_output becomes an item, reaches the responder, and the next response uses it."""
    await client.create_item({"type": "function_call", "call_id": "call_1", "name": "f", "arguments": "{}"})
    await client.recv()
    await client.create_item({"type": "function_call_output", "call_id": "call_1", "output": '{"temperature": 21}'})
    created = await client.recv()
    await client.send("response.create")
    events = await client.collect("response.done")

    assert created["item"]["type"] == "function_call_output"
    assert created["item"]["call_id"] == "call_1"
    assert read_tones(audio_of(events)) == 'You said {"temperature": 21}'


async def test_the_assistant_calls_a_tool_and_speaks_its_result() -> None:
    """The built-in assistant: a question calls the session's tool, and its output is spoken."""
    async with LocalService() as service, connected(service) as client:
        await client.update(tools=[WEATHER], modalities=["text"])
        await client.say("What is the weather in Paris?")
        await client.send("response.create")
        call = await client.until("response.function_call_arguments.done")
        await client.until("response.done")
        output = {"type": "function_call_output", "call_id": call["call_id"], "output": "sunny, 21 degrees"}
        await client.create_item(output)
        await client.send("response.create")
        done = await client.until("response.done")

    assert call["name"] == "get_weather"
    assert json.loads(call["arguments"]) == {"location": "Paris"}
    answer = done["response"]["output"][0]["content"][0]["text"]
    assert "sunny" in answer
    assert "21" in answer


async def test_call_items_link_to_the_question_in_text_turns_by_the_empty_string() -> None:
    """In a typed turn a call's item has the previous_item_id that the service gives: the empty string."""
    events = await responses_to([FunctionCall("a", "{}")])

    created = next(e for e in events if e["type"] == "conversation.item.created")
    assert created["previous_item_id"] == ""
