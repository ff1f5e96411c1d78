"""`warmup()`: after it, nothing is built or loaded when an event first comes or goes."""

from __future__ import annotations

import json
import subprocess
import sys

import pytest

from tests.samples import CLIENT_TYPES, SERVER_TYPES, sample_event

SCRIPT = """
import json, sys
import {package} as face

face.warmup()

from pydantic import BaseModel
from voicelive._base import Model
from voicelive._core import lenient
from voicelive._core.codec import decode_client_event, decode_server_event
from voicelive._core.contract import WireContract

def kinds(cls):
    for kind in cls.__subclasses__():
        yield kind
        yield from kinds(kind)

unbuilt = [cls.__name__ for cls in kinds(Model) if cls.__subclasses__() == [] and not cls.__pydantic_complete__]
assert not unbuilt, unbuilt

def built():
    return set(sys.modules), lenient._field_readers.cache_info().misses, lenient._reader.cache_info().misses

server, client = json.load(sys.stdin)
before = built()
contract = WireContract("2026-07-15", check="ignore")
for payload in server:
    assert not decode_server_event(json.dumps(payload)).issues
    payload["event_id"] = 7  # a misfit, read field by field
    assert decode_server_event(json.dumps(payload)).issues
assert decode_server_event(b"no event").type == "voicelive.malformed"
assert decode_server_event(b'{{"type": "x.y"}}').type == "x.y"
for payload in client:
    decode_client_event(contract.encode_event(payload).data)
after = built()
assert after == before, (after[0] - before[0], after[1:], before[1:])
"""


@pytest.mark.parametrize("package", ["voicelive", "voicelive.aio"])
def test_after_it_no_event_builds_or_loads_anything(package: str) -> None:
    """Every model, decoder and reader of misfits is there, whatever event comes or goes, well-formed or not."""
    server = [sample_event(cls, full=True) for cls in SERVER_TYPES.values()]
    client = [sample_event(cls, full=True) for cls in CLIENT_TYPES.values()]
    done = subprocess.run(
        [sys.executable, "-W", "error", "-c", SCRIPT.format(package=package)],
        input=json.dumps([server, client]),
        capture_output=True,
        text=True,
        timeout=200,
        check=False,
    )
    assert done.returncode == 0, done.stderr


@pytest.mark.parametrize(("argument", "frozen"), [("", True), ("freeze=False", False)])
def test_it_freezes_what_exists_unless_told_not_to(argument: str, frozen: bool) -> None:
    """Later garbage collections pass over the models, unless the application arranges that itself; twice is fine."""
    script = f"import gc, voicelive; voicelive.warmup({argument}); voicelive.warmup({argument})\n"
    script += "print(gc.get_freeze_count() > 10000)"
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, timeout=200, check=True)
    assert done.stdout.strip() == str(frozen)
