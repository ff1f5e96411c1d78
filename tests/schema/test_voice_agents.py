"""What Foundry's voice agents speak, compared with the package that was published for them."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from .documents import read_document

FACTS = json.loads((Path(__file__).resolve().parent.parent / "data" / "voice_agents.json").read_text(encoding="utf-8"))
DOCUMENT = read_document("v1@voice-agents")
# The service reports the model; one class is there for the session that is sent and the one that is reported.
BESIDE = {"RequestSession": {"model"}}


@pytest.mark.parametrize("direction", ["client", "server"])
def test_the_events_are_those_of_the_package(direction: str) -> None:
    """No event of the package is missing, and the contract has none that the package lacks."""
    events = DOCUMENT.leaves(f"{direction.title()}Event")
    assert sorted(str(DOCUMENT.models[name].tag) for name in events) == FACTS[f"{direction}_events"]


@pytest.mark.parametrize("name", FACTS["models"])
def test_the_fields_are_those_of_the_package(name: str) -> None:
    """The same of the fields of each model that can be compared."""
    assert set(DOCUMENT.flat(name).fields) - BESIDE.get(name, set()) == set(FACTS["models"][name])


@pytest.mark.parametrize("name", FACTS["required"])
def test_what_is_new_requires_what_the_package_requires(name: str) -> None:
    """Of the models that only voice agents have, the fields that must be there."""
    assert sorted(key for key, field in DOCUMENT.flat(name).fields.items() if field.required) == FACTS["required"][name]


@pytest.mark.parametrize("name", FACTS["enums"])
def test_the_values_are_those_of_the_package(name: str) -> None:
    """Of the enums that only voice agents have, the values."""
    assert sorted(DOCUMENT.enums[name]) == sorted(FACTS["enums"][name])
