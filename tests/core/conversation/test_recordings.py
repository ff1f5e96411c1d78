"""What the real service sent, played to the conversation: every payload of the recordings, in order."""

from __future__ import annotations

import json
from itertools import count
from pathlib import Path
from typing import Any

import pytest

from voicelive._core.codec import decode_server_event
from voicelive._core.conversation.actions import RunTool, Send
from voicelive._core.conversation.barge_in import BargeIn
from voicelive._core.conversation.conversation import Conversation
from voicelive._core.conversation.measure import Observed, measure

LINES = (Path(__file__).parents[2] / "data" / "real-payloads.jsonl").read_text(encoding="utf-8").splitlines()
PAYLOADS = [line["payload"] for line in map(json.loads, LINES) if line["direction"] == "server"]


@pytest.mark.parametrize("played", [0, 200, 10_000], ids=lambda ms: f"{ms} ms played of each piece")
def test_real_payloads_lead_to_nothing_odd(played: int) -> None:
    """Calls are answered once, truncations lie within what came, and nothing is sent about what was not seen."""
    numbers = count()
    conversation = Conversation(barge_in=BargeIn(), runs_tools=True, new_id=lambda: f"own_{next(numbers)}")
    calls: list[str] = []
    outputs: list[str] = []
    received: dict[str, int] = {}
    sent: list[Any] = []
    for number, payload in enumerate(PAYLOADS):
        event: Any = decode_server_event(json.dumps(payload))
        conversation.received(event, number / 10)
        if event.canonical_type == "response.audio.delta":
            received[event.item_id] = received.get(event.item_id, 0) + len(event.delta_bytes)
            conversation.played(played * 48, number / 10)
        while conversation.actions:
            match conversation.actions.popleft():
                case RunTool(call):
                    calls.append(call.call_id)
                    conversation.tool_finished(call.call_id, "1", "completed", number / 10)
                case Send(one):
                    sent.append(one)
                case _:
                    pass
    for one in sent:
        match one:
            case {"type": "conversation.item.truncate", "item_id": item_id, "audio_end_ms": ms}:
                assert 0 <= ms <= received[item_id] // 48
            case {"type": "conversation.item.create", "item": {"type": "function_call_output", "call_id": call_id}}:
                outputs.append(call_id)
            case {"type": "response.create"}:
                pass
            case _:
                raise AssertionError(one)
    assert sorted(outputs) == sorted(set(calls))
    assert calls


def test_real_payloads_are_measured() -> None:
    """The same payloads as a list of events have turns with what is known of them, and None for the rest."""
    events = [
        Observed(number / 10, "in", decode_server_event(json.dumps(payload))) for number, payload in enumerate(PAYLOADS)
    ]
    call = measure(events)
    assert call.turns
    assert all(turn.heard_ms is None for turn in call.turns)
    assert any(turn.first_audio_ms is not None for turn in call.turns)
