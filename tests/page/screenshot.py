"""`nox -s screenshot`: writes the pictures of the page that the documentation shows.

A real conversation with the speech engines: two questions, the second of which interrupts the answer to the first.
"""

from __future__ import annotations

import asyncio
import sys
from pathlib import Path

from playwright.async_api import async_playwright

from voicelive.local import Engines, LocalService

from ..outside import program
from .browser import CHROMIUM_ARGUMENTS
from .talking import conversation, read_wav

ROOT = Path(__file__).resolve().parents[2]
PICTURES = {"light": ROOT / "docs/images/live-page.png", "dark": ROOT / "docs/images/live-page-dark.png"}


async def main(folder: Path | None = None) -> None:
    """Hold the conversation, and take a picture in each color scheme; into `folder` where one is given."""
    recordings = [read_wav(ROOT / "examples/audio" / name) for name in ("largest_lake.wav", "seven_times_eight.wav")]
    engines = Engines.speech()
    await asyncio.to_thread(engines.prepare)
    async with (
        LocalService(engines=engines, pacing="real", control=True) as service,
        async_playwright() as playwright,
    ):
        browser = await playwright.chromium.launch(executable_path=program("chromium"), args=CHROMIUM_ARGUMENTS)
        page = await browser.new_page(viewport={"width": 1440, "height": 900}, device_scale_factor=1.5)
        await page.goto(service.endpoint)
        async with conversation(service.endpoint, [pcm for pcm, _ in recordings], recordings[0][1]):
            service.faults.add("close:1011@events=500,reason=overloaded")
            await page.get_by_label("Follow", exact=True).uncheck()
            await page.get_by_label("Type or text to look for").fill("speech_started")
            await page.locator(".row").last.click()
            await page.get_by_label("Type or text to look for").fill("")
            await page.get_by_label("Type or text to look for").blur()
            await page.mouse.move(0, 0)
            for scheme, path in PICTURES.items():
                await page.emulate_media(color_scheme="dark" if scheme == "dark" else "light")
                target = path if folder is None else folder / path.name
                target.parent.mkdir(parents=True, exist_ok=True)
                await page.screenshot(path=target)
                print(target)
        await browser.close()
    engines.close()


if __name__ == "__main__":
    asyncio.run(main(Path(sys.argv[1]) if len(sys.argv) > 1 else None))
