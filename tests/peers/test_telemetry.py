"""What the official package's instrumentation exports of a call, beside this package's: the table in the docs."""

from __future__ import annotations

import asyncio
import json
import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.clients.exports import SAID, collecting, spoken_call
from tests.clients.harness import Client
from voicelive.testing import ScriptedService

ROOT = Path(__file__).resolve().parents[2]
PAGE = ROOT / "docs" / "telemetry.md"
MARK = "<!-- compared -->\n"

pytestmark = pytest.mark.timeout(300)


@pytest.fixture
def service() -> Iterator[ScriptedService]:
    with ScriptedService(strict=False, timeout=60) as running:
        yield running


async def official() -> dict[str, Any]:
    """Hold the call with azure-ai-voicelive."""
    program = [sys.executable, "-m", "tests.peers.official_telemetry"]
    done = await asyncio.to_thread(
        subprocess.run,
        program,
        capture_output=True,
        text=True,
        timeout=200,
        cwd=ROOT,
        env=os.environ | {"PYTHONPATH": os.pathsep.join([str(ROOT), str(ROOT / "src")])},
        check=False,
    )
    assert done.returncode == 0, done.stderr
    result: dict[str, Any] = json.loads(done.stdout.splitlines()[-1])
    return result


async def test_two_spoken_turns_exported_by_both(service: ScriptedService) -> None:
    """A span for each message, texts although none were asked for, and no latency of a spoken turn; here none of it."""
    theirs = await official()
    with collecting() as exports:
        await spoken_call(Client("async"), service, telemetry=exports.telemetry())
        latencies = sum("gen_ai.response.time_to_first_chunk" in (span.attributes or {}) for span in exports.spans)
        ours: dict[str, Any] = {
            "spans": len(exports.spans),
            "content": sorted(name for name, said in SAID.items() if said in exports.text),
            "latencies": latencies,
        }
    rows = [row for row in PAGE.read_text(encoding="utf-8").partition(MARK)[2].splitlines() if row.startswith("|")][2:6]
    shown = [[cell.strip() for cell in row.strip("|").split("|")] for row in rows]
    # How many messages a call has varies a little with the service's pace.
    assert abs(theirs["spans"] - int(shown[0][1].removeprefix("about "))) < 30
    assert str(ours["spans"]) == shown[0][2] == "4"
    assert f"{len(theirs['content'])} of {len(SAID)}" == shown[1][1]
    assert f"{len(ours['content'])} of {len(SAID)}" == shown[1][2] == "0 of 5"
    # That of the one answer that the program asked for by itself: the spoken turns have none.
    assert f"{theirs['latencies']} of 2" == shown[2][1]
    assert f"{ours['latencies']} of 2" == shown[2][2] == "2 of 2"
    assert ("gen_ai.client.token.usage" in theirs["metrics"]) is (shown[3][1] == "yes")
    assert exports.total("gen_ai.client.inference.usage.output_tokens") > 0
    assert shown[3][2] == "yes"
