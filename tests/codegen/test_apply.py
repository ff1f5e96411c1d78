"""`python -m codegen import FILE --apply`: a published document becomes a version of the schema, by one command."""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from codegen.importing.comparing import compare
from codegen.importing.normalising import load
from codegen.importing.sources import boundary_of, following_version
from codegen.output import ROOT, SCHEMA, documents
from codegen.schema_build import prepared_node

from ..schema.documented import documented
from .dialects import Schema
from .edits import event, fields, ref, value
from .published import published, write_published

SECONDS = 240
NEWEST = "2026-07-15"
# The one whose document brings, takes away, brings back and renames; in the long form all that have one before.
TAKEN_OUT = (
    [path.stem for path in documents() if path.stem[:1].isdigit()][1:]
    if os.environ.get("VOICELIVE_STRESS")
    else ["2026-06-01-preview"]
)


@pytest.fixture
def checkout(tmp_path: Path) -> Path:
    """A copy of what the command reads and writes. The compiler is the checkout's own, installed if it is not yet."""
    prepared_node(SCHEMA)
    # With the bytecode, which the copies of the files have too; but for what is being written just now.
    ignored = shutil.ignore_patterns("node_modules", "*.pyc.*")
    for name in ("codegen", "schema", "tests/schema", "tests/data", "src/voicelive"):
        shutil.copytree(ROOT / name, tmp_path / name, ignore=ignored)
    for name in ("tests/__init__.py", "pyproject.toml"):
        shutil.copy(ROOT / name, tmp_path / name)
    (tmp_path / "schema" / "node_modules").symlink_to(SCHEMA / "node_modules")
    return tmp_path


def run(checkout: Path, *command: str) -> subprocess.CompletedProcess[str]:
    """Run a module of the copy."""
    return subprocess.run(
        [sys.executable, "-m", *command],
        cwd=checkout,
        env={**os.environ, "PYTHONPATH": f"{checkout}{os.pathsep}{checkout / 'src'}"},
        capture_output=True,
        text=True,
        timeout=SECONDS,
        check=False,
    )


def take_out(checkout: Path, version: str) -> None:
    """Let the sources of the schema not have a version; what came or went with it does so with the following one."""
    boundary = boundary_of([path.stem for path in documents()], version)
    member, after = boundary.version, boundary.following
    for path in (checkout / "schema").glob("*.tsp"):
        text = path.read_text(encoding="utf-8")
        text = without_what_only_one_has(text, member, after)
        # Gone with this version and back with the next: never gone.
        text = re.sub(rf"^ *@removed\(Versions\.{member}\)\n *@added\(Versions\.{after}\)\n", "", text, flags=re.M)
        text = text.replace(f"Versions.{member}", f"Versions.{after}")
        text = re.sub(rf'\n  /\*\*[^/]*\*/\n  {member}: "{version}",\n', "", text)
        path.write_text(text, encoding="utf-8")
    # What is known of it beside its publication is found out later.
    documented = checkout / "tests" / "data" / "contract" / "documented.json"
    later = following_version([path.stem for path in documents()], version)[1]
    text = documented.read_text(encoding="utf-8")
    documented.write_text(text.replace(f'"since": "{version}"', f'"since": "{later}"'), encoding="utf-8")
    (checkout / "schema" / "openapi" / f"{version}.json").unlink()
    (checkout / "tests" / "data" / "contract" / f"{version}.json").unlink()


def without_what_only_one_has(text: str, member: str, after: str) -> str:
    """Take out what came with a version and went with the next, or let it not have come, if it was there earlier."""
    lines, pair = text.split("\n"), [f"@added(Versions.{member})", f"@removed(Versions.{after})"]
    while True:
        at = next((i for i in range(len(lines) - 1) if [line.strip() for line in lines[i : i + 2]] == pair), None)
        if at is None:
            return "\n".join(lines)
        around = [line.strip() for line in (lines[at - 1], lines[at + 2])]
        if any(line.startswith(("@added", "@removed")) for line in around):
            del lines[at : at + 2]
            continue
        indent = lines[at][: len(lines[at]) - len(lines[at].lstrip())]
        first = next(i for i in range(at, -1, -1) if lines[i].startswith(f"{indent}/**"))
        ends = ("}",) if not indent else (";", ",")
        last = next(i for i in range(at + 2, len(lines)) if lines[i].endswith(ends) and lines[i].startswith(indent))
        # With the empty line after it; with that before it, where it is the last.
        is_last = not lines[last + 1 : last + 2] or lines[last + 1] != ""
        del lines[first - is_last : last + 1 + (not is_last)]


@pytest.mark.parametrize("version", TAKEN_OUT)
def test_a_version_taken_out_comes_back_by_one_command(checkout: Path, version: str) -> None:
    """From its published document alone: the same contract in every version, with a fact table that the tests hold."""
    take_out(checkout, version)
    file = write_published(checkout / "service.json", published(version))
    done = run(checkout, "codegen", "import", str(file), "--apply", "--format", "json")
    assert done.returncode == 1, done.stderr
    assert "left to be done by hand" not in done.stderr
    found_later = {fact.path for fact in documented() if fact.entry["since"] == version}
    for path in sorted((SCHEMA / "openapi").glob("*.json")):
        if path.stem != "sources":
            comparison = compare(load(path), load(checkout / "schema" / "openapi" / path.name))
            assert [change.as_json() for change in comparison.changes if change.path not in found_later] == []
    again = run(checkout, "codegen", "import", str(file), "--against", f"tests/data/contract/{version}.json")
    assert again.returncode == 0, again.stdout
    tested = run(checkout, "pytest", "-q", "-p", "no:cacheprovider", "tests/schema")
    assert tested.returncode == 0, tested.stdout


STATE = "v1@2026-11"
ASK = """
import json
import warnings
from voicelive._core.contract import WireContract

warnings.simplefilter("error")
session = {"session": {"lamp": "on", "voice": {"type": "azure-standard", "name": "ava"}}}
sent = json.loads(WireContract("v1@2026-11").encode_call("session.update", session).data)
assert sent["session"]["audio"]["output"]["voice"]["name"] == "ava", sent
try:
    WireContract("v1").encode_call("session.update", session)
except Warning as warning:
    assert "session.lamp: not in API version v1; it is in v1@2026-11 (draft)" in str(warning), warning
else:
    raise AssertionError("v1 has no lamp")
"""


def test_a_draft_is_held_in_two_states(checkout: Path) -> None:
    """What is proposed for a version that is changed in place stands beside it, and each state is checked by itself."""
    document = json.loads((SCHEMA / "openapi" / "v1.json").read_text(encoding="utf-8"))
    document["info"]["version"] = STATE
    fields(document["components"]["schemas"], "RequestSession")["lamp"] = {"type": "string"}
    file = write_published(checkout / "service.json", document)
    done = run(checkout, "codegen", "import", str(file), "--apply", "--against", "v1", "--proposed")
    assert done.returncode == 1, done.stderr
    assert "left to be done by hand" not in done.stderr
    for path in sorted((SCHEMA / "openapi").glob("*.json")):
        if path.stem != "sources":
            compiled = json.loads((checkout / "schema" / "openapi" / path.name).read_text(encoding="utf-8"))
            assert compiled["components"] == json.loads(path.read_text(encoding="utf-8"))["components"]
    tested = run(checkout, "pytest", "-q", "-p", "no:cacheprovider", "tests/schema")
    assert tested.returncode == 0, tested.stdout
    asked = subprocess.run(
        [sys.executable, "-c", ASK],
        cwd=checkout,
        env={**os.environ, "PYTHONPATH": str(checkout / "src")},
        capture_output=True,
        text=True,
        timeout=SECONDS,
        check=False,
    )
    assert asked.returncode == 0, asked.stderr


def lamps(schemas: Schema) -> None:
    """What a next version may bring: events, a model within, a union with one object of its own, what came before."""
    lamp: Schema = {"type": "object", "properties": {"id": {"type": "string"}}, "required": ["id"]}
    schemas["LampName"] = {"anyOf": [{"type": "string"}, {"const": "desk"}, {"const": "floor"}]}
    schemas["LampOrOwn"] = {"anyOf": [ref("LampName"), lamp]}
    event(schemas, "ServerEvent", "ServerEventLightsOn", "input_audio_buffer.lights_on", lamp=ref("LampOrOwn"))
    event(schemas, "ClientEvent", "ClientEventLightsTurnOn", "lights.turn_on", level={"type": "integer"})
    fields(schemas, "RequestSession")["lamp"] = ref("LampOrOwn")
    # The draft has this event, and an earlier preview had it.
    event(schemas, "ServerEvent", "ServerEventOutputAudioBufferStopped", "output_audio_buffer.stopped")
    fields(schemas, "ServerEventOutputAudioBufferStopped")["response_id"] = {"type": "string"}
    schemas["Modality"]["anyOf"].remove(value(schemas, "Modality", "avatar"))
    del fields(schemas, "ResponseSession")["agent"]
    # Nothing that events consist of: part of another interface.
    schemas["PhoneCall"] = lamp


def test_a_next_version_comes_by_one_command(checkout: Path) -> None:
    """What it brings stands where it belongs and does not leak into the draft; what is left is prose."""
    document = published(NEWEST, "2027-01-15")
    lamps(document["components"]["schemas"])
    file = write_published(checkout / "service.json", document)
    done = run(checkout, "codegen", "import", str(file), "--apply")
    assert done.returncode == 1, done.stderr
    assert "left to be done by hand" not in done.stderr
    assert "not compared, as no event reaches them: PhoneCall" in done.stdout
    sources = {path.name: path.read_text(encoding="utf-8") for path in (checkout / "schema").glob("*.tsp")}
    since = "@added(Versions.v2027_01_15)\n@removed(Versions.v1)\n"
    assert f"{since}model ServerEventLightsOn extends ServerEvent {{" in sources["server_events_audio_buffers.tsp"]
    assert f"{since}model ClientEventLightsTurnOn extends ClientEvent {{" in sources["client_events.tsp"]
    assert "  LampName,\n  LampOrOwnObject,\n}" in "".join(sources.values())
    draft = json.loads((checkout / "schema" / "openapi" / "v1.json").read_text(encoding="utf-8"))
    assert draft["components"] == json.loads((SCHEMA / "openapi" / "v1.json").read_text(encoding="utf-8"))["components"]
    new = load(checkout / "schema" / "openapi" / "2027-01-15.json")
    assert {
        "ServerEventLightsOn",
        "ClientEventLightsTurnOn",
        "ServerEventOutputAudioBufferStopped",
    } <= new.models.keys()
    assert "agent" not in new.fields("ResponseSession")
    assert "avatar" not in new.enums["Modality"].values
    tested = run(checkout, "pytest", "-q", "-p", "no:cacheprovider", "tests/schema")
    assert tested.returncode == 0, tested.stdout
    release = run(checkout, "codegen", "--release")
    assert release.returncode == 1
    assert "schema/client_events.tsp:" in release.stdout
