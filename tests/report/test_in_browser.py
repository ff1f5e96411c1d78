"""The report of a call, opened as a file in Chromium."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page, expect

from tests.page.calling import Ear
from tests.page.conftest import DEADLINE_MS, browser
from tests.page.test_page import contrasts_too_weak, ink
from voicelive._report.page import call_page
from voicelive._report.reading import read_call
from voicelive._report.summary import row_of, summary_page

from .recorded import ANSWER, HOSTILE, record

__all__ = ["browser"]


ADDRESS = "https://report.test/"
WATCH = """() => {
    window.marks = [];
    const turns = [...document.querySelectorAll("#turns li")];
    for (const [place, turn] of turns.entries()) {
        const seen = () => marks.push([place, turn.classList.contains("now")]);
        new MutationObserver(seen).observe(turn, { attributeFilter: ["class"] });
    }
}"""
"""Notes when a turn is marked, and when it is not any more."""


@dataclass
class Opened:
    """A report, with what it asked for and complained of."""

    page: Page
    asked: list[str]
    problems: list[str]


def opened(browser: Browser, path: Path) -> Opened:
    """Open a file as a page."""
    page = browser.new_page(viewport={"width": 1440, "height": 900})
    page.set_default_timeout(DEADLINE_MS)
    expect.set_options(timeout=DEADLINE_MS)
    seen = Opened(page, [], [])
    page.on("request", lambda request: seen.asked.append(request.url))
    page.on("console", lambda message: seen.problems.append(message.text))
    page.on("pageerror", lambda error: seen.problems.append(str(error)))
    page.goto(path.as_uri())
    return seen


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The reports of an ordinary call, of one with hostile texts, and of both."""
    made = tmp_path_factory.mktemp("reports")
    calls = {name: read_call(record(made / name, text=text)) for name, text in (("one", ANSWER), ("bad", HOSTILE))}
    for name, call in calls.items():
        (made / f"{name}.html").write_text(call_page(call), encoding="utf-8")
    summary = summary_page([row_of(call) for call in calls.values()], [HOSTILE])
    (made / "many.html").write_text(summary, encoding="utf-8")
    return made


@pytest.fixture(scope="module")
def report(browser: Browser, folder: Path) -> Iterator[Opened]:
    """The report of the ordinary call."""
    seen = opened(browser, folder / "one.html")
    yield seen
    seen.page.close()


def test_the_conversation_is_told(report: Opened) -> None:
    """Who said what, the tool and its result, what was interrupted and how much of it was heard, and the error."""
    turns = report.page.locator("#turns li")
    expect(turns).to_have_count(7)
    said = [f"what is {ANSWER}", "look_up", "Caspian", ANSWER, "stop", "all right", ANSWER]
    for place, text in enumerate(said):
        expect(turns.nth(place)).to_contain_text(text)
    expect(turns.nth(3)).to_contain_text("interrupted: 0.90 of 2.00 s heard")
    expect(turns.nth(4)).to_contain_text("interrupts the answer")
    expect(turns.nth(5)).to_contain_text("first audio 200 ms after end of speech")
    expect(report.page.locator("#sound-summary")).to_have_text("user 7.00 s, assistant 3.90 s, 1 barge-in")


def test_waveforms_and_figures_are_shown(report: Opened) -> None:
    """Both sides, pale what was not heard; and a row of figures for each turn."""
    assert all(count > 50 for count in ink(report.page).values())
    rows = report.page.locator(".figures tbody tr")
    expect(rows).to_have_count(2)
    expect(rows.first).to_contain_text("interrupted")


def test_events_are_found_with_their_payloads(report: Opened) -> None:
    """The lists and filters are those of the live page; the library's own events are among them."""
    page = report.page
    page.get_by_label("Type or text to look for").fill("voicelive.")
    expect(page.locator("#rows .row")).to_have_count(1)
    page.locator("#rows .row").click()
    expect(page.locator("#payload")).to_contain_text('"heard_ms": 900')
    expect(page.locator("#payload-facts")).to_contain_text("the library's own")
    page.get_by_label("Type or text to look for").fill("")


def test_a_turn_is_played_and_followed(browser: Browser, folder: Path) -> None:
    """What is heard is that turn as it was heard, the line moves over it, and the turn is marked meanwhile."""
    ear = Ear.at(browser)
    page = ear.page
    try:
        page.set_default_timeout(DEADLINE_MS)
        # The ear needs an origin, which a file has not.
        page.route(ADDRESS, lambda route: route.fulfill(path=folder / "one.html", content_type="text/html"))
        page.goto(ADDRESS)
        page.evaluate(WATCH)
        page.locator("#turns li").nth(5).get_by_role("button", name="Hear what the assistant said").click()
        page.wait_for_function("() => marks.length > 1")
        expect(page.locator("#play")).to_have_text("▶ Play")
        assert page.evaluate("marks") == [[5, True], [5, False]]
        samples = [memoryview(ear.pcm(output)).cast("h") for output in range(ear.outputs)]
        loud = [[at for at, sample in enumerate(side) if abs(sample) > 1000] for side in samples]
        (played,) = (places for places in loud if places)
        assert (played[-1] - played[0]) / 24_000 == pytest.approx(3.0, abs=0.05)
    finally:
        page.context.close()


def test_on_a_phone_and_in_the_dark(report: Opened) -> None:
    """One column as wide as the screen, the conversation first, and texts that stand out in both schemes."""
    page = report.page
    page.set_viewport_size({"width": 390, "height": 844})
    tops = [page.locator(f"section.{name}").bounding_box() for name in ("talk", "sound", "facts", "figures", "log")]
    assert [box["y"] for box in tops if box] == sorted(box["y"] for box in tops if box)
    assert page.evaluate("document.documentElement.scrollWidth") == 390
    page.emulate_media(color_scheme="dark")
    assert contrasts_too_weak(page) == []
    page.emulate_media(color_scheme="light")
    assert contrasts_too_weak(page) == []
    page.set_viewport_size({"width": 1440, "height": 900})


def test_nothing_is_asked_for_and_nothing_goes_wrong(report: Opened, folder: Path) -> None:
    """The file is all that was ever read, and the console is empty."""
    assert report.asked == [(folder / "one.html").as_uri()]
    assert report.problems == []


@pytest.mark.parametrize("name", ["bad", "many"])
def test_texts_of_a_call_are_never_markup(browser: Browser, folder: Path, name: str) -> None:
    """Whatever somebody said, or a service sent: it is shown as it is, and no script or image comes of it."""
    seen = opened(browser, folder / f"{name}.html")
    try:
        expect(seen.page.get_by_text("document.title = 'broken into'").first).to_be_visible()
        assert "broken" not in seen.page.title()
        assert seen.page.locator("img").count() == 0
        assert seen.page.locator("script").count() == (2 if name == "bad" else 0)
        assert seen.problems == []
        assert seen.asked == [(folder / f"{name}.html").as_uri()]
    finally:
        seen.page.close()
