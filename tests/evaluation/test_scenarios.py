"""Scenarios as they are written: in YAML, with clear errors, and with a schema for editors."""

from __future__ import annotations

from pathlib import Path

import jsonschema
import pytest
import yaml

from voicelive.audio import WavSource
from voicelive.errors import ConfigurationError
from voicelive.evaluation import Play, Scenario, load_scenarios, scenario_schema, standard_set

WHOLE = """
name: books a table
tags: [booking]
voice: en-US-AvaNeural
line: {noise_db: -40, loss_percent: 2, volume_db: -3}
caller:
  - say: A table for two, please
    rate: 1.2
  - wait_for: answer
    timeout_ms: 5000
  - say: No, for three
    interrupt_after_ms: 400
  - silence_ms: 1500
  - keys: 12#
expect:
  - in_order:
      - heard: table for two
      - tool: book
        arguments: {seats: 3}
      - said: [booked, reserved]
  - not_said: sorry
  - no_tool: cancel
  - within_ms: 900
  - yields_within_ms: 300
  - no_talking_over: true
  - ended: false
  - judge: Was the agent polite?
"""


def test_a_scenario_with_everything(tmp_path: Path) -> None:
    """Each kind of step and expectation is read, and the published schema accepts the file."""
    file = tmp_path / "one.yaml"
    file.write_text(WHOLE)
    (scenario,) = load_scenarios(file)
    assert [type(step).__name__ for step in scenario.caller] == ["Say", "WaitFor", "Say", "Silence", "Keys"]
    assert [type(one).__name__ for one in scenario.expect] == [
        "InOrder",
        "NotSaid",
        "NoTool",
        "WithinMs",
        "YieldsWithinMs",
        "NoTalkingOver",
        "Ended",
        "JudgedBy",
    ]
    jsonschema.validate(yaml.safe_load(WHOLE), scenario_schema())


def test_the_schema_describes_what_it_allows() -> None:
    """An editor shows what a field means, and refuses a misspelt one."""
    schema = scenario_schema()
    assert "hangs up" in schema["properties"]["caller"]["description"]
    with pytest.raises(jsonschema.ValidationError):
        jsonschema.validate({"name": "x", "caller": [{"say": "x", "voise": "b"}]}, schema)


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("caler: [{say: x}]", "caler is not known; did you mean 'caller'?"),
        (
            "caller: [{sya: x}]",
            "caller[1] has sya: it takes one of say, play, silence_ms, wait_for, keys; did you mean",
        ),
        ("caller: [{say: x, voise: b}]", "caller[1].voise is not known; did you mean 'voice'?"),
        ("{caller: [{say: x}], expect: [{tool: x, argumnts: {}}]}", "expect[1].argumnts is not known; did you mean"),
        ("{caller: [{say: x}], expect: [{within_ms: -1}]}", "should be greater than 0"),
        ("{caller: [{say: x}], line: {noise: 3}}", "line.noise is not known; did you mean 'noise_db'?"),
        ("caller: [{keys: '1x'}]", "should match pattern"),
        ("caller: [{play: missing.wav}]", "missing.wav does not exist"),
        ("caller: []", "a scenario needs steps of the caller, or a goal"),
        ("[1]", "1 is not a scenario"),
        ("", "holds no scenarios"),
        ("a: [", "is not YAML"),
        ("[{name: a, caller: [{say: x}]}, {name: a, caller: [{say: y}]}]", "the scenario 'a' is in"),
        ("[{name: a, caller: [{say: x}]}, {caller: [{say: y}]}]", "scenario 2: name: Field required"),
    ],
)
def test_a_mistake_is_named(tmp_path: Path, text: str, message: str) -> None:
    """The error has the file, the place and what it could have been."""
    file = tmp_path / "wrong.yaml"
    file.write_text(text)
    with pytest.raises(ConfigurationError) as caught:
        load_scenarios(file)
    assert message in str(caught.value)
    assert "wrong.yaml" in str(caught.value)


def test_a_folder(tmp_path: Path) -> None:
    """The files of a folder are read in order; one without a name has that of its file."""
    (tmp_path / "b.yaml").write_text("caller: [{say: x}]")
    (tmp_path / "a.yml").write_text("name: z\ncaller: [{say: x}]\n---\nname: y\ncaller: [{say: x}]")
    assert [scenario.name for scenario in load_scenarios(tmp_path)] == ["z", "y", "b"]


def test_in_python() -> None:
    """A scenario may be built from a mapping as well."""
    scenario = Scenario.model_validate({"name": "x", "caller": [{"say": "hello"}], "expect": [{"said": "hello"}]})
    assert scenario == Scenario.model_validate_json(scenario.model_dump_json())


def test_the_scenario_in_the_guide() -> None:
    """The one that readers copy is one."""
    page = (Path(__file__).parents[2] / "docs" / "evaluating.md").read_text(encoding="utf-8")
    text = page.split("```yaml\n")[1].split("```")[0]
    assert Scenario.model_validate(yaml.safe_load(text)).tags == ["tools", "interruptions"]


def test_the_standard_set() -> None:
    """It has 30 scenarios with names of their own, and recordings that can be played and take less than a megabyte."""
    scenarios = standard_set()
    assert len({scenario.name for scenario in scenarios}) == 30
    played = {step.play for scenario in scenarios for step in scenario.caller if isinstance(step, Play)}
    assert all(1000 < WavSource(path).duration_ms < 5000 for path in played)
    files = {str(path) for path in Path(next(iter(played))).parent.glob("*")}
    assert played == files
    assert sum(Path(path).stat().st_size for path in played) < 1_000_000
