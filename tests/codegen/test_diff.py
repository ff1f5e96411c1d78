"""`python -m codegen diff`: one API version against another, and the page of all versions."""

from __future__ import annotations

import json
import re
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest

from codegen.__main__ import main
from codegen.importing.normalising import load
from codegen.importing.page import render_page
from codegen.output import documents

from .changes import edit_all
from .dialects import DOCUMENT, PREFIX, Schema, document, write

Capture = pytest.CaptureFixture[str]
VERSIONS = [path.stem for path in documents()]
PAIRS = list(pairwise(VERSIONS))


def report(capsys: Capture, *arguments: str) -> dict[str, Any]:
    """The JSON report of a diff."""
    main(["diff", *arguments, "--format", "json"])
    found: dict[str, Any] = json.loads(capsys.readouterr().out)
    return found


def names(version: str, base: str) -> set[str]:
    """The event types of a version's document, read without the code under test."""
    schemas = json.loads((DOCUMENT.parent / f"{version}.json").read_text(encoding="utf-8"))["components"]["schemas"]
    return set(schemas[base]["discriminator"]["mapping"])


@pytest.mark.parametrize("version", VERSIONS)
def test_a_version_is_itself(capsys: Capture, version: str) -> None:
    """A version has no difference from itself: exit code 0."""
    assert main(["diff", version, version]) == 0
    assert "There is no difference." in capsys.readouterr().out


@pytest.mark.parametrize(("old", "new"), PAIRS)
def test_all_new_events_of_a_version_are_told(capsys: Capture, old: str, new: str) -> None:
    """Each event type of the newer document that the older one lacks is told as new or as a renamed event, and back."""
    found = report(capsys, old, new)
    for base, direction in (("ClientEvent", "client"), ("ServerEvent", "server")):
        changes = [c for c in found["changes"] if c["kind"] == "event" and c.get("direction") == direction]
        added = {c["event_type"] for c in changes if c["action"] == "added"}
        removed = {c["event_type"] for c in changes if c["action"] == "removed"}
        moved = [c for c in found["changes"] if c.get("what") == "event type" and c["in"].startswith(base)]
        assert added | {c["after"] for c in moved} == names(new, base) - names(old, base)
        assert removed | {c["before"] for c in moved} == names(old, base) - names(new, base)


@pytest.mark.parametrize(("old", "new"), PAIRS)
def test_the_way_back_is_the_way_there_turned_round(capsys: Capture, old: str, new: str) -> None:
    """Comparing the other way round tells the same number of changes, with added and removed exchanged."""
    there, back = report(capsys, old, new)["counts"], report(capsys, new, old)["counts"]
    turned = {"added": "removed", "removed": "added"}
    assert back == {group: {action: row[turned.get(action, action)] for action in row} for group, row in there.items()}


def test_known_renames_are_told(capsys: Capture) -> None:
    """The renames between the service's versions are told as such, with what speaks for them."""
    first = report(capsys, "2025-10-01", "2026-04-10")["changes"]
    assert {
        "action": "renamed",
        "kind": "value",
        "in": "OutputAudioFormat",
        "name": "pcm16-8000hz",
        "before": "pcm16-8000hz",
        "after": "pcm16_8000hz",
        "probably": "similar value",
    } in first
    second = report(capsys, "2026-04-10", "2026-06-01-preview")["changes"]
    assert [(c["in"], c["before"], c["after"]) for c in second if c["action"] == "renamed"] == [
        ("RequestImageContentPart", "url", "image_url")
    ]


def test_unlike_things_are_not_renames(tmp_path: Path, capsys: Capture) -> None:
    """What is gone and what is new with other shapes, other types or other names stay two changes."""

    def edit(schemas: Schema) -> None:
        schemas["Weather"] = {"type": "object", "properties": {"sky": {"type": "string"}, "wind": {"type": "integer"}}}
        del schemas["VideoCrop"]
        own = schemas["VideoParams"]["properties"]
        del own["crop"]
        own["rotation"] = {"$ref": PREFIX + "Weather"}
        schemas["Modality"]["anyOf"] = [m for m in schemas["Modality"]["anyOf"] if m.get("const") != "avatar"]
        schemas["Modality"]["anyOf"].append({"const": "smell"})

    found = report(capsys, "2026-07-15", str(write(tmp_path, "OpenAPI 3.1", edit)))
    assert sorted((c["action"], c.get("in", ""), c["name"]) for c in found["changes"]) == [
        ("added", "", "Weather"),
        ("added", "Modality", "smell"),
        ("added", "VideoParams", "rotation"),
        ("removed", "", "VideoCrop"),
        ("removed", "Modality", "avatar"),
        ("removed", "VideoParams", "crop"),
    ]


def test_files_can_be_compared(tmp_path: Path, capsys: Capture) -> None:
    """Either side may be a file; `diff` tells what `import` tells."""
    path = write(tmp_path, "Swagger 2.0", edit_all)
    found = report(capsys, "2026-07-15", str(path))
    assert main(["import", str(path), "--format", "json"]) == 1
    assert json.loads(capsys.readouterr().out) == found
    assert main(["diff", str(path), str(path)]) == 0


def test_the_source_is_told_without_the_place_of_the_checkout(capsys: Capture) -> None:
    """A version's document is named within the project: reports do not depend on the machine."""
    found = report(capsys, *PAIRS[0])
    assert found["before"]["source"] == f"schema/openapi/{PAIRS[0][0]}.json"


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        (
            ["1999-01-01", "2026-07-15"],
            "1999-01-01: is neither a file nor a version of the schema, which are ",
        ),
        (["2026-07-15"], "give A and B"),
        (["2026-07-15", "2026-07-15", "2026-07-15"], "give A and B"),
        ([], "give A and B"),
        (["--page", "missing/folder/page.md"], "cannot be written"),
    ],
)
def test_bad_input_is_one_clear_line(capsys: Capture, arguments: list[str], says: str) -> None:
    """Unknown versions, the wrong number of them and a page that cannot be written: exit code 2 and one line."""
    assert main(["diff", *arguments]) == 2
    err = capsys.readouterr().err
    assert says in err
    assert err.count("\n") == 1


def test_the_page_has_every_version(tmp_path: Path, capsys: Capture) -> None:
    """The page lists every version of the schema in order, with its status, and what each brought and dropped."""
    page = tmp_path / "versions.md"
    assert main(["diff", "--page", str(page)]) == 0
    assert capsys.readouterr().out == ""
    text = page.read_text(encoding="utf-8")
    assert re.findall(r"^## (\S+)$", text, re.MULTILINE) == VERSIONS
    rows = [line.split(" | ") for line in text.splitlines() if re.match(r"\| (\d{4}-|v\d)", line)]
    assert [row[0].removeprefix("| ") for row in rows] == VERSIONS
    status = {row[0].removeprefix("| "): row[1] for row in rows}
    assert status["2025-10-01"] == "stable"
    assert status["2026-06-01-preview"] == "preview"
    assert status["2026-07-15"] == "stable, default"
    assert "- fields of `RequestImageContentPart`: `url` → `image_url`" in text.splitlines()
    columns = {row.count("|") for row in text.splitlines() if row.startswith("|")}
    assert len(columns) == 1


def test_the_page_takes_any_number_of_versions(tmp_path: Path) -> None:
    """With one document the page says that it is the first version; with two equal ones, that nothing changed."""
    one = load(DOCUMENT)
    assert "The first version." in render_page([one])
    path = tmp_path / "next.json"
    content = document()
    content["info"] = {**content["info"], "version": "v9", "x-draft": True}
    path.write_text(json.dumps(content), encoding="utf-8")
    text = render_page([one, load(path)])
    assert "No difference from 2026-07-15." in text
    assert "| v9 | draft |" in text
    assert "A draft: it may change, and need not be served." in text
    assert render_page([]).startswith("# API versions\n")
