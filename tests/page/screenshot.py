"""`nox -s screenshot`: writes the pictures of the page that the documentation shows.

A real conversation with the speech engines, held with the Talk button: two questions, the second of which interrupts
the answer to the first.
"""

from __future__ import annotations

import sys
import tempfile
from pathlib import Path
from typing import Literal

from playwright.sync_api import Page, expect, sync_playwright

from voicelive.local import Engines, LocalService

from .calling import launch_with_microphone, silence, write_wav
from .talking import read_wav

ROOT = Path(__file__).resolve().parents[2]
IMAGES = ROOT / "docs/images"
PICTURES: dict[str, tuple[Literal["light", "dark"], tuple[int, int]]] = {
    "live-page.png": ("light", (1440, 900)),
    "live-page-dark.png": ("dark", (1440, 900)),
    "live-page-phone.png": ("light", (390, 844)),
    "live-page-phone-dark.png": ("dark", (390, 844)),
}
DEADLINE_MS = 60_000


def main(folder: Path = IMAGES) -> None:
    """Hold the conversation, and take a picture of each kind."""
    lake, seven = (read_wav(ROOT / "examples/audio" / name) for name in ("largest_lake.wav", "seven_times_eight.wav"))
    rate = lake[1]
    assert seven[1] == rate
    engines = Engines.speech()
    engines.prepare()
    with tempfile.TemporaryDirectory() as temporary:
        said = Path(temporary) / "said.wav"
        write_wav(said, silence(0.5, rate), lake[0], silence(1, rate), rate=rate)
        with LocalService.in_thread(engines=engines, pacing="real", control=True) as service, sync_playwright() as play:
            browser = launch_with_microphone(play, said)
            page = browser.new_page(viewport={"width": 1440, "height": 900}, device_scale_factor=1.5)
            page.set_default_timeout(DEADLINE_MS)
            expect.set_options(timeout=DEADLINE_MS)
            page.goto(service.endpoint)
            page.get_by_role("button", name="Talk", exact=True).click()
            _hear(page)
            # A busy machine takes its time to answer: the second question comes when that is heard.
            write_wav(said, silence(0.3, rate), seven[0], silence(1, rate), rate=rate)
            page.get_by_text("Devices, model and voice").click()
            page.locator("#microphone").select_option(index=1)
            page.get_by_text("Devices, model and voice").click()
            expect(page.locator("#turns li").nth(3)).to_contain_text("first audio")
            _hear(page)
            page.get_by_label("Follow", exact=True).uncheck()
            page.get_by_label("Type or text to look for").fill("truncate")
            page.locator(".row").last.click()
            page.get_by_label("Type or text to look for").fill("")
            page.get_by_label("Type or text to look for").blur()
            page.mouse.move(0, 0)
            folder.mkdir(parents=True, exist_ok=True)
            for name, (scheme, (width, height)) in PICTURES.items():
                page.emulate_media(color_scheme=scheme)
                page.set_viewport_size({"width": width, "height": height})
                page.evaluate("() => { document.getElementById('turns').scrollTop = 1e6; scrollTo(0, 0); }")
                page.screenshot(path=folder / name)
                print(folder / name)
            browser.close()
    engines.close()


def _hear(page: Page) -> None:
    """Wait until an answer is being heard, so that the meter of the loudspeaker shows it."""
    page.wait_for_function("() => Number(document.getElementById('speaker-level').ariaValueNow) > 25")


if __name__ == "__main__":
    main(Path(sys.argv[1]) if len(sys.argv) > 1 else IMAGES)
