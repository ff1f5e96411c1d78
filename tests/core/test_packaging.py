"""What `pyproject.toml` says of the package: its dependencies, its Pythons, its README."""

from __future__ import annotations

import re
import sys
import tomllib
from collections.abc import Iterable
from functools import cache
from importlib.metadata import PackageNotFoundError, distribution
from pathlib import Path
from typing import Any

import pytest

from ..outside import leave_out
from .test_imports import FILES, imports, module_name

ROOT = Path(__file__).resolve().parents[2]
PROJECT: dict[str, Any] = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]

# Not ours to declare: pydantic fixes the version of the one, and the others are there or not as an application wishes.
BROUGHT_BY_PYDANTIC = {"pydantic_core"}
OF_THE_APPLICATION = {"gevent", "jwt", "pytest"}
# Imported by the application, and by the credentials it makes with it.
NEVER_NAMED = {"identity": {"aiohttp", "azure-identity"}}


@cache
def foreign() -> list[tuple[str, str]]:
    """Each file of the package, with each package of others that it imports."""
    found = {(module_name(path), imported.partition(".")[0]) for path in FILES for imported in imports(path)}
    return sorted((module, top) for module, top in found if top not in {"voicelive", *sys.stdlib_module_names})


def names(requirements: Iterable[str]) -> set[str]:
    return {normal(re.split(r"[\[<>=!~; ]", requirement, maxsplit=1)[0]) for requirement in requirements}


def normal(name: str) -> str:
    return re.sub(r"[-_.]+", "-", name).lower()


@cache
def modules(requirement: str) -> set[str]:
    """The top-level modules that an installed package brings; leaves the test out where it is not installed."""
    try:
        package = distribution(requirement)
    except PackageNotFoundError:
        leave_out(f"{requirement} is not installed", f"pip install {requirement}")
    told = (package.read_text("top_level.txt") or "").split()
    return set(told) or {file.parts[0].removesuffix(".py") for file in package.files or ()}


def test_whatever_is_imported_is_declared() -> None:
    """Each package that a file imports is a dependency, or belongs to an extra."""
    declared = names([*PROJECT["dependencies"], *(r for e in PROJECT["optional-dependencies"].values() for r in e)])
    known = {module for name in declared for module in modules(name)}
    for module, top in foreign():
        if top not in BROUGHT_BY_PYDANTIC | OF_THE_APPLICATION:
            assert top in known, f"{module} imports {top}, which pyproject.toml does not declare"


@pytest.mark.parametrize("extra", [None, *PROJECT["optional-dependencies"]])
def test_whatever_is_declared_is_imported(extra: str | None) -> None:
    """No dependency is left over from what the package used once."""
    declared = names(PROJECT["dependencies"] if extra is None else PROJECT["optional-dependencies"][extra])
    imported = {top for _, top in foreign()} - OF_THE_APPLICATION
    unused = {name for name in declared if not modules(name) & imported}
    assert unused <= (NEVER_NAMED.get(extra, set()) if extra else set())


def test_the_pythons_are_named_in_every_place() -> None:
    """The classifiers, the lower bound and the tasks name the same versions."""
    named = [c.rpartition(" ")[2] for c in PROJECT["classifiers"] if re.search(r":: 3\.\d+$", c)]
    tasks = re.search(r"ALL_PYTHONS = \[(.+)\]", (ROOT / "noxfile.py").read_text(encoding="utf-8"))
    assert tasks is not None
    assert named == re.findall(r"[\d.]+", tasks[1])
    assert PROJECT["requires-python"] == f">={named[0]}"


def test_the_readme_has_no_links_that_only_work_in_a_checkout() -> None:
    """The package index shows the README without the files beside it: links and pictures are whole addresses."""
    text = re.sub(r"```.*?```", "", (ROOT / PROJECT["readme"]).read_text(encoding="utf-8"), flags=re.DOTALL)
    targets = re.findall(r"\]\(([^)\s]+)|(?:href|src)=[\"']([^\"']+)|^\[[^\]]+\]:\s*(\S+)", text, flags=re.MULTILINE)
    assert [t for groups in targets for t in groups if t and not t.startswith(("https://", "#"))] == []
