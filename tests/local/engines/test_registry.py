"""Engines by name: built-in ones and those of installed packages."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.local.plugins import install
from voicelive.local.engines import (
    ENTRY_POINT_GROUPS,
    EnergyVad,
    EngineNotFoundError,
    EngineOptionsError,
    Engines,
    EngineUnavailableError,
    ToneSynthesizer,
    ToneTranscriber,
    engine_names,
    make_engine,
    with_engines,
)


@pytest.fixture
def site(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder that packages are found in."""
    monkeypatch.syspath_prepend(str(tmp_path))
    return tmp_path


def test_every_kind_has_a_group_and_built_in_engines() -> None:
    """The names that need nothing installed are there, and make what they say."""
    assert set(ENTRY_POINT_GROUPS) == {"vad", "transcriber", "responder", "synthesizer"}
    assert engine_names("vad")["silero"] == engine_names("synthesizer")["espeak"] == "built in"
    assert make_engine("vad", "energy") is EnergyVad
    assert isinstance(make_engine("transcriber", "tones"), ToneTranscriber)
    assert isinstance(make_engine("synthesizer", "tones"), ToneSynthesizer)


def test_installed_engines_take_the_place_of_those_in_a_bundle(site: Path) -> None:
    """A package's engines are found by the names that it gives them; the rest of the bundle stays."""
    install(site, "louder", voicelive__responders={"shout": "Shout"}, voicelive__transcribers={"deaf": "Deaf"})
    assert engine_names("responder")["shout"] == "louder 1.2"
    basic = Engines.basic()
    engines = with_engines(basic, responder="shout", transcriber="deaf", responder_options={"mark": "?"})
    assert engines.name == "basic (tones), transcriber deaf, responder shout"
    assert type(engines.responder).__name__ == "Shout"
    assert getattr(engines.responder, "mark", "") == "?"
    assert engines.transcriber.transcribe(b"", 16000).text == "nothing"
    assert engines.synthesizer is basic.synthesizer


def test_an_unknown_name_is_answered_with_those_that_there_are(site: Path) -> None:
    """The message lists built-in and installed engines of the kind, these with their package."""
    install(site, "louder", voicelive__responders={"shout": "Shout"})
    with pytest.raises(EngineNotFoundError) as caught:
        make_engine("responder", "whisper")
    assert str(caught.value) == ("no responder is called 'whisper'; there are: assistant, openai, shout (louder 1.2)")


def test_options_are_checked_before_anything_is_made(site: Path) -> None:
    """What is missing and what is not taken is named, with what is."""
    install(site, "louder", voicelive__responders={"shout": "Shout"})
    with pytest.raises(EngineOptionsError, match="the responder 'openai' needs base_url, model"):
        make_engine("responder", "openai")
    with pytest.raises(EngineOptionsError, match="'shout' does not take model"):
        make_engine("responder", "shout", {"model": "x"})
    with pytest.raises(EngineOptionsError, match="'assistant' does not take model"):
        make_engine("responder", "assistant", {"model": "x"})


def test_packages_that_do_not_work_are_named(site: Path) -> None:
    """An import that fails, and something that is not an engine, are reported with name and package."""
    install(site, "broken", "import no_such_module_at_all", voicelive__responders={"crash": "Crash"})
    install(site, "odd", voicelive__synthesizers={"mute": "make_mute", "text": "__doc__"})
    with pytest.raises(EngineUnavailableError, match=r"'crash' from broken 1\.2 cannot be loaded \(broken:Crash\): M"):
        make_engine("responder", "crash")
    with pytest.raises(EngineUnavailableError, match="'mute' cannot be used: object has no synthesize, sample_rate"):
        make_engine("synthesizer", "mute")
    with pytest.raises(EngineUnavailableError, match=r"'text' from odd 1\.2 cannot be called"):
        make_engine("synthesizer", "text")


def test_a_name_taken_twice_is_not_guessed(site: Path) -> None:
    """Two packages with the same name are an error; a built-in name cannot be taken."""
    install(site, "louder", voicelive__responders={"shout": "Shout", "assistant": "Shout"})
    install(site, "loudest", voicelive__responders={"shout": "Shout"})
    with pytest.raises(EngineUnavailableError, match=r"more than once \(lou\w+ 1\.2, lou\w+ 1\.2\)"):
        make_engine("responder", "shout")
    assert type(make_engine("responder", "assistant")).__name__ == "Assistant"
