"""`voicelive answer` of each line, started as the documentation says, and called from outside as the vendor calls."""

from __future__ import annotations

import asyncio
import json
import re
from pathlib import Path

import pytest
from websockets.exceptions import InvalidStatus

from voicelive.testing import Caller, ScriptedService

from ..clients.conversing import eventually
from .exchanges import CALLER, EXCHANGES
from .test_server import answering, until

SILENCES = {"g711_ulaw": re.compile(rb"\xff{80,}"), "pcm16": re.compile(rb"(?:\0\0){240,}")}
"""Ten milliseconds of silence, or more."""


def understood(service: ScriptedService, caller: Caller) -> str:
    """Return what a caller has heard, without the gaps that a machine leaves that is busy."""
    sound = SILENCES[caller.format["audio_format"]].sub(b"", caller.heard)
    return service.understand(sound, **caller.format)


@pytest.mark.timeout(240)
@pytest.mark.parametrize("line", EXCHANGES)
async def test_a_server_is_called_as_the_vendor_calls(
    voicelive_environment: ScriptedService, tmp_path: Path, line: str
) -> None:
    """Who is let in hears the agent; either side ends a call; SIGTERM lets the last one finish; the log tells all."""
    service, exchange = voicelive_environment, EXCHANGES[line]()
    async with (
        exchange.running(tmp_path),
        answering(service, line=line, environment=exchange.environment) as (process, port),
    ):
        with pytest.raises(InvalidStatus, match="403"):
            await exchange.stranger(port).__aenter__()

        async with await exchange.dial(port) as caller:
            await eventually(lambda: understood(service, caller) == "Hello.")

        async with await exchange.dial(port) as caller:
            await eventually(lambda: understood(service, caller) == "Hello.")
            await caller.press("0")
            await caller.until_ended()
            assert understood(service, caller) == "Hello. Goodbye."

        async with await exchange.dial(port) as caller:
            await caller.hears()
            process.terminate()
            await until(port, "/readyz", 503)
            assert not caller.has_ended
            await eventually(lambda: understood(service, caller) == "Hello.")
        output, _ = await asyncio.wait_for(process.communicate(), 60)
    assert process.returncode == 0, output.decode()
    logged = [json.loads(record) for record in output.decode().splitlines() if record.startswith("{")]
    calls = [record for record in logged if record["event"] == "call_ended"]
    assert [call["outcome"] for call in calls] == ["hung_up", "finished", "hung_up"]
    assert all(call["line"] == line and not call["faults"] for call in calls)
    assert exchange.ended == ([calls[1]["call_id"]] if exchange.ends_calls else [])
    assert CALLER not in output.decode()
    # Nothing but what each call is told by: a record, and lines of the log of calls.
    others = [told for told in output.decode().splitlines() if not told.startswith(("{", "connection ", "voicelive: "))]
    assert others == []
    for secret in exchange.secrets:
        assert secret not in output.decode()
