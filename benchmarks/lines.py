"""How many telephone calls one core carries: a bridge in a process of its own, callers and service beside it.

    python -m benchmarks.lines --line twilio --calls 10 25 50 --seconds 10

For each number of calls: the CPU of the bridge's process, what a frame takes from caller to service (p50 and p99), what
was lost, and beside it the generator's own CPU and by how much its frames left late: where that is not far below
20 ms, the machine was busy and the delays are not the bridge's. `--search` goes on with half as many calls again until
the p99 is above 20 ms or something is lost.
"""

from __future__ import annotations

import argparse
import asyncio
import base64
import json
import multiprocessing as mp
import os
import resource
import struct
import time
from multiprocessing.connection import Connection
from pathlib import Path
from typing import Any

from websockets.asyncio.server import ServerConnection, serve

from voicelive.telephony import AcsLine, GenesysLine, TwilioLine, answer
from voicelive.testing import Caller

LINES: dict[str, Any] = {"twilio": TwilioLine, "acs": AcsLine, "genesys": GenesysLine}
ANSWER_EVERY_S = 4.0
ANSWER_DELTAS = 15
"""Of 200 ms: three seconds of sound in every four."""
_QUIET = {"compression": None, "max_size": None, "ping_interval": None}


async def _agent(connection: Any) -> None:
    async for _ in connection:
        pass


def _memory() -> int:
    return int(Path("/proc/self/statm").read_text("ascii").split()[1]) * os.sysconf("SC_PAGE_SIZE")


def _bridge(pipe: Connection, line: str, endpoint: str) -> None:
    async def main() -> None:
        lost = [0]

        async def take(socket: ServerConnection) -> None:
            summary = await answer(_agent, socket, LINES[line](), endpoint=endpoint, model="gpt-4o")
            lost[0] += summary.input_dropped_ms + summary.output_dropped_ms

        async with serve(take, "127.0.0.1", 0, **_QUIET) as server:  # type: ignore[arg-type]
            pipe.send(next(iter(server.sockets)).getsockname()[1])
            while (await asyncio.to_thread(pipe.recv)) == "figures":
                usage = resource.getrusage(resource.RUSAGE_SELF)
                pipe.send((usage.ru_utime + usage.ru_stime, _memory(), lost[0]))

    asyncio.run(main())


class Service:
    """Stands for the service: takes sound, notes when it came, and speaks three seconds in every four."""

    def __init__(self, line: str) -> None:
        size = 9600 if line == "acs" else 1600
        self._delta = base64.b64encode(bytes(size)).decode()
        self._frame = 960 if line == "acs" else 160
        self.sent: dict[bytes, float] = {}
        """When each frame left the caller, by what it begins with."""
        self.delays_ms: list[float] = []

    def mark(self, caller: Caller, number: int) -> None:
        """Have each frame of a caller begin with its own number, and note when it leaves."""
        vendor: Any = caller._vendor
        write = vendor.sound

        def sound(audio: bytes, ms: int) -> Any:
            name = struct.pack(">HI", number, ms // 20) + b"\x5a\xa5"
            self.sent[name] = time.monotonic()
            return write(name + audio[len(name) :], ms)

        vendor.sound = sound

    def _take(self, text: str) -> None:
        now = time.monotonic()
        audio = base64.b64decode(json.loads(text)["audio"])
        for start in range(0, len(audio), self._frame):
            left = self.sent.pop(audio[start : start + 8], None)
            if left is not None:
                self.delays_ms.append((now - left) * 1000)

    async def handle(self, socket: ServerConnection) -> None:
        session = {"id": "s", "model": "m"}
        await socket.send(json.dumps({"type": "session.created", "event_id": "e", "session": session}))
        speaking = asyncio.create_task(self._speak(socket))
        try:
            async for message in socket:
                text = message if isinstance(message, str) else message.decode()
                if "input_audio_buffer.append" in text[:200]:
                    self._take(text)
                elif '"session.update"' in text:
                    changed = json.loads(text)["session"]
                    await socket.send(
                        json.dumps({"type": "session.updated", "event_id": "u", "session": session | changed})
                    )
        finally:
            speaking.cancel()

    async def _speak(self, socket: ServerConnection) -> None:
        turn = 0
        while True:
            await asyncio.sleep(ANSWER_EVERY_S)
            turn += 1
            ids = {"response_id": f"r{turn}", "item_id": f"i{turn}", "output_index": 0, "content_index": 0}
            if turn % 2 == 0:
                # Half of the answers are interrupted by the next speech.
                started = {"type": "input_audio_buffer.speech_started", "audio_start_ms": 0, "item_id": f"u{turn}"}
                await socket.send(json.dumps({**started, "event_id": f"s{turn}"}))
            for number in range(ANSWER_DELTAS):
                delta = {"type": "response.audio.delta", "event_id": f"d{turn}.{number}", "delta": self._delta}
                await socket.send(json.dumps({**delta, **ids}))


async def _run(line: str, calls: int, seconds: float) -> dict[str, float]:
    service = Service(line)
    context = mp.get_context("spawn")
    ours, theirs = context.Pipe()
    async with serve(service.handle, "127.0.0.1", 0, **_QUIET) as server:  # type: ignore[arg-type]
        endpoint = f"http://127.0.0.1:{next(iter(server.sockets)).getsockname()[1]}"
        process = context.Process(target=_bridge, args=(theirs, line, endpoint), daemon=True)
        process.start()
        port = await asyncio.to_thread(ours.recv)
        callers = [Caller(line, f"ws://127.0.0.1:{port}") for _ in range(calls)]  # type: ignore[arg-type]
        for number, caller in enumerate(callers):
            service.mark(caller, number)
            await caller.__aenter__()
            await asyncio.sleep(min(0.02, 1 / calls))
        await asyncio.sleep(1)
        before, own = await _figures(ours), time.process_time()
        service.delays_ms.clear()
        frames = sum(caller.frames_sent for caller in callers)
        await asyncio.sleep(seconds)
        after, generator = await _figures(ours), time.process_time() - own
        delays = sorted(service.delays_ms)
        frames = sum(caller.frames_sent for caller in callers) - frames
        late = sorted(ms for caller in callers for ms in caller.late_ms[-int(seconds * 50) :])
        for caller in callers:
            await caller.__aexit__(None, None, None)
        after_hangup = await _figures(ours)
        ours.send("end")
        await asyncio.to_thread(process.join, 10)
    return {
        "calls": calls,
        "frames_sent": frames,
        "frames_due": calls * seconds * 50,
        "bridge_cpu_share": (after[0] - before[0]) / seconds,
        "bridge_cpu_ms_per_call_second": (after[0] - before[0]) / seconds / calls * 1000,
        "delay_p50_ms": delays[len(delays) // 2] if delays else 0.0,
        "delay_p99_ms": delays[int(len(delays) * 0.99)] if delays else 0.0,
        "frames_arrived": len(delays),
        "generator_cpu_share": generator / seconds,
        "generator_late_p99_ms": late[int(len(late) * 0.99)] if late else 0.0,
        "memory_mb": after[1] / 1e6,
        "lost_ms": after_hangup[2],
    }


async def _figures(pipe: Connection) -> tuple[float, int, int]:
    pipe.send("figures")
    found: tuple[float, int, int] = await asyncio.to_thread(pipe.recv)
    return found


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--line", choices=sorted(LINES), default="twilio")
    parser.add_argument("--calls", type=int, nargs="+", default=[10, 25, 50])
    parser.add_argument("--seconds", type=float, default=10.0)
    parser.add_argument("--search", action="store_true")
    options = parser.parse_args()
    waiting = list(options.calls)
    while waiting:
        calls = waiting.pop(0)
        figures = asyncio.run(_run(options.line, calls, options.seconds))
        rounded = {name: round(value, 2) for name, value in figures.items()}
        print(json.dumps({"line": options.line, **rounded}), flush=True)
        if options.search and not waiting and figures["delay_p99_ms"] <= 20 and not figures["lost_ms"]:
            waiting.append(calls * 3 // 2)


if __name__ == "__main__":
    main()
