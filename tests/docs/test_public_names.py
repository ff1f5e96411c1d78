"""Every name that users may import has its place in the reference."""

from __future__ import annotations

import ast
import re
from importlib import import_module, util
from pathlib import Path

import pytest

from docs_build.pages import reference_pages
from docs_build.reference import read_reference
from tests.test_public_api import FACES
from voicelive._core.resource import Resource
from voicelive._generated.resources_sync import ConnectionResources

DOCS = Path(__file__).resolve().parents[2] / "docs"
DIRECTIVE = re.compile(r"^::: ([\w.]+)$", re.MULTILINE)
UNIONS = {"AnyServerEvent", "AnyClientEvent"}
"""Of all events; the index of the events lists them."""


def shown_by(path: str) -> set[str]:
    """The names that a directive of mkdocstrings shows: its own, and for a module what stands in it."""
    try:
        found = util.find_spec(path)
    except ModuleNotFoundError:
        found = None
    if found is None or found.origin is None:
        return {path.rpartition(".")[2]}
    names: set[str] = set()
    for node in ast.parse(Path(found.origin).read_text(encoding="utf-8")).body:
        if isinstance(node, (ast.ClassDef, ast.FunctionDef, ast.AsyncFunctionDef)):
            names.add(node.name)
        elif isinstance(node, ast.Assign):
            names |= {target.id for target in node.targets if isinstance(target, ast.Name)}
        elif isinstance(node, ast.AnnAssign) and isinstance(node.target, ast.Name):
            names.add(node.target.id)
    return names


@pytest.mark.parametrize("face", ["voicelive", "voicelive.aio"])
def test_what_a_class_inherits_in_private_is_on_its_page(face: str) -> None:
    """Members that come from a private base are named where the class is shown: nobody finds them elsewhere."""
    text = (DOCS / "api" / "connections.md").read_text(encoding="utf-8")
    resources = {name for name, value in vars(ConnectionResources).items() if isinstance(value, Resource)}
    for cls in (import_module(face).VoiceLiveConnection, import_module(face).ResponseHandle):
        place = next(path for path in DIRECTIVE.findall(text) if find_object(path) is cls)
        shown = re.search(rf"^::: {re.escape(place)}\n.*inherited_members: \[([^\]]*)\]", text, re.MULTILINE)
        inherited = {
            name
            for base in cls.__mro__[1:]
            for name in vars(base)
            if base.__module__.startswith("voicelive") and not name.startswith("_")
        }
        assert shown is not None
        assert set(shown[1].split(", ")) == inherited - set(vars(cls)) - resources


def find_object(path: str) -> object:
    """Return what a directive names; None for a module."""
    module, _, name = path.rpartition(".")
    try:
        return getattr(import_module(module), name, None)
    except ModuleNotFoundError:
        return None


@pytest.fixture(scope="module")
def documented() -> set[str]:
    names = {"__version__"}
    for page in (DOCS / "api").glob("*.md"):
        for path in DIRECTIVE.findall(page.read_text(encoding="utf-8")):
            names |= shown_by(path)
    for text in reference_pages(read_reference()).values():
        names |= set(re.findall(r"\w+", text))
    return names


# Fixtures are for the guide to testing.
@pytest.mark.parametrize("face", [face for face in FACES if face != "voicelive.pytest_plugin"])
def test_every_public_name_is_in_the_reference(face: str, documented: set[str]) -> None:
    """A class, function or constant of a face stands on a page of the reference; a module has names that do."""
    names = {name for name in import_module(face).__all__ if f"{face}.{name}" not in FACES}
    # `AnyVoice` is any kind of `Voice`, and that one's entry lists them; `VoiceParam` is a mapping in its place.
    assert {name for name in names if not documented & {name, name.removeprefix("Any").removesuffix("Param")}} <= UNIONS
