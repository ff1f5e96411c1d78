"""Shapes of published documents that are easy to misread: objects inside unions, other interfaces, sources."""

from __future__ import annotations

import json
import re
from pathlib import Path

import pytest

from codegen.__main__ import main
from codegen.importing.carried import check_carried
from codegen.importing.changes import Comparison
from codegen.importing.comparing import compare
from codegen.importing.neutral import SpecificationError
from codegen.importing.normalising import load
from codegen.importing.typespec_blocks import Block
from codegen.importing.typespec_names import Declared
from codegen.importing.typespec_writing import Writer

from .dialects import DIALECTS, DOCUMENT, Schema, write
from .edits import fields, ref, use
from .test_emit import block, emitted

Capture = pytest.CaptureFixture[str]
OBJECT: Schema = {"type": "object", "properties": {"id": {"type": "string"}}, "required": ["id"]}


def one_object(schemas: Schema) -> None:
    """A union with a name and one object of its own, as the draft's voices are."""
    schemas["VoiceOrOwn"] = {"anyOf": [ref("OpenAIVoiceName"), {"type": "string"}, OBJECT]}
    use(schemas, "VoiceOrOwn")


def several_objects(schemas: Schema) -> None:
    """The same with three, two of them told by a constant."""
    kinds = [
        {"type": "object", "properties": {"kind": {"type": "string", "enum": [kind]}, "at": {"type": "string"}}}
        for kind in ("lamp", "desk")
    ]
    schemas["Place"] = {"anyOf": [*kinds, OBJECT]}
    use(schemas, "Place")


def all_of_parts(schemas: Schema) -> None:
    """A type with a name that is composed of two that are not models."""
    schemas["Level"] = {"allOf": [{"type": "string"}, {"type": "string", "minLength": 1}]}
    use(schemas, "Level")


@pytest.mark.parametrize("dialect", DIALECTS)
def test_a_named_union_with_one_object_has_that_object(tmp_path: Path, dialect: str) -> None:
    """The object is a model of its own; the union does not contain itself, in any dialect."""
    text = emitted(tmp_path, one_object, dialect=dialect)
    assert "\n  VoiceOrOwnObject,\n" in block(text, "union VoiceOrOwn {")
    assert "  id: string;" in block(text, "model VoiceOrOwnObject {")


def test_several_objects_have_names_that_differ(tmp_path: Path) -> None:
    """They are named after the constant that tells them; no name ends in a digit, which the generator refuses."""
    text = emitted(tmp_path, several_objects)
    members = re.findall(r"^  (\w+),$", block(text, "union Place {"), re.MULTILINE)
    assert members == ["PlaceLamp", "PlaceDesk", "PlaceObject"]
    assert all(f"model {name} {{" in text for name in members)


def test_parts_that_are_not_models_do_not_contain_themselves(tmp_path: Path) -> None:
    """A named type of two parts leads to a model for them, not back to itself."""
    text = emitted(tmp_path, all_of_parts)
    assert not re.search(r"alias Level = Level;|union Level \{[^}]*  Level,", text)


def writer(path: Path) -> Writer:
    """A writer for a document against the schema's own."""
    comparison: Comparison = compare(load(DOCUMENT), load(path))
    found = Writer(comparison, Declared(), "")
    found.names = {"VoiceOrOwn": "VoiceOrOwn", "VoiceOrOwn.object": "VoiceOrOwnObject"}
    return found


@pytest.mark.parametrize(
    ("union", "problem"),
    [
        (
            ["union VoiceOrOwn {", "  string,", "  OpenAIVoiceName,", "}"],
            "has 3 members in the document, 2 were written",
        ),
        (["union VoiceOrOwn {", "  string,", "  OpenAIVoiceName,", "  VoiceOrOwn,", "}"], "would contain itself"),
    ],
    ids=["lost", "itself"],
)
def test_what_is_written_is_counted(tmp_path: Path, union: list[str], problem: str) -> None:
    """A lost member, and a union that contains itself, stop the tool instead of reaching the compiler."""
    path = write(tmp_path, "OpenAPI 3.1", one_object)
    blocks = [
        Block("union", "VoiceOrOwn", union),
        Block("model", "VoiceOrOwnObject", ["model X {", "  id: string;", "}"]),
    ]
    with pytest.raises(SpecificationError, match=problem):
        check_carried(load(path), writer(path), ["VoiceOrOwn", "VoiceOrOwn.object"], blocks)


def test_only_what_events_reach_is_compared(tmp_path: Path, capsys: Capture) -> None:
    """Another interface beside the events brings no change; what was left out is named."""

    def edit(schemas: Schema) -> None:
        schemas["CallRequest"] = {"type": "object", "properties": {"state": ref("CallState")}}
        schemas["CallState"] = {"anyOf": [{"type": "string"}, {"const": "ringing"}]}

    assert main(["import", str(write(tmp_path, "OpenAPI 3.1", edit)), "--format", "json"]) == 0
    report = json.loads(capsys.readouterr().out)
    assert report["notes"] == [
        f"{tmp_path / 'service.json'}: not compared, as no event reaches them: CallRequest, CallState"
    ]


def test_the_width_of_a_number_is_no_difference(tmp_path: Path) -> None:
    """int32 is a whole number, float a number: documents differ in whether they tell the width."""

    def edit(schemas: Schema) -> None:
        del fields(schemas, "VideoParams")["bitrate"]["format"]
        del fields(schemas, "ServerVad")["threshold"]["format"]

    assert main(["import", str(write(tmp_path, "OpenAPI 3.1", edit))]) == 0


def test_a_source_gives_its_remedy(tmp_path: Path, capsys: Capture) -> None:
    """TypeSpec is not what the tool reads: it says which file to give, and how to make it."""
    path = tmp_path / "models.tsp"
    path.write_text("model Lamp {}\n", encoding="utf-8")
    assert main(["import", str(path)]) == 2
    err = capsys.readouterr().err
    assert "stable/VERSION/VoiceLive.json" in err
    assert "npx tsp compile" in err
