"""One process that measures one client: reads tasks as JSON from its argument, prints the results as JSON."""

from __future__ import annotations

import json
import os
import sys
from typing import Any

from . import sessions, tasks

__all__ = ["main"]

KINDS: dict[str, Any] = {
    "receive": tasks.receive,
    "send": tasks.send,
    "latency": tasks.latency,
    "contracts": tasks.contracts,
    "first_events": tasks.first_events,
    "large_event": tasks.large_event,
    "step": tasks.step,
    "memory": sessions.memory,
    "sessions": sessions.sessions,
}


def main() -> None:
    """Do the tasks in order."""
    port, todo = json.loads(sys.argv[1])
    results = [KINDS[task["kind"]](port, task) for task in todo]
    print(json.dumps(results), flush=True)
    # Thousands of open connections need no goodbye.
    os._exit(0)


if __name__ == "__main__":
    main()
