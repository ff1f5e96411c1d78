"""Somebody adds events as CONTRIBUTING says: they write TypeSpec, and one command does the rest."""

from __future__ import annotations

import shutil
from pathlib import Path

from codegen.output import ROOT

from .test_apply import checkout as checkout  # a fixture
from .test_apply import run

TESTS = ("tests/core/test_event_table.py", "tests/test_wire_table.py", "tests/schema")
SERVER = """
/** A lamp was switched. */
@removed(Versions.v1)
model ServerEventLampSwitched extends ServerEvent {
  /** Always `lamp.switched`. */
  type: "lamp.switched";

  /** The lamp as it is now. */
  lamp: Lamp;
}

/** A lamp. */
@removed(Versions.v1)
model Lamp {
  /** Its name. */
  name: string;

  /** Its brightness, 0 to 100. */
  @minValue(0)
  @maxValue(100)
  level?: int32;
}
"""
CLIENT = """
/** Switches a lamp. */
@removed(Versions.v1)
model ClientEventLampSwitch extends ClientEvent {
  /** Always `lamp.switch`. */
  type: "lamp.switch";

  /** Name of the lamp. */
  name: string;
}
"""
TYPE = """
  /** {doc} */
  @removed(Versions.v1)
  {member}: "{value}",
}}
"""

# Both clients send the one event and receive the other, typed, over a WebSocket.
PROGRAM = """
import asyncio, json
from azure.core.credentials import AzureKeyCredential
from websockets.asyncio.server import serve
import voicelive, voicelive.aio
from voicelive import models

async def answer(connection):
    async for message in connection:
        sent = json.loads(message)
        assert sent["type"] == "lamp.switch", sent
        lamp = {"name": sent["name"], "level": 40}
        await connection.send(json.dumps({"type": "lamp.switched", "event_id": "e", "lamp": lamp}))

def check(event):
    assert isinstance(event, models.ServerEventLampSwitched), event
    assert isinstance(event.lamp, models.Lamp)
    assert (event.lamp.name, event.lamp.level) == ("desk", 40)

def with_sync(endpoint):
    with voicelive.connect(endpoint=endpoint, credential=AzureKeyCredential("key"), model="m") as conn:
        conn.lamp.switch(name="desk")
        check(conn.recv(timeout=20))

async def main():
    async with serve(answer, "127.0.0.1", 0) as server:
        endpoint = f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}"
        async with voicelive.aio.connect(endpoint=endpoint, credential=AzureKeyCredential("key"), model="m") as conn:
            await conn.lamp.switch(name="desk")
            check(await conn.recv(timeout=20))
        await asyncio.to_thread(with_sync, endpoint)
    print("both")

asyncio.run(main())
"""


def append(path: Path, text: str) -> None:
    """Put a declaration at the end of a source."""
    path.write_text(path.read_text(encoding="utf-8") + text, encoding="utf-8")


def into_enum(path: Path, enum: str, member: str) -> None:
    """Put a member at the end of an enum."""
    before, opening, after = path.read_text(encoding="utf-8").partition(f"union {enum} {{")
    path.write_text(before + opening + after.replace("\n}\n", member, 1), encoding="utf-8")


def test_a_stranger_adds_an_event(checkout: Path) -> None:
    """A server event with a model within, and a client event: both clients have them, and the tests pass."""
    shutil.copytree(
        ROOT / "tests", checkout / "tests", dirs_exist_ok=True, ignore=shutil.ignore_patterns("node_modules")
    )
    schema = checkout / "schema"
    append(schema / "server_events_session.tsp", SERVER)
    append(schema / "client_events.tsp", CLIENT)
    into_enum(
        schema / "server_events.tsp",
        "ServerEventType",
        TYPE.format(doc="A lamp was switched.", member="lampSwitched", value="lamp.switched"),
    )
    into_enum(
        schema / "client_events.tsp",
        "ClientEventType",
        TYPE.format(doc="Switches a lamp.", member="lampSwitch", value="lamp.switch"),
    )

    done = run(checkout, "codegen", "--compile")
    (checkout / "program.py").write_text(PROGRAM, encoding="utf-8")
    both = run(checkout, "program")
    tested = run(checkout, "pytest", "-q", "-p", "no:cacheprovider", *TESTS)
    release = run(checkout, "codegen", "--release")

    assert done.returncode == 0, done.stdout + done.stderr
    assert "ServerEventLampSwitched is in no source of facts" in done.stdout
    assert both.stdout == "both\n", both.stderr
    assert tested.returncode == 0, tested.stdout[-3000:]
    assert "documented.json" in release.stdout
