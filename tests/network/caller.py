"""A client in a process of its own: takes orders as lines of JSON, and answers each with one.

Run as ``python -m tests.network.caller sync`` or ``async``.
"""

from __future__ import annotations

import asyncio
import json
import sys
from typing import Any

from azure.core.credentials import AzureKeyCredential

from tests.clients.harness import Client, Flavour, Script
from voicelive import ConnectionClosed, ReconnectPolicy, VoiceLiveError

_PATIENCE_S = 150
"""After a minute's outage TCP may take most of another one to try again."""


class Caller:
    """Holds one connection, and does with it what it is told."""

    def __init__(self, flavour: Flavour) -> None:
        self._client = Client(flavour)
        self._script: Script | None = None

    @property
    def _connection(self) -> Script:
        assert self._script is not None
        return self._script

    async def connect(self, endpoint: str, key: str, reconnects: bool = False, **options: Any) -> dict[str, Any]:
        """Open a connection, and wait for the session."""
        more: dict[str, Any] = {}
        if reconnects:
            more["reconnect"] = ReconnectPolicy(initial_delay=0.2, max_delay=0.5)
        self._script = self._client.connect(
            endpoint,
            credential=AzureKeyCredential(key),
            connection_options={"allow_plaintext_credentials": True, **options},
            **more,
        )
        await self._script.open()
        await self._script.wait_for("session.created", timeout=30)
        return {}

    async def send_items(self, first: int, last: int) -> dict[str, Any]:
        """Add a numbered item to the conversation for each number."""
        for number in range(first, last):
            # Audio-sized, so that there is something to lose.
            content = [{"type": "input_text", "text": f"{number} " + "x" * 3000}]
            item = {"id": f"item-{number}", "type": "message", "role": "user", "content": content}
            await self._connection.call("conversation.item.create", item=item)
        return {}

    async def see_items(self, amount: int) -> dict[str, Any]:
        """Wait for so many confirmations; tell the numbers in the order in which they came."""
        numbers: list[int] = []
        while len(numbers) < amount:
            event = await self._connection.wait_for("conversation.item.created", timeout=_PATIENCE_S)
            text = event.item.content[0].text
            assert text.endswith("x" * 3000)
            numbers.append(int(text.partition(" ")[0]))
        return {"numbers": numbers}

    async def wait_for(self, kind: str) -> dict[str, Any]:
        """Wait for an event."""
        await self._connection.wait_for(kind, timeout=_PATIENCE_S)
        return {}

    async def end(self) -> dict[str, Any]:
        """Wait for the connection's end."""
        try:
            while True:
                await self._connection.recv(_PATIENCE_S)
        except ConnectionClosed as error:
            return told(error)

    async def close(self) -> dict[str, Any]:
        """Close the connection."""
        await self._connection.close()
        return {"code": self._connection.close_info.code}


def told(error: VoiceLiveError) -> dict[str, Any]:
    """Tell an error."""
    return {
        "error": type(error).__name__,
        "text": str(error),
        "code": getattr(error, "code", None),
        "initiator": getattr(error, "initiator", None),
        "recoverable": getattr(error, "recoverable", None),
    }


async def main(flavour: Flavour) -> None:
    caller = Caller(flavour)
    print(json.dumps({}), flush=True)
    while line := await asyncio.to_thread(sys.stdin.readline):
        order = json.loads(line)
        try:
            answer = await getattr(caller, order.pop("do"))(**order)
        except VoiceLiveError as error:
            answer = told(error)
        print(json.dumps(answer), flush=True)


if __name__ == "__main__":
    asyncio.run(main("sync" if sys.argv[1] == "sync" else "async"))
