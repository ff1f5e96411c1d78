"""`nox -s screenshot`: writes the pictures of reports that the documentation shows, of real calls."""

from __future__ import annotations

import sys
import tempfile
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from pathlib import Path
from typing import Literal

from playwright.sync_api import sync_playwright

from tests.outside import program
from tests.page.browser import CHROMIUM_ARGUMENTS
from voicelive import connect
from voicelive._report.page import call_page
from voicelive._report.reading import read_call
from voicelive._report.summary import row_of, summary_page
from voicelive.audio import ArrayBackend, AudioDevice, WavSource
from voicelive.local import Engines, LocalService
from voicelive.recording import Recorder
from voicelive.tools import Tools

ROOT = Path(__file__).resolve().parents[2]
IMAGES = ROOT / "docs/images"
AUDIO = ROOT / "examples/audio"
SAID = ("weather_in_paris.wav", "largest_lake.wav", "tell_me_a_joke.wav", "seven_times_eight.wav")
CALLS = 8


def get_weather(location: str) -> dict[str, str | int]:
    """Return the current weather in a city."""
    return {"location": location, "weather": "sunny", "temperature": 21}


def call(endpoint: str, folder: Path, number: int) -> None:
    """Ask something, and speak over the answer in every other call."""
    tools = Tools([get_weather])
    interruptions = [] if number % 2 else [WavSource(AUDIO / "seven_times_eight.wav").pcm]
    files = ArrayBackend(WavSource(AUDIO / SAID[number % len(SAID)]))
    recorder = Recorder(folder)
    with (
        AudioDevice(echo="off", backend=files) as device,
        connect(
            endpoint=endpoint, model="gpt-4o", barge_in=True, tools=tools, user_away=2, recorder=recorder
        ) as connection,
    ):
        device.attach(connection)
        connection.session.update(session={"tools": tools.definitions})
        while (event := connection.recv(timeout=60)).type != "voicelive.user_away":
            if event.type == "voicelive.state" and event.state == "speaking" and interruptions:
                files.speak(interruptions.pop())
    recorder.close()


def main(folder: Path = IMAGES) -> None:
    """Hold the calls, and take the pictures."""
    with tempfile.TemporaryDirectory() as temporary:
        made = Path(temporary)
        with LocalService.in_thread(engines=Engines.speech(), pacing="real") as service:
            # The first by itself: its latencies are those of a machine that does nothing else.
            call(service.endpoint, made / "weather", 0)
            with ThreadPoolExecutor(2) as threads:
                others = range(1, CALLS)
                list(threads.map(partial(call, service.endpoint), [made / f"call-{n + 1}" for n in others], others))
        calls = [read_call(path) for path in sorted(made.iterdir())]
        (made / "report.html").write_text(call_page(calls[-1]), encoding="utf-8")
        (made / "summary.html").write_text(summary_page([row_of(one) for one in calls]), encoding="utf-8")
        folder.mkdir(parents=True, exist_ok=True)
        with sync_playwright() as play:
            browser = play.chromium.launch(executable_path=program("chromium"), args=CHROMIUM_ARGUMENTS)
            page = browser.new_page(viewport={"width": 1440, "height": 900}, device_scale_factor=1.5)
            schemes: tuple[tuple[str, Literal["light", "dark"]], ...] = (("", "light"), ("-dark", "dark"))
            for name in ("report", "summary"):
                page.goto((made / f"{name}.html").as_uri())
                if name == "report":
                    page.get_by_label("Type or text to look for").fill("interrupted")
                    page.locator(".row").last.click()
                    page.get_by_label("Type or text to look for").fill("")
                    page.get_by_label("Type or text to look for").blur()
                    page.mouse.move(0, 0)
                for ending, scheme in schemes:
                    page.emulate_media(color_scheme=scheme)
                    page.screenshot(path=folder / f"{name}{ending}.png", full_page=True)
                    print(folder / f"{name}{ending}.png")
            browser.close()


if __name__ == "__main__":
    main(Path(sys.argv[1]) if len(sys.argv) > 1 else IMAGES)
