"""The command that turns the schema into code, and the check that nothing has drifted."""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Any

import pytest

from codegen.__main__ import main
from codegen.document import SchemaError, load
from codegen.output import SCHEMA, TARGET, generate, schema_problems, write

ROOT = Path(__file__).resolve().parent.parent.parent
DOCUMENT = SCHEMA / "openapi" / "2026-07-15.json"


def edited(tmp_path: Path, edit: Callable[[dict[str, Any]], None]) -> Path:
    """A copy of the schema's document with its components changed by `edit`."""
    document = json.loads(DOCUMENT.read_text(encoding="utf-8"))
    edit(document["components"]["schemas"])
    path = tmp_path / "document.json"
    path.write_text(json.dumps(document), encoding="utf-8")
    return path


def test_nothing_has_drifted(capsys: pytest.CaptureFixture[str]) -> None:
    """The committed files are exactly what the schema gives."""
    assert main(["--check"]) == 0, capsys.readouterr().out


def test_check_sees_touched_and_stale_generated_files(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """An edited generated file, and one that the schema no longer gives, fail the check; generating repairs both."""
    target = tmp_path / "_generated"
    shutil.copytree(TARGET, target, ignore=shutil.ignore_patterns("__pycache__"))
    enums = target / "enums.py"
    enums.write_text(enums.read_text(encoding="utf-8").replace('"text"', '"txt"'), encoding="utf-8")
    (target / "leftover.py").write_text("x = 1\n", encoding="utf-8")
    assert main(["--check", "--target", str(target)]) == 1
    out = capsys.readouterr().out
    assert '-        TEXT = "txt"' in out
    assert '+        TEXT = "text"' in out
    assert "leftover.py" in out
    assert main(["--target", str(target)]) == 0
    repaired, committed = (
        {path.name: path.read_bytes() for path in folder.glob("*.py*")} for folder in (target, TARGET)
    )
    assert repaired == committed


@pytest.mark.parametrize("touched", ["main.tsp", "openapi/2026-07-15.json"])
def test_check_sees_a_touched_schema(tmp_path: Path, touched: str) -> None:
    """A source or a document changed without compiling is named, with no compiler needed to see it."""
    copy = tmp_path / "schema"
    shutil.copytree(SCHEMA, copy, ignore=shutil.ignore_patterns("node_modules"))
    assert schema_problems(copy) == []
    path = copy / touched
    path.write_text(path.read_text(encoding="utf-8") + "\n", encoding="utf-8")
    assert schema_problems(copy) == [f"schema/{touched} changed since the schema was last compiled"]


CLIENT_EVENT = {
    "type": "object",
    "description": "Turns the lights on.",
    "required": ["type", "lamp"],
    "properties": {
        "type": {"type": "string", "enum": ["lights.ceiling.turn_on"]},
        "lamp": {"type": "string", "description": "Which lamp."},
        "level": {"type": "integer", "description": "Percent.", "minimum": 0, "maximum": 100, "default": 100},
    },
    "allOf": [{"$ref": "#/components/schemas/ClientEvent"}],
}
SERVER_EVENT = {
    "type": "object",
    "description": "The lights are on.",
    "required": ["type", "lamp"],
    "properties": {"type": {"type": "string", "enum": ["lights.ceiling.turned_on"]}, "lamp": {"type": "string"}},
    "allOf": [{"$ref": "#/components/schemas/ServerEvent"}],
}
SCRIPT = """
import asyncio, json, threading
from websockets.sync.server import serve
import voicelive, voicelive.aio
from azure.core.credentials import AzureKeyCredential
from voicelive import models

def answer(socket):
    for text in socket:
        asked = json.loads(text)
        assert asked["type"] == "lights.ceiling.turn_on", asked
        socket.send(json.dumps({"type": "lights.ceiling.turned_on", "lamp": asked["lamp"]}))

with serve(answer, "127.0.0.1", 0) as server:
    threading.Thread(target=server.serve_forever, daemon=True).start()
    arguments = dict(
        endpoint=f"http://127.0.0.1:{server.socket.getsockname()[1]}",
        credential=AzureKeyCredential("k"),
        model="m",
    )
    with voicelive.connect(**arguments) as connection:
        connection.lights.ceiling.turn_on(lamp="kitchen", level=20)
        event = connection.recv(timeout=60)
        assert type(event) is models.ServerEventLightsOn and event.lamp == "kitchen", event

    async def main():
        async with voicelive.aio.connect(**arguments) as connection:
            await connection.lights.ceiling.turn_on(lamp="cellar")
            event = await connection.recv(timeout=60)
            assert type(event) is models.ServerEventLightsOn and event.lamp == "cellar", event

    asyncio.run(main())
    server.shutdown()
print("both clients spoke the new event")
"""


def test_one_more_event_needs_no_hand_written_line(tmp_path: Path) -> None:
    """Events added to the schema become models, registry entries and methods of both clients by themselves."""

    def add(schemas: dict[str, Any]) -> None:
        schemas["ClientEventLightsTurnOn"] = CLIENT_EVENT
        schemas["ServerEventLightsOn"] = SERVER_EVENT

    package = tmp_path / "voicelive"
    shutil.copytree(ROOT / "src" / "voicelive", package, ignore=shutil.ignore_patterns("__pycache__"))
    files = generate(edited(tmp_path, add))
    for client in ("sync", "async"):
        assert ") -> models.ServerEventLightsOn: ..." in files[f"waiting_{client}.py"]
    write(files, package / "_generated")
    done = subprocess.run(
        [sys.executable, "-c", SCRIPT],
        capture_output=True,
        text=True,
        check=False,
        timeout=200,
        cwd=tmp_path,
        env={"PYTHONPATH": str(tmp_path), "PATH": ""},
    )
    assert done.returncode == 0, done.stderr
    assert "both clients spoke the new event" in done.stdout


def break_reference(schemas: dict[str, Any]) -> None:
    schemas["RequestSession"]["properties"]["avatar"] = {"$ref": "#/components/schemas/NoSuchThing"}


def repeat_event_type(schemas: dict[str, Any]) -> None:
    schemas["ServerEventSecondError"] = {
        **SERVER_EVENT,
        "properties": {"type": {"type": "string", "enum": ["error"]}},
        "required": ["type"],
    }


def number_a_name(schemas: dict[str, Any]) -> None:
    schemas["RequestSession1"] = schemas["RequestSession"]


def forget_the_type(schemas: dict[str, Any]) -> None:
    schemas["ServerEventNameless"] = {**SERVER_EVENT, "properties": {"lamp": {"type": "string"}}, "required": []}


def client_event(schemas: dict[str, Any], event_type: str) -> None:
    """Add a client event of a type that cannot become a method."""
    properties = {"type": {"type": "string", "enum": [event_type]}}
    schemas["ClientEventImpossible"] = {**CLIENT_EVENT, "properties": properties, "required": ["type"]}


def rename_what_is_gone(schemas: dict[str, Any]) -> None:
    schemas["ServerEventRenamed"] = {**SERVER_EVENT, "x-voicelive-alias-of": "ServerEventOfYore"}


def rename_something_else(schemas: dict[str, Any]) -> None:
    schemas["ServerEventRenamed"] = {**SERVER_EVENT, "x-voicelive-alias-of": "ServerEventError"}


def use_an_enum_as_base(schemas: dict[str, Any]) -> None:
    schemas["ServerEventOdd"] = {**SERVER_EVENT, "allOf": [{"$ref": "#/components/schemas/Modality"}]}


def use_an_unknown_shape(schemas: dict[str, Any]) -> None:
    schemas["RequestSession"]["properties"]["model"] = {"type": "string", "not": {}, "if": {}}
    schemas["RequestSession"]["properties"]["model"]["type"] = "tuple"


@pytest.mark.parametrize(
    ("edit", "says"),
    [
        (break_reference, "NoSuchThing"),
        (repeat_event_type, "'error' is declared twice"),
        (number_a_name, "RequestSession1 ends in a digit"),
        (forget_the_type, "ServerEventNameless"),
        (use_an_unknown_shape, "RequestSession.model"),
        (rename_what_is_gone, "another name of ServerEventOfYore, which does not exist"),
        (rename_something_else, "not another name of ServerEventError: their fields differ"),
        (use_an_enum_as_base, "ServerEventOdd extends Modality, which is not a model"),
        (partial(client_event, event_type="conversation.item"), "both a method and a resource"),
        (partial(client_event, event_type="send.now"), "would hide the connection's own 'send'"),
        (partial(client_event, event_type="lights.import"), "'import' is not a Python name"),
        (partial(client_event, event_type="lights.turn-on"), "'turn-on' is not a Python name"),
    ],
)
def test_a_broken_schema_stops_and_is_named(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], edit: Callable[[dict[str, Any]], None], says: str
) -> None:
    """A schema that cannot become code stops the command with exit code 2 and names the place; nothing is written."""
    target = tmp_path / "out"
    assert main(["--document", str(edited(tmp_path, edit)), "--target", str(target)]) == 2
    assert says in capsys.readouterr().err
    assert not target.exists()


@pytest.mark.parametrize("text", [None, "{", "[]", "{}", '{"components": {"schemas": {}}}'])
def test_what_is_no_document_is_told(tmp_path: Path, capsys: pytest.CaptureFixture[str], text: str | None) -> None:
    """A missing file, no JSON, or no OpenAPI document ends with exit code 2 and one line."""
    path = tmp_path / "document.json"
    if text is not None:
        path.write_text(text, encoding="utf-8")
    assert main(["--document", str(path), "--target", str(tmp_path / "out")]) == 2
    assert capsys.readouterr().err.startswith("codegen: ")


def test_the_contract_is_read_whole() -> None:
    """Lineage, constants and leaves of the models are those of the document."""
    _, contract = load(DOCUMENT)
    assert contract.tags("UserMessageItem") == {"type": "message", "role": "user"}
    assert set(contract.leaves("TurnDetection")) >= {"ServerVad", "AzureSemanticVad"}
    assert "event_id" in contract.fields("ServerEventResponseDone")
    with pytest.raises(KeyError):
        contract.fields("NoSuchModel")
    assert issubclass(SchemaError, Exception)
