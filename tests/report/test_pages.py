"""`voicelive report`: what a page says of a recorded call, whole or damaged, and what it makes of many."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any
from xml.etree import ElementTree

import pytest

from tests.cli.conftest import Command, command, unconfigured
from voicelive._report.reading import read_call
from voicelive.recording import Recording

from .recorded import HOSTILE, record

__all__ = ["command", "unconfigured"]


@pytest.fixture(scope="module")
def call(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A recorded call."""
    return record(tmp_path_factory.mktemp("calls") / "one")


def data_of(page: Path) -> Any:
    """What the page's script reads."""
    found = re.search(r'<script type="application/json" id="call">(.*?)</script>', page.read_text(encoding="utf-8"))
    assert found is not None
    return json.loads(found[1])


def report(command: Command, call: Path, *options: object) -> Path:
    """Write the report of a call; returns the page."""
    page = call.parent / f"{call.name}.page.html"
    result = command("report", call, "--to", page, *options)
    assert result.exit_code == 0, result.stderr
    assert result.stdout.strip() == str(page)
    return page


def test_the_figures_are_those_of_the_call(call: Path) -> None:
    """Times, tool, interruption and what was heard, by the rules of a call that goes on."""
    first, second = read_call(call).metrics.turns
    assert first.endpointing_ms == second.endpointing_ms == pytest.approx(500)
    assert first.tool_ms == pytest.approx(300)
    assert (first.interrupted, first.generated_ms, first.heard_ms) == (True, 2000, 900)
    assert (second.interrupted, second.generated_ms, second.heard_ms) == (False, 3000, 3000)
    # 0.2 s of the player's first report, and 20 ms of its first block.
    assert second.voice_to_voice_ms == pytest.approx(500 + 200 + 20, abs=21)


def test_every_event_is_in_the_page_with_its_payload(command: Command, call: Path) -> None:
    """As recorded, in its order, with its time and direction."""
    shown = data_of(report(command, call))["events"]
    recorded = list(Recording.open(call).events)
    assert [event["payload"] for event in shown] == [event.payload for event in recorded]
    assert [event["at"] for event in shown] == [pytest.approx(event.time * 1000) for event in recorded]
    assert {event["dir"] for event in shown} == {"in", "out", "local"}


def test_the_waveforms_are_what_was_heard(command: Command, call: Path) -> None:
    """The user where they spoke, the answers where they were heard, and pale what was not."""
    sound = data_of(report(command, call))["sound"]
    loud = [
        (piece["from"] + 20 * step)
        for piece in sound["user"]
        for step, level in enumerate(piece["levels"])
        if level > 10
    ]
    assert (min(loud), max(loud)) == (100, pytest.approx(3780, abs=40))
    heard = [(piece["item"], piece["from"], piece["ms"]) for piece in sound["assistant"] if piece["n"] >= 0]
    lengths = {item: sum(ms for name, _, ms in heard if name == item) for item in ("item_2", "item_4")}
    assert lengths == {"item_2": pytest.approx(900, abs=41), "item_4": pytest.approx(3000, abs=41)}
    [unheard] = [piece for piece in sound["assistant"] if piece["n"] < 0]
    assert (unheard["item"], unheard["ms"]) == ("item_2", pytest.approx(1100, abs=20))
    assert unheard["from"] == pytest.approx(3000, abs=41)


def test_without_sound_the_page_has_its_picture_only(command: Command, call: Path) -> None:
    """Nothing can be played, and the page is small."""
    page = report(command, call, "--no-sound")
    sound = data_of(page)["sound"]
    assert sound["played"] == {}
    assert sound["user"]


def test_content_that_was_left_out_stays_out(command: Command, tmp_path: Path) -> None:
    """Structure and times are shown, and it is said that text and sound are not there."""
    page = report(command, record(tmp_path / "quiet", content=False))
    text = page.read_text(encoding="utf-8")
    assert "text and sound were left out" in text
    assert "seventy" not in text
    found = data_of(page)
    assert found["sound"]["user"] == found["sound"]["assistant"] == []
    first, _ = read_call(tmp_path / "quiet").metrics.turns
    assert (first.interrupted, first.heard_ms) == (True, 900)


def cut(call: Path) -> None:
    """Leave half a line, and half of the sound."""
    lines, sound = call / "call.jsonl", call / "call.wav"
    lines.write_bytes(lines.read_bytes()[: lines.stat().st_size // 2])
    sound.write_bytes(sound.read_bytes()[: sound.stat().st_size // 2])


def newer(call: Path) -> None:
    """Have the header and a line be of a later format."""
    lines = (call / "call.jsonl").read_text().splitlines()
    header = json.loads(lines[0]) | {"voicelive_recording": 99}
    (call / "call.jsonl").write_text("\n".join([json.dumps(header), '{"t": 0, "kind": "smell"}', *lines[1:]]) + "\n")


def damage(call: Path) -> None:
    """Overwrite a line, and put what is not a number where times are."""
    lines = (call / "call.jsonl").read_bytes().splitlines()
    lines[5] = b"\xff\xfe{"
    odd: dict[str, Any] = {"t": "soon", "kind": "received", "event": {"type": 7, "response": ["?"]}}
    lines.insert(6, json.dumps(odd).encode())
    lines.insert(7, b'{"t": 1, "kind": "sent", "raw": "not JSON"}')
    lines.insert(8, b'{"t": 1, "kind": "heard", "at": null, "from_ms": [], "item_id": 5}')
    (call / "call.jsonl").write_bytes(b"\n".join(lines) + b"\n")


def without_sound(call: Path) -> None:
    """Lose the sound."""
    for path in call.glob("*.wav"):
        path.unlink()


@pytest.mark.parametrize(
    ("harm", "says"),
    [
        (cut, "is not a JSON object; the recording was cut short there"),
        (newer, "has format 99, and this version of voicelive knows 1"),
        (damage, "line 6 of call.jsonl is not a JSON object"),
        (without_sound, "received.wav is missing"),
    ],
)
def test_what_cannot_be_read_is_named_and_the_rest_is_shown(
    command: Command, tmp_path: Path, harm: Any, says: str
) -> None:
    """A recording that is cut short, damaged, newer or without its files: in the page, and on standard error."""
    call = record(tmp_path / "harmed")
    harm(call)
    page = tmp_path / "page.html"
    result = command("report", call, "--to", page)
    assert result.exit_code == 0, result.stderr
    assert says in result.stderr
    assert says in page.read_text(encoding="utf-8")
    assert len(data_of(page)["events"]) > 20


def test_a_zip_file_is_a_call_too(command: Command, call: Path, tmp_path: Path) -> None:
    """The same page comes of it."""
    packed = Recording.open(call).pack(tmp_path / "packed.zip")
    assert data_of(report(command, packed)) == data_of(report(command, call))


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        (["nothing"], "there is no recording at"),
        (["one", "one"], "2 are given: add --summary"),
        (["--summary", "nothing"], "none of these could be read"),
        (["one", "--to", "no/such/folder.html"], "the report cannot be written"),
    ],
)
def test_what_cannot_be_reported_is_said(
    command: Command, call: Path, monkeypatch: pytest.MonkeyPatch, arguments: list[str], says: str
) -> None:
    """With what to do, and nothing is written."""
    monkeypatch.chdir(call.parent)
    before = sorted(call.parent.iterdir())
    result = command("report", *arguments)
    assert result.exit_code != 0
    assert says in result.stderr
    assert sorted(call.parent.iterdir()) == before


def test_many_calls_are_a_table_and_plots(command: Command, tmp_path: Path) -> None:
    """A row for each in the order of their times, what could not be read named, and plots that are sound XML."""
    for number in (3, 1, 2):
        record(tmp_path / "calls" / f"call {number}", started=f"2026-11-28T12:0{number}:00Z", text=HOSTILE)
    (tmp_path / "broken.zip").write_bytes(b"no zip")
    page = tmp_path / "calls.html"
    result = command("report", "--summary", tmp_path / "calls", tmp_path / "broken.zip", "--to", page)
    assert result.exit_code == 0, result.stderr
    text = page.read_text(encoding="utf-8")
    assert "broken.zip is neither a recording" in text
    assert "<script" not in text
    body = ElementTree.fromstring(re.search(r"<table>.*?</table>", text)[0])  # type: ignore[index]
    rows = [["".join(cell.itertext()) for cell in row.iter("td")] for row in body.iter("tr")]
    assert [row[1] for row in rows[1:]] == ["call 1", "call 2", "call 3", "all"]
    assert [row[5] for row in rows[1:]] == ["2", "2", "2", "6"]
    plots = [ElementTree.fromstring(svg) for svg in re.findall(r"<svg class=\"plot\".*?</svg>", text)]
    assert len(plots) >= 4
    assert len(list(plots[0].iter("circle"))) == 6
