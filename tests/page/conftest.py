"""One conversation with a barge-in, watched by one page, for all tests that look at it."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Iterator
from dataclasses import dataclass, replace

import pytest
from playwright.sync_api import Browser, Page, expect, sync_playwright

from voicelive.local import Engines, LocalService, ThreadedLocalService
from voicelive.local.engines import TextChunk

from ..local.helpers import Scripted, tones
from ..outside import program
from .browser import CHROMIUM_ARGUMENTS
from .talking import conversation

DEADLINE_MS = 60_000
expect.set_options(timeout=DEADLINE_MS)

QUESTION, INTERRUPTION = "one two three", "stop"
ANSWER = " ".join(["seventy seven"] * 15)
"""Thirteen seconds of tones: time enough to interrupt it on a busy machine."""


@dataclass
class Watched:
    """A page that has watched a conversation."""

    page: Page
    requests: list[str]
    """The addresses that it asked for, WebSockets too."""
    problems: list[str]
    """What it wrote to the console as errors, and errors that nobody caught."""


@pytest.fixture(scope="module")
def service() -> Iterator[ThreadedLocalService]:
    """A service that hears and speaks tones, repeats what it hears, and lets itself be looked at."""
    engines = replace(Engines.basic(), responder=Scripted([TextChunk(ANSWER)]))
    with LocalService.in_thread(engines=engines, control=True) as running:
        yield running


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    """The Chromium of the system, without a window."""
    path = program("chromium")
    with sync_playwright() as playwright:
        launched = playwright.chromium.launch(executable_path=path, args=CHROMIUM_ARGUMENTS)
        yield launched
        launched.close()


@pytest.fixture(scope="module")
def watched(service: ThreadedLocalService, browser: Browser) -> Iterator[Watched]:
    """A page that was open while a caller asked something and interrupted the answer."""
    page = browser.new_page(viewport={"width": 1440, "height": 900})
    page.set_default_timeout(DEADLINE_MS)
    seen = Watched(page, [], [])
    page.on("request", lambda request: seen.requests.append(request.url))
    page.on("websocket", lambda socket: seen.requests.append(socket.url))
    page.on("console", lambda message: seen.problems.append(message.text) if message.type == "error" else None)
    page.on("pageerror", lambda error: seen.problems.append(str(error)))
    page.goto(service.endpoint)
    expect(page.locator("#link")).to_have_text("connected")
    talk = threading.Thread(target=lambda: asyncio.run(_talk(service.endpoint)))
    talk.start()
    expect(page.locator("#turns li")).to_have_count(4)
    expect(page.locator("#sessions [role=option]")).to_contain_text("closed 1000")
    talk.join(DEADLINE_MS / 1000)
    assert not talk.is_alive()
    yield seen
    page.close()


async def _talk(endpoint: str) -> None:
    async with conversation(endpoint, [tones(QUESTION), tones(INTERRUPTION)], 24000, patience_s=0.4):
        pass
