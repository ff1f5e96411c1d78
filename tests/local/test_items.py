"""Items: create, retrieve, delete and truncate."""

from __future__ import annotations

import base64

from .helpers import Client, audio_of, read_tones, tones


def message(text: str = "hello", role: str = "user", **fields: object) -> dict[str, object]:
    """Return a message item of one text part."""
    kind = "text" if role == "assistant" else "input_text"
    return {"type": "message", "role": role, "content": [{"type": kind, "text": text}], **fields}


async def spoken_answer(client: Client) -> tuple[str, int]:
    """Have a question answered aloud; return the answer's id and its length in milliseconds."""
    await client.say("hello")
    await client.send("response.create")
    events = await client.collect("response.done")
    return events[-1]["response"]["output"][0]["id"], len(audio_of(events)) // 48


async def test_an_item_keeps_the_id_the_client_chose(client: Client) -> None:
    """A client may name its items; a second item of the same name is refused."""
    await client.create_item(message(id="mine"), event_id="first")
    assert (await client.recv())["item"]["id"] == "mine"
    await client.create_item(message(id="mine"), event_id="second")

    error = await client.error()
    assert error["param"] == "item.id"
    assert error["event_id"] == "second"


async def test_an_item_can_be_put_behind_another(client: Client) -> None:
    """previous_item_id places the item; an unknown one is refused; root is the beginning."""
    for name, fields in (("a", {}), ("c", {}), ("b", {"previous_item_id": "a"}), ("0", {"previous_item_id": "root"})):
        await client.create_item(message(name, id=name), **fields)
        created = await client.recv()
        assert created["previous_item_id"] == fields.get("previous_item_id", "")
    await client.create_item(message(id="lost"), previous_item_id="nowhere")

    assert (await client.error())["param"] == "previous_item_id"


async def test_the_record_shows_the_conversation_in_order(client: Client, service: object) -> None:
    """Items inserted, deleted and appended appear in the service's record of the session in their order."""
    for name, fields in (("a", {}), ("c", {}), ("b", {"previous_item_id": "a"})):
        await client.create_item(message(name, id=name), **fields)
    await client.send("conversation.item.delete", item_id="c")
    await client.until("conversation.item.deleted")

    items = service.sessions[-1].items  # type: ignore[attr-defined]
    assert [item.id for item in items] == ["a", "b"]


async def test_an_item_can_be_retrieved(client: Client) -> None:
    """conversation.item.retrieve gives the item back as it is."""
    await client.create_item(message(role="assistant", id="x"))
    created = await client.recv()
    await client.send("conversation.item.retrieve", item_id="x")
    retrieved = await client.recv()

    assert retrieved["type"] == "conversation.item.retrieved"
    assert retrieved["item"] == created["item"]


async def test_a_spoken_item_is_retrieved_with_its_sound(client: Client) -> None:
    """The user's sound comes back as base64 of what voice activity cut out, the assistant's as it was sent."""
    await client.append(bytes(48000) + tones("hello"))
    events = await client.collect("response.done")
    await client.send("conversation.item.retrieve", item_id=events[0]["item_id"])
    user = (await client.recv())["item"]
    await client.send("conversation.item.retrieve", item_id=events[-1]["response"]["output"][0]["id"])
    assistant = (await client.recv())["item"]

    assert read_tones(base64.b64decode(user["content"][0]["audio"])) == "hello"
    assert user["content"][0]["transcript"] == "hello"
    assert base64.b64decode(assistant["content"][0]["audio"]) == audio_of(events)


async def test_a_deleted_item_is_gone(client: Client) -> None:
    """conversation.item.delete is confirmed; the item is unknown from then on, and to the responder too."""
    await client.create_item(message("one", id="a"))
    await client.create_item(message("two", id="b"))
    await client.send("conversation.item.delete", item_id="b")
    assert (await client.until("conversation.item.deleted"))["item_id"] == "b"
    await client.send("conversation.item.delete", item_id="b")
    error = await client.error()
    await client.send("response.create", response={"modalities": ["text"]})
    done = await client.until("response.text.done")

    assert error["code"] == "item_delete_invalid_item_id"
    assert error["message"] == "Error deleting item: the item with id 'b' does not exist."
    assert done["text"] == "You said one"


async def test_unknown_items_are_refused_by_name(client: Client) -> None:
    """Retrieving and truncating what does not exist gives the error code of each."""
    await client.send("conversation.item.retrieve", item_id="x")
    retrieve = await client.error()
    await client.send("conversation.item.truncate", item_id="x", content_index=0, audio_end_ms=0)
    truncate = await client.error()

    assert retrieve["code"] == "item_retrieve_invalid_item_id"
    assert truncate["code"] == "item_truncate_invalid_item_id"


async def test_truncating_cuts_sound_and_transcript(client: Client) -> None:
    """conversation.item.truncate is confirmed as sent; the rest of the sound and the transcript are gone."""
    item_id, length_ms = await spoken_answer(client)
    assert length_ms > 500
    await client.send("conversation.item.truncate", item_id=item_id, content_index=0, audio_end_ms=500)
    truncated = await client.recv()
    await client.send("conversation.item.retrieve", item_id=item_id)
    part = (await client.recv())["item"]["content"][0]

    assert truncated["type"] == "conversation.item.truncated"
    assert (truncated["item_id"], truncated["content_index"], truncated["audio_end_ms"]) == (item_id, 0, 500)
    assert len(base64.b64decode(part["audio"])) == 24000
    assert part["transcript"] == ""


async def test_truncating_beyond_the_end_is_refused(client: Client) -> None:
    """The error names the length of the sound and the time asked for."""
    item_id, length_ms = await spoken_answer(client)
    await client.send("conversation.item.truncate", item_id=item_id, content_index=0, audio_end_ms=57340)

    error = await client.error()
    assert error["code"] == "invalid_value"
    head, _, tail = error["message"].partition("ms is already shorter than ")
    assert tail == "57340ms"
    assert abs(int(head.removeprefix("Audio content of ")) - length_ms) <= 3


async def test_truncating_to_a_time_before_the_beginning_is_refused(client: Client) -> None:
    """A negative audio_end_ms changes nothing: the error names it."""
    item_id, _ = await spoken_answer(client)
    await client.send("conversation.item.truncate", item_id=item_id, content_index=0, audio_end_ms=-1)
    error = await client.error()
    await client.send("conversation.item.truncate", item_id=item_id, content_index=0, audio_end_ms=10)

    assert error["param"] == "audio_end_ms"
    assert (await client.recv())["audio_end_ms"] == 10


async def test_only_spoken_answers_can_be_truncated(client: Client) -> None:
    """A user's item cannot be truncated; that error has no code."""
    await client.create_item(message(id="a"))
    await client.recv()
    await client.send("conversation.item.truncate", item_id="a", content_index=0, audio_end_ms=0)

    error = await client.error()
    assert error["message"] == "Only model output audio messages can be truncated"
    assert error["code"] is None


async def test_audio_in_a_created_item_is_heard(client: Client) -> None:
    """A user item with sound and no transcript is transcribed, and answered like any other."""
    audio = base64.b64encode(tones("hello")).decode()
    await client.create_item({"type": "message", "role": "user", "content": [{"type": "input_audio", "audio": audio}]})
    created = await client.recv()
    await client.send("response.create", response={"modalities": ["text"]})
    done = await client.until("response.text.done")

    assert created["item"]["content"] == [{"type": "input_audio", "transcript": "hello"}]
    assert done["text"] == "You said hello"


async def test_only_items_of_clients_can_be_created(client: Client) -> None:
    """An item of a type that only the service makes is refused."""
    await client.create_item({"type": "mcp_list_tools", "server_label": "x", "tools": []})
    first = await client.error()
    await client.send("conversation.item.create")
    second = await client.error()

    assert first["param"] == "item"
    assert second["code"] == "missing_required_parameter"
