"""`python -m codegen import`: what a service specification adds, removes, renames and retypes against the schema."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from codegen.__main__ import main

from .changes import CASES, Case, edit_all
from .dialects import DIALECTS, PREFIX, Edit, Schema, as_20, document, write

Capture = pytest.CaptureFixture[str]


def found(path: Path, capsys: Capture, *options: str) -> tuple[int, dict[str, Any]]:
    """Import a file; return the exit code and the JSON report."""
    code = main(["import", str(path), "--format", "json", *options])
    report: dict[str, Any] = json.loads(capsys.readouterr().out)
    return code, report


@pytest.mark.parametrize("form", ["json", "yaml"])
@pytest.mark.parametrize("dialect", DIALECTS)
def test_the_schema_itself_has_no_difference(tmp_path: Path, capsys: Capture, dialect: str, form: str) -> None:
    """The schema's own document, in each dialect, as JSON and as YAML, brings no change and no note: exit code 0."""
    code, report = found(write(tmp_path, dialect, form=form), capsys)
    assert report["changes"] == []
    assert report["notes"] == []
    assert report["identical"] is True
    assert report["after"]["dialect"] == dialect
    assert code == 0


@pytest.mark.parametrize("dialect", DIALECTS)
@pytest.mark.parametrize("case", CASES, ids=lambda case: case.name)
def test_every_kind_of_change_is_told(tmp_path: Path, capsys: Capture, dialect: str, case: Case) -> None:
    """Each kind of change is told in each dialect, by itself and with the values before and after; exit code 1."""
    code, report = found(write(tmp_path, dialect, case.edit), capsys)
    told = [
        {key: change.get(key) for key in ("action", "kind", "in", "name", *case.keys)} for change in report["changes"]
    ]
    assert told == case.expected()
    assert report["notes"] == []
    assert code == 1


@pytest.mark.parametrize("dialect", DIALECTS)
def test_all_changes_at_once(tmp_path: Path, capsys: Capture, dialect: str) -> None:
    """All kinds of change in one document are told together, none hidden by another, the same in each dialect."""
    _, report = found(write(tmp_path, dialect, edit_all), capsys)
    wanted = [change for case in CASES for change in case.expected()]
    told = {(c["action"], c["kind"], c.get("in"), c["name"], c.get("what")) for c in report["changes"]}
    assert {(c["action"], c["kind"], c["in"], c["name"], c.get("what")) for c in wanted} <= told
    assert sum(sum(row.values()) for row in report["counts"].values()) == len(report["changes"])


def test_the_markdown_report_says_the_same(tmp_path: Path, capsys: Capture) -> None:
    """The Markdown report names each change with its values; `--format both` adds the JSON."""
    path = write(tmp_path, "OpenAPI 3.0", edit_all)
    assert main(["import", str(path)]) == 1
    markdown = capsys.readouterr().out
    for line in (
        "- `ServerEventLightsOn`: `lights.on`, sent by the server",
        "    - `level`: `int32`, optional, default `50`, minimum `0`, maximum `100`",
        "- field `threshold`: maximum `1` is now `2`",
        "- new field `lamp`: `Lamp`, optional, nullable",
        "- field of `VideoParams`: `gop_size` is now `video_gop_size` (equal type, similar name)",
        "- field `text`: now optional",
    ):
        assert line in markdown.splitlines()
    assert main(["import", str(path), "--format", "both"]) == 1
    both = capsys.readouterr().out
    assert both.startswith(markdown.rstrip("\n"))
    report = json.loads(both.partition("```json\n")[2].removesuffix("```\n"))
    assert report == found(path, capsys)[1]


def test_the_order_of_a_document_does_not_matter(tmp_path: Path, capsys: Capture) -> None:
    """Two documents that differ in the order of their parts give the same report."""

    def turned(schemas: Schema) -> None:
        CASES[0].edit(schemas)
        for name in reversed(list(schemas)):
            schema = schemas[name] = schemas.pop(name)
            for key in ("anyOf", "required"):
                if key in schema:
                    schema[key].reverse()

    _, straight = found(write(tmp_path, "OpenAPI 3.1", CASES[0].edit), capsys)
    _, reverse = found(write(tmp_path, "OpenAPI 3.1", turned), capsys)
    assert straight == reverse


def test_another_version_can_be_compared_with(tmp_path: Path, capsys: Capture) -> None:
    """`--against` chooses the version of the schema, or a file."""
    path = write(tmp_path, "OpenAPI 3.1")
    code, report = found(path, capsys, "--against", "2026-06-01-preview")
    assert code == 1
    assert {"action": "removed", "kind": "value", "in": "ServerEventType", "name": "rtc.call.error"} in report[
        "changes"
    ]
    assert found(path, capsys, "--against", str(path))[0] == 0


# Shapes that the schema's own document does not have, but others do.


def inherited_by_inline_part(schemas: Schema) -> None:
    schema = schemas["ServerVad"]
    own = {key: schema.pop(key) for key in ("type", "properties", "required")}
    schema["allOf"].append(own)


def in_one_of(schemas: Schema) -> None:
    schemas["Voice"]["oneOf"] = schemas["Voice"].pop("anyOf")


def without_mapping(schemas: Schema) -> None:
    del schemas["TurnDetection"]["discriminator"]["mapping"]


def by_mapping_alone(schemas: Schema) -> None:
    for name in ("ServerVad", "AzureSemanticVad"):
        del schemas[name]["properties"]["type"]
        schemas[name]["required"] = []


def flat(schemas: Schema) -> None:
    base = schemas["ServerEvent"]["properties"]["event_id"]
    schemas["ServerEventError"]["properties"]["event_id"] = base


def enum_in_place(schemas: Schema) -> None:
    values = schemas["Modality"]["anyOf"]
    schemas["RequestSession"]["properties"]["modalities"]["items"] = {"anyOf": values}


def types_in_a_list(schemas: Schema) -> None:
    fields = schemas["ResponseSession"]["properties"]
    fields["input_audio_sampling_rate"]["examples"] = [8000]
    schemas["MCPTool"]["additionalProperties"] = False
    schemas["Animation"]["properties"]["model_name"]["type"] = ["string"]


def discriminators_as_enums(schemas: Schema) -> None:
    for base, enum in (("ServerEvent", "ServerEventType"), ("Tool", "ToolType"), ("ResponseItem", "ItemType")):
        schemas[base]["properties"]["type"] = {"$ref": PREFIX + enum}


def by_pointer(schemas: Schema) -> None:
    schemas["ResponseSession"]["properties"]["instructions"] = {
        "$ref": PREFIX + "RequestSession/properties/instructions"
    }


@pytest.mark.parametrize(
    "edit",
    [
        inherited_by_inline_part,
        in_one_of,
        without_mapping,
        by_mapping_alone,
        flat,
        enum_in_place,
        types_in_a_list,
        discriminators_as_enums,
        by_pointer,
    ],
)
def test_other_ways_to_say_the_same_are_no_difference(tmp_path: Path, capsys: Capture, edit: Edit) -> None:
    """What other programs write differently means the same: inline parts, `oneOf`, no mapping, enums in place …"""
    code, report = found(write(tmp_path, "OpenAPI 3.1", edit), capsys)
    assert report["changes"] == []
    assert code == 0


def test_swagger_without_unions_is_noted_not_told(tmp_path: Path, capsys: Capture) -> None:
    """Where Swagger 2.0 says nothing because it has no unions, a note says that it was not compared."""
    unions = ("Voice", "ToolChoice", "InterimResponseConfig")

    def forgotten(node: Any) -> Any:
        if isinstance(node, list):
            return [forgotten(entry) for entry in node]
        if not isinstance(node, dict):
            return node
        if str(node.get("$ref", "")).rpartition("/")[2] in unions:
            return {}
        return {key: forgotten(value) for key, value in node.items() if key != "x-anyOf"}

    content = forgotten(as_20(document()))
    for name in unions:
        del content["definitions"][name]
    path = tmp_path / "service.json"
    path.write_text(json.dumps(content), encoding="utf-8")
    code, report = found(path, capsys)
    assert report["changes"] == []
    assert code == 0
    assert "the union Voice is not compared: Swagger 2.0 has no unions" in report["notes"]
    for field in ("voice", "max_response_output_tokens"):
        note = f"the type of RequestSession.{field} is not compared: Swagger 2.0 has no unions"
        assert note in report["notes"]


def test_enums_named_in_place(tmp_path: Path, capsys: Capture) -> None:
    """An enum that only stands inside fields, with a name in `x-ms-enum`, is compared under that name."""

    def place(content: Schema, values: list[str]) -> Path:
        definitions = content["definitions"]
        enum = {**definitions.pop("EouThresholdLevel"), "enum": values}
        enum["x-ms-enum"] = {"name": "EouThresholdLevel", "modelAsString": True}
        reference = '{"$ref": "#/definitions/EouThresholdLevel"}'
        text = json.dumps(content)
        assert text.count(reference) > 1
        path = tmp_path / "service.json"
        path.write_text(text.replace(reference, json.dumps(enum)), encoding="utf-8")
        return path

    content = as_20(document())
    values: list[str] = content["definitions"]["EouThresholdLevel"]["enum"]
    assert found(place(content, values), capsys)[0] == 0
    content = as_20(document())
    _, report = found(place(content, [*values, "extreme"]), capsys)
    assert [(c["action"], c["in"], c["name"]) for c in report["changes"]] == [("added", "EouThresholdLevel", "extreme")]


def test_yaml_is_read_by_its_newer_rules(tmp_path: Path, capsys: Capture) -> None:
    """In YAML, `on`, `no` and dates without quotes are text, as YAML 1.2 and other programs have it."""
    text = """
openapi: 3.1.0
info: {title: Small, version: 2027-01-15}
components:
  schemas:
    Switch: {enum: [on, off, no, 2027-01-15, ~, 012]}
"""
    path = tmp_path / "small.yml"
    path.write_text("\ufeff" + text, encoding="utf-8")
    _, report = found(path, capsys)
    assert report["after"]["version"] == "2027-01-15"
    switch = next(change for change in report["changes"] if change["name"] == "Switch")
    assert "on" in switch["type"]
    assert "2027-01-15" in switch["type"]


# Bad input.

SMALL: Schema = {"openapi": "3.1.0", "info": {}, "components": {"schemas": {"A": {"type": "object"}}}}


def with_schemas(**schemas: Any) -> str:
    return json.dumps({**SMALL, "components": {"schemas": schemas}})


def reference(target: str) -> Schema:
    return {"type": "object", "properties": {"b": {"$ref": target}}}


BAD: list[tuple[str, str | bytes, str]] = [
    ("nothing", "", "is not a specification: it holds nothing"),
    ("text", "hello", "is not a specification: it holds text"),
    ("list", "[1]", "is not a specification: it holds a list"),
    ("other JSON", '{"name": "x", "version": "1"}', "neither `openapi` nor `swagger`; it has name, version"),
    ("broken JSON", '{"openapi": }', "is not JSON: Expecting value, line 1, column 13"),
    ("twice in JSON", '{"openapi": "3.1.0", "openapi": "3.1.0"}', "'openapi' occurs twice"),
    ("no number", '{"openapi": NaN}', "NaN"),
    ("too deep", "[" * 20000, "nested too deeply"),
    ("not UTF-8", b"\xff\xfe{}", "is not UTF-8 text: byte 0"),
    ("old Swagger", '{"swagger": "1.2"}', "Swagger 1.2 cannot be read"),
    ("newer OpenAPI", '{"openapi": "4.0.0"}', "OpenAPI 4.0.0 cannot be read"),
    ("3.2", '{"openapi": "3.2.0"}', "OpenAPI 3.2.0 cannot be read"),
    ("no schemas", '{"openapi": "3.1.0"}', "#/components/schemas: there are no schemas"),
    ("no definitions", '{"swagger": "2.0", "definitions": {}}', "#/definitions: there are no schemas"),
    ("schemas as list", '{"openapi": "3.1.0", "components": {"schemas": []}}', "should be an object, is a list"),
    (
        "broken reference",
        with_schemas(A=reference(PREFIX + "B")),
        "A/properties/b: the reference #/components/schemas/B",
    ),
    ("broken pointer", with_schemas(A=reference("#/nowhere/1")), "#/nowhere/1 leads nowhere"),
    ("other file", with_schemas(A=reference("common.json#/B")), "common.json#/B leads to another file"),
    ("reference to itself", with_schemas(A=reference(PREFIX + "A/properties/b")), "leads back to itself"),
    ("reference is a number", with_schemas(A={"properties": {"b": {"$ref": 1}}}), "a reference must be text"),
    ("schema is text", with_schemas(A="object"), "#/components/schemas/A: a schema must be an object"),
    ("field is a number", with_schemas(A={"properties": {"b": 1}}), "A/properties/b: a schema must be an object"),
    ("unknown type", with_schemas(A={"properties": {"b": {"type": "tuple"}}}), "A/properties/b/type: there is no type"),
    ("properties as list", with_schemas(A={"type": "object", "properties": []}), "A/properties: must be an object"),
    ("required as text", with_schemas(A={"properties": {"b": {}}, "required": "b"}), "A/required: must be a list"),
    ("enum as text", with_schemas(A={"enum": "a"}), "A/enum: an enum must be a list"),
    ("empty enum", with_schemas(A={"enum": []}), "A/enum: an enum must be a list"),
    ("enum of objects", with_schemas(A={"enum": [{}]}), "A/enum: a constant must be text"),
    ("union as object", with_schemas(A={"anyOf": {}}), "A/anyOf: must be a list"),
    ("parts as object", with_schemas(A={"properties": {"b": {}}, "allOf": {}}), "A/allOf: must be a list"),
    ("extends itself", with_schemas(A={"properties": {"b": {}}, "allOf": [{"$ref": PREFIX + "A"}]}), "extends itself"),
    ("composed of itself", with_schemas(A={"allOf": [{"$ref": PREFIX + "A"}]}), "composed of itself"),
    (
        "broken mapping",
        with_schemas(
            A={
                "type": "object",
                "properties": {"t": {}},
                "discriminator": {"propertyName": "t", "mapping": {"x": "B"}},
            },
            C={"type": "object", "allOf": [{"$ref": PREFIX + "A"}]},
        ),
        "discriminator/mapping",
    ),
]
BAD_YAML = [
    ("broken YAML", "openapi: [", "is neither JSON nor YAML"),
    ("twice in YAML", "openapi: 3.1.0\nopenapi: 3.1.0", "'openapi' occurs twice in one object, line 2, column 1"),
    ("contains itself", "openapi: &a [*a]", "contains itself"),
    ("a program", "openapi: !!python/name:os.system", "is neither JSON nor YAML"),
    ("a date by its tag", "openapi: 3.1.0\ninfo: {version: !!timestamp 2020-01-01}", "is neither JSON nor YAML"),
    ("zero byte", "openapi: \x00", "is neither JSON nor YAML"),
]


@pytest.mark.parametrize(
    ("form", "content", "says"),
    [
        *(pytest.param("json", text, says, id=name) for name, text, says in BAD),
        *(pytest.param("yaml", text, says, id=name) for name, text, says in BAD_YAML),
    ],
)
def test_bad_input_is_one_clear_line(
    tmp_path: Path, capsys: Capture, form: str, content: str | bytes, says: str
) -> None:
    """What is no specification ends with exit code 2 and one line that names the file, the place and the problem."""
    path = tmp_path / f"bad.{form}"
    path.write_bytes(content.encode() if isinstance(content, str) else content)
    assert main(["import", str(path), "--emit", str(tmp_path / "out.tsp")]) == 2
    out, err = capsys.readouterr()
    assert out == ""
    assert err.startswith(f"codegen: {path}: ")
    assert err.count("\n") == 1
    assert says in err
    assert not (tmp_path / "out.tsp").exists()


def test_bad_arguments_are_one_clear_line(tmp_path: Path, capsys: Capture) -> None:
    """A missing file, an unknown version, a folder and a place that cannot be written end with exit code 2, named."""
    good = write(tmp_path, "OpenAPI 3.1", CASES[0].edit)
    for arguments, says in (
        (["import", str(tmp_path / "missing.json")], "there is no such file"),
        (["import", str(tmp_path)], "cannot be read"),
        (["import", str(good), "--against", "1999-01-01"], "which are 2025-10-01, "),
        (["import", str(good), "--emit", str(tmp_path / "no" / "out.tsp")], "cannot be written"),
        (["import", str(good), "--emit", str(good)], "is there already and was not written by --emit"),
        (["import", str(good), "--version-name", "v2"], "--version-name goes with --emit"),
    ):
        assert main(arguments) == 2
        err = capsys.readouterr().err
        assert says in err
        assert err.count("\n") == 1


def test_the_plain_command_is_as_before(capsys: Capture) -> None:
    """`--help` of the command still tells of `--check`, and names the two subcommands."""
    with pytest.raises(SystemExit) as ended:
        main(["--help"])
    assert ended.value.code == 0
    text = capsys.readouterr().out
    assert "--check" in text
    assert "codegen import" in text
    assert "codegen diff" in text
