"""What notebooks and consoles complete: IPython asks jedi, which looks at what is there when a program runs."""

from __future__ import annotations

from typing import Any

import jedi  # type: ignore[import-untyped]
import pytest

import voicelive
import voicelive.aio
from voicelive import models

CLIENTS = pytest.mark.parametrize("face", [voicelive, voicelive.aio], ids=["sync", "async"])


def keywords(code: str, **names: Any) -> list[str]:
    """The keywords offered at the end of `code`, where `names` are defined."""
    found = jedi.Interpreter(code, [names]).complete(1, len(code))
    return [each.name.removesuffix("=") for each in found if each.name.endswith("=")]


def signature(code: str, **names: Any) -> list[str]:
    """The parameters shown at the end of `code`, in their order."""
    [found] = jedi.Interpreter(code, [names]).get_signatures(1, len(code))
    return [parameter.name for parameter in found.params]


def test_the_fields_of_a_model_are_completed() -> None:
    """A constructor offers the fields of its model, and shows those that only drafts have after the others."""
    assert keywords("models.ServerVad(thr", models=models) == ["threshold"]
    assert keywords("RequestSession(turn", RequestSession=models.RequestSession) == ["turn_detection"]
    shown = signature("ServerVad(", ServerVad=models.ServerVad)
    assert shown[:2] == ["type", "threshold"]
    assert shown[-2:] == ["idle_timeout_ms", "extra"]


@CLIENTS
def test_the_methods_of_a_connection_are_completed(face: Any) -> None:
    """A connection that was never opened offers the parameters of the events that it sends."""
    conn = face.connect(endpoint="http://127.0.0.1:1", model="m")
    assert signature("conn.session.update(", conn=conn) == ["session", "event_id"]
    assert keywords("conn.conversation.item.create(it", conn=conn) == ["item"]
    assert signature("conn.response.create(", conn=conn) == ["response", "additional_instructions", "event_id"]
    names = [each.name for each in jedi.Interpreter("conn.ses", [{"conn": conn}]).complete(1, 8)]
    assert names == ["session"]
