"""File and web searches of an agent, as far as a responder says that it has made them."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from voicelive.local import Engines, LocalService
from voicelive.local.engines import FileSearch, ResponderOutput, TextChunk, WebSearch

from .helpers import Event, Scripted, connected, types

FOUND = {"file_id": "file_1", "filename": "prices.md", "score": 0.9, "text": "A bolt costs 2 euros."}
SEARCH = FileSearch(["price of a bolt"], [FOUND])


async def answer(outputs: list[ResponderOutput], **settings: Any) -> list[Event]:
    """Return the events of a written response by a responder that gives `outputs`."""
    engines = replace(Engines.basic(), responder=Scripted(outputs))
    async with LocalService(engines=engines) as service, connected(service) as client:
        await client.update(modalities=["text"], **settings)
        await client.say("What does a bolt cost?")
        await client.until("conversation.item.created")
        await client.send("response.create")
        return await client.collect("response.done")


@pytest.mark.parametrize(("search", "kind"), [(SEARCH, "file_search_call"), (WebSearch(), "web_search_call")])
async def test_a_search_is_an_item_before_the_answer(search: ResponderOutput, kind: str) -> None:
    """Announced in progress, then in_progress, searching and completed with running numbers; done; then the text."""
    events = await answer([search, TextChunk("Two euros.")])

    assert types(events)[1:7] == [
        "response.output_item.added",
        "conversation.item.created",
        f"response.{kind}.in_progress",
        f"response.{kind}.searching",
        f"response.{kind}.completed",
        "response.output_item.done",
    ]
    item = events[1]["item"]
    assert (item["type"], item["status"]) == (kind, "in_progress")
    assert {event["item_id"] for event in events[3:6]} == {item["id"]}
    assert [event["sequence_number"] for event in events[3:6]] == [0, 1, 2]
    assert events[6]["item"]["status"] == "completed"
    assert [output["type"] for output in events[-1]["response"]["output"]] == [kind, "message"]


@pytest.mark.parametrize(("include", "results"), [(None, None), (["file_search_call.results"], [FOUND])])
async def test_results_are_sent_where_they_are_asked_for(include: list[str] | None, results: Any) -> None:
    """The queries always, what was found only with the session's include."""
    events = await answer([SEARCH], include=include)

    done = next(event for event in events if event["type"] == "response.output_item.done")
    assert done["item"]["queries"] == ["price of a bolt"]
    assert done["item"]["results"] == results
