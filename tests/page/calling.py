"""A browser with a microphone that plays a file, and an ear at its loudspeaker."""

from __future__ import annotations

import base64
import wave
from pathlib import Path

from playwright.sync_api import Browser, Page, Playwright

from ..outside import program
from .browser import CHROMIUM_ARGUMENTS

__all__ = ["Ear", "launch_with_microphone", "silence", "write_wav"]

RATE = 24000

# Whatever goes to the loudspeaker goes into `window.heard` too, from the first sample on.
_EAR = """(() => {
    const script = `registerProcessor("ear", class extends AudioWorkletProcessor {
        process([input]) {
            if (input[0]) this.port.postMessage(input.map((channel) => channel.slice()));
            return true;
        }
    });`;
    window.heard = [];
    const { resume } = AudioContext.prototype;
    AudioContext.prototype.resume = async function () {
        await this.audioWorklet.addModule(URL.createObjectURL(new Blob([script], { type: "text/javascript" })));
        return resume.call(this);
    };
    const { connect } = AudioNode.prototype;
    AudioNode.prototype.connect = function (target, ...rest) {
        if (target instanceof AudioDestinationNode) {
            const ear = new AudioWorkletNode(this.context, "ear", { numberOfOutputs: 0 });
            const side = window.heard.length;
            window.heard.push([]);
            ear.port.onmessage = ({ data }) => window.heard[side].push(data);
            connect.call(this, ear);
        }
        return connect.call(this, target, ...rest);
    };
})()"""

_HEARD = """(side) => {
    const bytes = [];
    for (const block of window.heard[side] ?? []) {
        const samples = Int16Array.from(block[0], (_, at) => {
            const loudest = block.map((channel) => channel[at]).reduce((a, b) => Math.abs(a) > Math.abs(b) ? a : b);
            return Math.max(-1, Math.min(1, loudest)) * 32767;
        });
        bytes.push(String.fromCharCode(...new Uint8Array(samples.buffer)));
    }
    return btoa(bytes.join(""));
}"""


class Ear:
    """What a page has let be heard since it was opened."""

    def __init__(self, page: Page) -> None:
        self._page = page

    @property
    def outputs(self) -> int:
        """How many parts of the page have played into a loudspeaker so far."""
        count: int = self._page.evaluate("window.heard.length")
        return count

    def pcm(self, output: int) -> bytes:
        """Return what one part has played, as PCM16 of 24 kHz."""
        return base64.b64decode(self._page.evaluate(_HEARD, output))

    @classmethod
    def at(cls, browser: Browser) -> Ear:
        """Open a page that is listened to. The ear is a script of a stranger, so the page's policy is off."""
        context = browser.new_context(bypass_csp=True, viewport={"width": 1440, "height": 900})
        context.add_init_script(_EAR)
        return cls(context.new_page())

    @property
    def page(self) -> Page:
        """The page."""
        return self._page


def launch_with_microphone(playwright: Playwright, recording: Path, *, allowed: bool = True) -> Browser:
    """Start a browser whose microphone plays `recording` once, from when a page opens it; read anew each time.

    Args:
        playwright: starts it.
        recording: a WAV file, which may come later.
        allowed: whether pages get the microphone without a question, which nobody would answer.
    """
    arguments = [
        "--use-fake-device-for-media-stream",
        f"--use-file-for-fake-audio-capture={recording}%noloop",
        *(["--use-fake-ui-for-media-stream"] if allowed else []),
    ]
    return playwright.chromium.launch(executable_path=program("chromium"), args=[*CHROMIUM_ARGUMENTS, *arguments])


def silence(seconds: float, rate: int = RATE) -> bytes:
    """Return silence, as PCM16."""
    return bytes(2 * round(rate * seconds))


def write_wav(path: Path, *parts: bytes, rate: int = RATE) -> None:
    """Write PCM16 as a WAV file."""
    with wave.open(str(path), "wb") as file:
        file.setnchannels(1)
        file.setsampwidth(2)
        file.setframerate(rate)
        file.writeframes(b"".join(parts))
