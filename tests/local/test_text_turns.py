"""Typed turns: the order of their events, and what the events say."""

from __future__ import annotations

from dataclasses import replace

import pytest

from voicelive.local import Engines, LocalService
from voicelive.local.engines import TextChunk

from .helpers import Client, Scripted, audio_of, connected, read_tones, types

WRITTEN_ANSWER = [
    "response.created",
    "response.output_item.added",
    "conversation.item.created",
    "response.content_part.added",
    "response.text.delta",
    "response.text.done",
    "response.content_part.done",
    "response.output_item.done",
    "response.done",
]

SPOKEN_ANSWER = [
    "response.created",
    "response.output_item.added",
    "conversation.item.created",
    "response.content_part.added",
    "response.audio_transcript.delta",
    "response.audio.delta",
    "response.audio.done",
    "response.audio_transcript.done",
    "response.content_part.done",
    "response.output_item.done",
    "response.done",
]


async def test_a_text_turn_has_the_recorded_order(client: Client) -> None:
    """A typed question with text modality gives exactly the events that were recorded, in that order."""
    await client.update(modalities=["text"])
    await client.say("hello")
    await client.send("response.create")
    events = await client.collect("response.done")

    assert types(events) == ["conversation.item.created", *WRITTEN_ANSWER]
    created, item = events[0], events[0]["item"]
    assert created["previous_item_id"] == ""
    assert item["status"] == "completed"
    assert item["object"] == "realtime.item"
    assert item["content"] == [{"type": "input_text", "text": "hello"}]


async def test_an_answer_in_text_fills_its_events(client: Client) -> None:
    """The deltas join to the text of every done event, and ids and statuses are those of a cascaded model."""
    await client.update(modalities=["text"])
    await client.say("hello, you")
    await client.send("response.create")
    await client.recv()
    events = await client.collect("response.done")
    by_type = {event["type"]: event for event in events}

    text = "You said hello, you"
    deltas = [e["delta"] for e in events if e["type"] == "response.text.delta"]
    assert "".join(deltas) == text
    assert deltas[:3] == ["You", " ", "said"]
    assert by_type["response.text.done"]["text"] == text
    assert by_type["response.content_part.added"]["part"] == {"type": "text", "text": ""}
    assert by_type["response.content_part.done"]["part"] == {"type": "text", "text": text}
    added = by_type["response.output_item.added"]["item"]
    assert added["id"].startswith("msg_")
    assert added["status"] == "incomplete"
    assert added["content"] == []
    assert by_type["conversation.item.created"]["item"] == added
    assert by_type["conversation.item.created"]["previous_item_id"] == ""
    done = by_type["response.done"]["response"]
    assert done["status"] == "completed"
    assert done["conversation_id"] == ""
    assert done["status_details"] is None
    assert done["output"] == [by_type["response.output_item.done"]["item"]]
    assert done["output"][0]["status"] == "completed"
    assert done["usage"]["output_token_details"] == {
        "text_tokens": 5,
        "audio_tokens": 0,
        "reasoning_tokens": 0,
    }


async def test_a_typed_question_is_answered_aloud(client: Client) -> None:
    """With audio modality the transcript comes first, then all sound, and the sound says the transcript."""
    await client.say("hello")
    await client.send("response.create")
    events = await client.collect("response.done")

    assert types(events) == ["conversation.item.created", *SPOKEN_ANSWER]
    assert read_tones(audio_of(events)) == "You said hello"
    output = events[-1]["response"]["output"][0]
    assert output["content"] == [{"type": "audio", "transcript": "You said hello"}]


async def test_event_ids_come_first_and_differ(client: Client) -> None:
    """Every event has an id of its own, as its first key."""
    await client.say("hello")
    await client.send("response.create")
    events = await client.collect("response.done")

    assert all(next(iter(event)) == "event_id" for event in events)
    assert len({event["event_id"] for event in events}) == len(events)
    assert all(event["event_id"].startswith("event_") for event in events)


async def test_response_settings_apply_to_one_response(client: Client) -> None:
    """Modalities, metadata and items given with response.create hold for that response alone."""
    extra = {"type": "message", "role": "user", "content": [{"type": "input_text", "text": "aside"}]}
    await client.say("hello")
    await client.send(
        "response.create",
        response={"modalities": ["text"], "append_input_items": [extra], "metadata": {"k": "v"}},
    )
    done = await client.until("response.done")

    assert done["response"]["modalities"] == ["text"]
    assert done["response"]["metadata"] == {"k": "v"}
    assert done["response"]["output"][0]["content"][0]["text"] == "You said aside"
    await client.send("response.create")
    await client.until("response.audio.done")


async def test_input_items_replace_the_conversation(client: Client) -> None:
    """With input_items the responder sees those and nothing else."""
    only = {"type": "message", "role": "user", "content": [{"type": "input_text", "text": "only"}]}
    await client.say("hello")
    await client.send("response.create", response={"modalities": ["text"], "input_items": [only]})
    await client.until("response.created")
    done = await client.until("response.done")

    assert done["response"]["output"][0]["content"][0]["text"] == "You said only"


async def test_a_prepared_greeting_is_spoken_as_it_is(client: Client) -> None:
    """pre_generated_assistant_message goes through the normal flow, costs no input tokens, enters the history."""
    message = {"type": "message", "role": "assistant", "content": [{"type": "text", "text": "Welcome!"}]}
    await client.send("response.create", response={"pre_generated_assistant_message": message})
    events = await client.collect("response.done")

    assert types(events) == SPOKEN_ANSWER
    assert read_tones(audio_of(events)) == "Welcome!"
    response = events[-1]["response"]
    assert response["usage"]["input_tokens"] == 0
    await client.send("conversation.item.retrieve", item_id=response["output"][0]["id"])
    retrieved = await client.until("conversation.item.retrieved")
    assert retrieved["item"]["content"][0]["transcript"] == "Welcome!"


async def test_the_responder_sees_the_whole_session() -> None:
    """Instructions, tools, tool choice and the conversation reach the responder in order."""
    responder = Scripted()
    tool = {"type": "function", "name": "f", "parameters": {"type": "object", "properties": {}}}
    async with (
        LocalService(engines=replace(Engines.basic(), responder=responder)) as service,
        connected(service) as client,
    ):
        await client.update(instructions="Be brief.", tools=[tool], modalities=["text"])
        content = [{"type": "input_text", "text": "Be kind."}]
        await client.create_item({"type": "message", "role": "system", "content": content})
        await client.say("hello")
        await client.send("response.create", additional_instructions="Now.", response={"tool_choice": "f"})
        await client.until("response.done")

    request = responder.requests[0]
    assert request.instructions == "Be brief.\nNow."
    assert list(request.tools) == [tool]
    assert request.tool_choice == {"type": "function", "name": "f"}
    said = [(getattr(t, "role", ""), getattr(t, "text", "")) for t in request.conversation]
    assert said == [("system", "Be kind."), ("user", "hello")]


async def test_a_token_limit_ends_the_response_incomplete(client: Client) -> None:
    """max_output_tokens cuts the text, and the response says why it is incomplete."""
    await client.update(modalities=["text"])
    await client.say("one two three")
    await client.send("response.create", response={"max_output_tokens": 3})
    await client.until("response.created")
    done = (await client.until("response.done"))["response"]

    assert done["status"] == "incomplete"
    assert done["status_details"] == {"type": "incomplete", "reason": "max_output_tokens"}
    assert done["output"][0]["content"][0]["text"].split() == ["You", "said", "one"]
    assert done["output"][0]["status"] == "incomplete"


async def test_word_timestamps_come_with_the_sound(client: Client) -> None:
    """With output_audio_timestamp_types every word is placed in the sound."""
    await client.update(output_audio_timestamp_types=["word"])
    await client.say("one two")
    await client.send("response.create")
    events = await client.collect("response.done")

    words = [e for e in events if e["type"] == "response.audio_timestamp.delta"]
    assert [e["text"] for e in words] == ["You", "said", "one", "two"]
    assert [e["audio_offset_ms"] for e in words] == sorted(e["audio_offset_ms"] for e in words)
    assert types(events).count("response.audio_timestamp.done") == 1


@pytest.mark.filterwarnings("ignore::pytest.PytestUnhandledThreadExceptionWarning")
async def test_a_failing_responder_fails_the_response_only() -> None:
    """An engine that raises gives response.done with status failed; the session answers the next question."""

    class Broken(Scripted):
        def respond(self, request):  # type: ignore[no-untyped-def]
            if not self.requests:
                self.requests.append(request)
                yield TextChunk("Half an")
                raise RuntimeError("no idea")
            yield from super().respond(request)

    async with (
        LocalService(engines=replace(Engines.basic(), responder=Broken())) as service,
        connected(service) as client,
    ):
        await client.update(modalities=["text"])
        await client.say("hello")
        await client.send("response.create")
        failed = await client.until("response.done")
        await client.send("response.create")
        answered = await client.until("response.done")

    assert failed["response"]["status"] == "failed"
    assert failed["response"]["status_details"]["error"]["code"] == "server_error"
    assert failed["response"]["output"][0]["status"] == "incomplete"
    assert answered["response"]["status"] == "completed"


async def test_typed_text_becomes_a_message_when_it_is_done(client: Client) -> None:
    """input_text.delta is silent; input_text.done makes the collected text an item with the given id."""
    for piece in ("How are", " you?"):
        await client.send("input_text.delta", id="typed_1", delta=piece)
    await client.send("input_text.done", id="typed_1")
    created = await client.recv()

    assert created["type"] == "conversation.item.created"
    assert created["item"]["id"] == "typed_1"
    assert created["item"]["content"] == [{"type": "input_text", "text": "How are you?"}]
