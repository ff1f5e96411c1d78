"""Ctrl-C, as a real signal, while the user speaks over an answer and while a tool runs."""

from __future__ import annotations

import os

import pytest

from .programs import STRIKES, run_program

pytestmark = [
    pytest.mark.timeout(300),
    pytest.mark.skipif(not hasattr(os, "fork"), reason="Windows has no such signals"),
]

PARTS = """
import asyncio, os, random, signal, sys, threading, time
import voicelive, voicelive.aio
from voicelive.testing import ScriptedService
from tests.local.helpers import tones

def ctrl_c(after=0.0):
    threading.Timer(after, os.kill, [os.getpid(), signal.SIGINT]).start()
"""


@pytest.mark.parametrize("doing", ["speaking over the answer", "running a tool"])
def test_ctrl_c_leaves_a_synchronous_call_whole(doing: str) -> None:
    """Interrupts at any moment: what was decided happens once, the call goes on, and close() is not held up."""
    program = """
doing = sys.argv[1]
entered, gate = threading.Event(), threading.Event()
def looks_up() -> str:
    "Look something up."
    entered.set()
    gate.wait(30)
    return "found"

events, interrupts, is_over = [], 0, False
def storm():
    while not is_over:
        time.sleep(random.random() * 0.002)
        os.kill(os.getpid(), signal.SIGINT)

def receive(connection, until):
    global interrupts
    while not (events and until(events[-1])):
        try:
            events.append(connection.recv(30))
        except KeyboardInterrupt:
            interrupts += 1

strikes_within(receive)
with ScriptedService(strict=False, timeout=60) as service:
    service.call_tools(("looks_up", "{}")) if doing == "running a tool" else None
    service.say("one two three four five six seven eight nine ten")
    service.say("yes")
    connection = voicelive.connect(endpoint=service.endpoint, model="gpt-4o", barge_in=True, tools=[looks_up]).open()
    speech = tones("wait")
    connection.respond("Count.")
    thread = threading.Thread(target=storm, daemon=True)
    if doing == "running a tool":
        assert entered.wait(30)
        thread.start()
        threading.Timer(0.3, gate.set).start()
        receive(connection, lambda event: event.type == "voicelive.tool_done")
        receive(connection, lambda event: event.type == "response.done")
    else:
        receive(connection, lambda event: event.type == "response.done")
        # From elsewhere, as a microphone's thread does.
        threading.Timer(0.1, lambda: connection.input_audio_buffer.append(audio=speech)).start()
        thread.start()
        receive(connection, lambda event: event.type == "conversation.item.truncated")
        receive(connection, lambda event: event.type == "response.done")
    is_over = True
    thread.join()
    started = time.monotonic()
    connection.close()
    print(interrupts > 5, time.monotonic() - started < 15, connection.close_info.code)
    session = service.session
    kinds = [event.type for event in events]
    if doing == "running a tool":
        print(kinds.count("voicelive.tool_done"), session.tool_outputs("looks_up"), len(session.responses))
    else:
        late = [one for one in events[kinds.index("voicelive.interrupted"):] if one.type == "response.audio.delta"]
        cut = next(one.item_id for one in events if one.type == "conversation.item.truncated")
        print(kinds.count("voicelive.interrupted"), len(session.events("conversation.item.truncate")),
              [one for one in late if one.item_id == cut])
"""
    said = run_program(PARTS + STRIKES + program, doing)
    assert said == ["True True 1000", "1 ['found'] 2" if doing == "running a tool" else "1 1 []"]


@pytest.mark.parametrize("doing", ["speaking over the answer", "running a tool"])
def test_ctrl_c_ends_an_asynchronous_call(doing: str) -> None:
    """The program ends within a second or two, the connection closed; a tool that never returns does not keep it."""
    program = """
doing = sys.argv[1]
async def waits() -> str:
    "Never return."
    await asyncio.sleep(60)
    return ""

def blocks() -> str:
    "Never return."
    time.sleep(60)
    return ""

async def main(service):
    async with voicelive.aio.connect(
        endpoint=service.endpoint, model="gpt-4o", barge_in=True, tools=[waits, blocks]
    ) as connection:
        await connection.respond("Count.")
        async for event in connection:
            if event.type == ("voicelive.tool_started" if doing == "running a tool" else "response.audio.delta"):
                if doing != "running a tool":
                    await connection.input_audio_buffer.append(audio=tones("wait"))
                global began
                began = time.monotonic()
                ctrl_c()
                async for event in connection:
                    pass

with ScriptedService(strict=False, timeout=60) as service:
    service.call_tools(("waits", "{}"), ("blocks", "{}")) if doing == "running a tool" else None
    service.say("one two three four five six seven eight nine ten")
    try:
        asyncio.run(main(service))
    except KeyboardInterrupt:
        print("interrupted", time.monotonic() - began < 30)
    service.wait_until(lambda: service.session.record.closed)
    print(service.session.record.close_code)
"""
    assert run_program(PARTS + program, doing) == ["interrupted True", "1000"]
