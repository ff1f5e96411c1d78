"""Every Python block of the README and of the documentation runs; every command they name exists."""

from __future__ import annotations

import functools
import os
import re
import shlex
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner

from tests.docs.blocks import PAGES, ROOT, Block, blocks, page_name
from tests.docs.harness import run_block
from tests.mission.identity import identity as identity
from voicelive._cli.app import app
from voicelive._devices import device
from voicelive.audio import ArrayBackend
from voicelive.local import LocalService, ThreadedLocalService

ALL = [block for page in PAGES for block in blocks(page)]
PYTHON = [block for block in ALL if block.language in ("python", "py")]
SHELL = [block for block in ALL if block.language in ("shell", "sh", "bash", "console")]

pytestmark = pytest.mark.timeout(300)


@pytest.fixture(scope="module")
def service() -> Iterator[ThreadedLocalService]:
    with LocalService.in_thread() as running:
        yield running


@pytest.fixture
def environment(service: ThreadedLocalService, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """What a reader who follows the pages has: endpoint and key in the environment, a folder to write to, and sound."""
    for name in [name for name in os.environ if name.startswith("AZURE_")]:
        monkeypatch.delenv(name)
    monkeypatch.setenv("AZURE_VOICELIVE_ENDPOINT", service.endpoint)
    monkeypatch.setenv("AZURE_VOICELIVE_API_KEY", "a-key-for-tests")
    monkeypatch.chdir(tmp_path)
    # A reader has a microphone and a loudspeaker.
    monkeypatch.setattr(device, "PortAudioBackend", ArrayBackend)


def leading_to(block: Block) -> list[Block]:
    """The block, and before it those whose names it goes on with."""
    same_page = [other for other in PYTHON if other.page == block.page]
    found = [block]
    for other in reversed(same_page[: same_page.index(block)]):
        if "previous" not in found[0].directive.given:
            break
        found.insert(0, other)
    return found


RUNNABLE = [block for block in PYTHON if block.directive.run != "types"]


@pytest.mark.parametrize("block", RUNNABLE, ids=lambda block: block.id)
def test_a_python_block_runs(block: Block, service: ThreadedLocalService, request: pytest.FixtureRequest) -> None:
    """The block runs, prints what it is there to print, and the service refuses nothing that it sends."""
    if "identity" in block.directive.given:
        request.getfixturevalue("identity")
    request.getfixturevalue("environment")
    if block.directive.run == "pytest":
        run_tests(block)
        return
    names: dict[str, Any] = {}
    for part in leading_to(block):
        names = run_block(part, service, names)


def run_tests(block: Block) -> None:
    """Run a block that is a test module, as a project of its own."""
    Path("test_block.py").write_text(block.text, encoding="utf-8")
    # With the plugins that the pages speak of, and no others, whatever else is installed here.
    plugins = ["-p", "no:cacheprovider", "-p", "voicelive.pytest_plugin", "-p", "pytest_asyncio.plugin"]
    settings = ["-o", "asyncio_default_fixture_loop_scope=function"]
    command = [sys.executable, "-m", "pytest", "-q", "-W", "error", *plugins, *settings]
    environment = {**os.environ, "PYTEST_DISABLE_PLUGIN_AUTOLOAD": "1"}
    finished = subprocess.run(command, capture_output=True, encoding="utf-8", timeout=250, check=False, env=environment)
    assert finished.returncode == 0, finished.stdout + finished.stderr
    assert re.search(r"\b\d+ passed", finished.stdout), finished.stdout


def test_every_page_is_looked_at() -> None:
    """The blocks come from the README and from every page that has any, and most pages have some."""
    assert {page_name(block.page) for block in PYTHON} >= {"README.md", "docs/getting-started.md", "docs/tools.md"}
    assert len(PYTHON) > 20
    assert not [block.id for block in ALL if block.language == ""], "every block names its language"


COMMANDS = [
    (block.id, shlex.split(command, comments=True))
    for block in SHELL
    for line in block.text.replace("\\\n", " ").splitlines()
    for command in re.split(r"&&|\|\|?", line.removeprefix("$ "))
    if shlex.split(command, comments=True)
]
EXTRAS = set(re.findall(r"^(\w+) = \[", (ROOT / "pyproject.toml").read_text().split("[project.optional-dep")[1], re.M))
SESSIONS = set(re.findall(r"^@nox\.session.*\ndef (\w+)", (ROOT / "noxfile.py").read_text(encoding="utf-8"), re.M))
VARIABLES = re.compile(r"AZURE_VOICELIVE_\w+|AZURE_COGNITIVE_SERVICES_\w+|VOICELIVE_LOCAL_API_KEY")


@pytest.mark.parametrize(("place", "words"), COMMANDS, ids=[f"{place} {' '.join(words)}" for place, words in COMMANDS])
def test_a_command_exists(place: str, words: list[str]) -> None:
    """Each command of a shell block is one that exists, with options that exist."""
    if words[:3] == ["python", "-m", "pip"]:
        words = words[2:]
    if words[0] == "pip":
        check_pip(words)
    elif words[0] == "voicelive":
        check_voicelive(words[1:])
    elif words[0] == "nox":
        assert set(words[words.index("-s") + 1 :]) <= SESSIONS if "-s" in words else words[1:] in ([], ["-l"])
    elif words[0] == "export":
        assert VARIABLES.fullmatch(words[1].partition("=")[0])
    elif words[0] == "python":
        assert (ROOT / words[1]).is_file() or words[1] in ("-m",)
    else:
        pytest.fail(f"{place}: no check for {words[0]!r}")


def check_pip(words: list[str]) -> None:
    """An installation of this package, with extras that it has, or of nox."""
    assert words[1] == "install"
    for wanted in (word for word in words[2:] if not word.startswith("-")):
        found = re.fullmatch(r"(voicelive|\.|nox)(?:\[([\w,]+)\])?", wanted)
        assert found is not None, wanted
        assert set((found[2] or "").split(",")) - {""} <= EXTRAS


@functools.cache
def options(command: str) -> dict[str, str]:
    """The options of a command by its help: name to what stands for the value, `""` for a flag."""
    shown = CliRunner().invoke(app, [command, "--help"])
    assert shown.exit_code == 0, f"voicelive has no command {command!r}: {shown.output}"
    found = dict(re.findall(r"^ +(?:-\w, )?(--[\w-]+)(?: ([A-Z]+|<\S+>))?", shown.output, re.M))
    found |= dict.fromkeys(re.findall(r"^ +--[\w-]+ / (--no-[\w-]+)", shown.output, re.M), "")
    # What is given without an option, such as a file.
    return {**found, "": "ARGUMENTS"} if re.search(r"^Usage: .*\[OPTIONS\] \S", shown.output) else found


def check_voicelive(words: list[str]) -> None:
    """A command of the command line, its options, and the choices of their values."""
    if words == ["--help"]:
        return
    known = options(words[0])
    given = iter(words[1:])
    for word in given:
        if not word.startswith("-") and "" in known:
            continue
        assert word in known, f"voicelive {words[0]} has no option {word}; it has {', '.join(known)}"
        if known[word]:
            value = next(given)
            assert not known[word].startswith("<") or value in known[word].strip("<>").split("|")
