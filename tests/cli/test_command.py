"""The command itself: version, help, and what it says when its extra is not installed."""

from __future__ import annotations

import subprocess
import sys

import pytest

from voicelive import __version__

from .conftest import Command, start


def test_version(monkeypatch: pytest.MonkeyPatch) -> None:
    """`python -m voicelive --version` is the same command; it answers without loading what evaluates calls."""
    monkeypatch.setenv("PYTHONPROFILEIMPORTTIME", "1")
    output, loaded = start("--version").communicate(timeout=30)
    assert output.strip() == f"voicelive {__version__}"
    assert "voicelive._cli.evaluate\n" in loaded
    assert "voicelive.evaluation\n" not in loaded


@pytest.mark.parametrize(
    ("arguments", "named"),
    [
        (("--help",), ["talk", "serve", "--version"]),
        (("talk", "--help"), ["--wav FILE", "--text TEXT", "--save FILE", "--json", "AZURE_VOICELIVE_ENDPOINT"]),
        (("serve", "-h"), ["--host", "--port", "--engines", "--api-key", "--pacing"]),
    ],
)
def test_help_names_the_options(command: Command, arguments: tuple[str, ...], named: list[str]) -> None:
    """Help is to be had everywhere, with names in full."""
    result = command(*arguments)
    assert result.exit_code == 0
    for name in named:
        assert name in result.stdout


@pytest.mark.parametrize(
    "arguments",
    [
        ("sing",),
        ("talk", "--sing"),
        ("talk", "--wav"),
        ("talk", "--text", "a", "--pace", "fast"),
        ("serve", "--port=x"),
    ],
)
def test_a_wrong_option_is_exit_code_2(command: Command, arguments: tuple[str, ...]) -> None:
    """An unknown command or option, or a value that does not fit, is refused with a message."""
    result = command(*arguments)
    assert result.exit_code == 2
    assert "Error: " in result.stderr


@pytest.mark.parametrize("missing", ["typer", "rich"])
def test_without_its_extra_it_says_what_to_install(missing: str) -> None:
    """One line and exit code 2, instead of an ImportError."""
    program = f"import sys; sys.modules[{missing!r}] = None; from voicelive._cli import main; main()"
    finished = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, timeout=30, check=False)
    assert finished.returncode == 2
    assert finished.stderr == f'voicelive: the command line needs {missing}: pip install "voicelive[cli]"\n'


def test_without_the_speech_engines_it_says_what_to_install(command: Command, monkeypatch: pytest.MonkeyPatch) -> None:
    """Asking for engines that are not there is one line with the command that installs them."""
    monkeypatch.setitem(sys.modules, "pocketsphinx", None)
    result = command("serve", "--engines", "speech", "--port", 0)
    assert result.exit_code == 2
    assert "pocketsphinx" in result.stderr
    assert 'pip install "voicelive[local]"' in result.stderr
    assert len(result.stderr.splitlines()) == 1
