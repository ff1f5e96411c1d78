"""Calls as openai's and the official client saw them, their own objects written down: the same is decided from both.

Each line of a recording is one step: what came in, what the program sent, or how many bytes were played. In the place
of sound stands its size in bytes. The call: a question in writing, its answer, 700 ms of it played; then the user
speaks over it, and that turn calls a tool, whose output the program sends by hand.
"""

from __future__ import annotations

import base64
import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from voicelive._core.codec import decode_server_event
from voicelive._core.conversation.actions import Flush, RunTool, Send, Tell
from voicelive._core.conversation.barge_in import BargeIn
from voicelive._core.conversation.conversation import Conversation
from voicelive._core.conversation.conversation_events import ConversationInterrupted
from voicelive._core.conversation.measure import Observed, measure

DATA = Path(__file__).parents[2] / "data" / "recorded_clients"
CLIENTS = ["openai", "azure-ai-voicelive"]
SENTENCE = "one two three four five six seven eight nine ten"
STEP_S = 0.02
"""From line to line."""


def steps(client: str) -> Iterator[tuple[float, str, Any]]:
    """Yield time, direction and event of each line, with silence of the length of the sound that was there."""
    for number, line in enumerate((DATA / f"{client}.jsonl").read_text(encoding="utf-8").splitlines()):
        ((way, what),) = json.loads(line).items()
        for key in ("delta", "audio") if way != "played" else ():
            if isinstance(what.get(key), int):
                what[key] = base64.b64encode(bytes(what[key])).decode()
        yield number * STEP_S, way, what


def is_about_the_tool(event: dict[str, Any]) -> bool:
    item = event.get("item", {})
    return bool(item.get("type") == "function_call_output")


def is_sound(what: Any) -> bool:
    return isinstance(what, dict) and what.get("type") in ("response.audio.delta", "response.output_audio.delta")


@pytest.mark.parametrize("client", CLIENTS)
def test_what_is_decided_from_what_a_client_saw(client: str) -> None:
    """The answer is cut where it was heard, and the tool is answered as the program answered it by hand."""
    conversation = Conversation(barge_in=BargeIn(), runs_tools=True, new_id=lambda: "own")
    decided: list[tuple[str, Any]] = []
    by_hand: list[dict[str, Any]] = []
    for at, way, what in steps(client):
        if way == "played":
            conversation.played(what, at)
        elif way == "in":
            conversation.received(decode_server_event(json.dumps(what)), at)
        elif by_hand or is_about_the_tool(what):
            # What the program sent on its own; here it is decided.
            by_hand.append(what)
        else:
            conversation.sent(what["type"], at, item=what.get("item"))
        while conversation.actions:
            match conversation.actions.popleft():
                case Flush():
                    decided.append(("flush", None))
                case Send(event):
                    decided.append(("send", {key: value for key, value in event.items() if key != "event_id"}))
                case RunTool(call):
                    decided.append(("run", (call.name, call.arguments)))
                    conversation.tool_finished(call.call_id, "42", "completed", at)
                case Tell(ConversationInterrupted() as event):
                    decided.append(("tell", (event.heard_ms, event.unheard_ms, event.heard_text, event.unheard_text)))
                case _:
                    pass
    item_id = next(what["item_id"] for _, _, what in steps(client) if is_sound(what))
    heard, unheard = SENTENCE[:7], SENTENCE[8:]
    cut = {"type": "conversation.item.truncate", "item_id": item_id, "content_index": 0, "audio_end_ms": 700}
    assert [one for one in decided if one[0] != "send"] == [
        ("flush", None),
        ("tell", (700, 2630, heard, unheard)),
        ("run", ("look_up", "{}")),
    ]
    assert [one for kind, one in decided if kind == "send"] == [cut, *by_hand]


def test_the_figures_of_a_call_are_the_same() -> None:
    """Two turns, the first interrupted at 700 ms of its answer, the second with a tool, whichever client saw them."""
    found = []
    for client in CLIENTS:
        events = [
            Observed(at, "in" if way == "in" else "out", what) for at, way, what in steps(client) if way != "played"
        ]
        played = [(at, None, what) for at, way, what in steps(client) if way == "played"]
        call = measure(events, played=played, barge_in=True)
        found.append(
            [
                (turn.interrupted, turn.generated_ms, turn.heard_ms, len(turn.response_ids), turn.tool_ms is not None)
                for turn in call.turns
            ]
        )
        assert [turn.status for turn in call.turns] == ["completed", "completed"]
        assert [turn.tokens.output for turn in call.turns if turn.tokens] == [76, 35]
    assert found[0] == found[1] == [(True, 3330, 700, 1, False), (False, 1410, None, 2, True)]
