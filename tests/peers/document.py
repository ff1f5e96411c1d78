"""The conformance document: what came of every flow, in every dialect, with every client."""

from __future__ import annotations

import json
from collections.abc import Mapping
from importlib.metadata import version
from pathlib import Path

from .cells import CELLS
from .clients import AZURE_JS, AZURE_PYTHON, CLIENTS, OPENAI
from .dialects import DIALECTS
from .flows import FLOWS
from .peer import Client

__all__ = ["PATH", "WRITE", "expected", "render"]

PATH = Path(__file__).parents[2] / "docs" / "conformance.md"

WRITE = "VOICELIVE_CONFORMANCE"
"""Set to ``write``, a run of all of this folder's tests writes the document."""

HEAD = """\
<!-- Written by `nox -s conformance` from what the tests in tests/peers find; a test compares it. Do not edit. -->

# Conformance

The [local service](local.md) is driven with this project's clients and with other people's, each used as its own
documentation shows, over a real connection. **pass** means that the client's user sees exactly what the flow says.
Where a client cannot go through a flow, the reason is given, and a test shows that it holds.
"""

CLIENTS_HEAD = """\
## Clients

| Client | Version |
| --- | --- |
"""

FLOWS_HEAD = """\
## Flows

| Flow | What is shown |
| --- | --- |
"""

TOLD_HEAD = """\
## What users see of faults

In the flows "unknown event" and "malformed message"; a client that raises goes on when it is asked for the next event:

| Client | An event of an unknown type | A message that is not JSON |
| --- | --- | --- |
"""


def expected() -> dict[str, str | None]:
    """Return what every cell declares: a reason, or None for a client that must get through."""
    return {cell.name: None if cell.reason is None else cell.reason.text for cell in CELLS}


def render(outcomes: Mapping[str, str | None]) -> str:
    """Return the document for the outcome of every cell: a reason, or None for a flow that was gone through."""
    parts = [HEAD, CLIENTS_HEAD + "".join(f"| {client.heading} | {_version(client)} |\n" for client in CLIENTS)]
    parts.append(FLOWS_HEAD + "".join(f"| {flow.name} | {flow.shows} |\n" for flow in FLOWS))
    parts += [_dialect(dialect.name, dialect.heading, outcomes) for dialect in DIALECTS]
    told = ((each.heading, each.told_of_unknown or "nothing", each.told_of_malformed) for each in CLIENTS)
    parts.append(TOLD_HEAD + "".join(f"| {' | '.join(row)} |\n" for row in told))
    return "\n".join(parts)


def _version(client: Client) -> str:
    if client is AZURE_JS:
        lock = json.loads((Path(__file__).parent / "js" / "package-lock.json").read_text(encoding="utf-8"))
        return str(lock["packages"]["node_modules/@azure/ai-voicelive"]["version"])
    packages = {AZURE_PYTHON.name: "azure-ai-voicelive", OPENAI.name: "openai"}
    return version(packages[client.name]) if client.name in packages else "this one"


def _dialect(name: str, heading: str, outcomes: Mapping[str, str | None]) -> str:
    reasons: list[str] = []
    rows: list[str] = []
    for flow in FLOWS:
        shown: list[str] = []
        for cell in CELLS:
            if cell.flow is not flow or cell.dialect.name != name:
                continue
            reason = outcomes[cell.name]
            if reason is not None and reason not in reasons:
                reasons.append(reason)
            shown.append("pass" if reason is None else f"({reasons.index(reason) + 1})")
        rows.append(f"| {flow.name} | {' | '.join(shown)} |\n")
    head = f"## In {heading}\n\n| Flow | {' | '.join(client.heading for client in CLIENTS)} |\n"
    line = f"| --- |{' --- |' * len(CLIENTS)}\n"
    notes = "".join(f"{number}. {reason}.\n" for number, reason in enumerate(reasons, 1))
    return head + line + "".join(rows) + (f"\nWhy not:\n\n{notes}" if notes else "")
