"""Stands for the vendor in the examples that call somebody up, where no account of Twilio's is in the environment."""

from __future__ import annotations

import asyncio
import threading
import urllib.request
from typing import Any
from urllib.parse import urlencode
from xml.etree import ElementTree

from _audio import AUDIO, read_telephone_wav

from voicelive.testing import Caller


class Exchange:
    """Has what the examples use of ``twilio.rest.Client``: ``calls.create(…)`` and ``calls(sid).update(…)``.

    Whoever is called is simulated: a human asks a question and then presses 0, a machine only listens.
    """

    def __init__(self) -> None:
        self.answered_by = "human"
        self._dialed: threading.Thread | None = None

    @property
    def calls(self) -> Exchange:
        """The calls of the account."""
        return self

    def __call__(self, sid: str) -> Exchange:
        """Return one call."""
        return self

    def create(self, *, to: str, from_: str, url: str, **options: Any) -> None:
        """Place a call; returns at once. When somebody answers, `url` is asked what to do."""
        fields = {"To": to, "From": from_, "CallSid": "CA1", "AnsweredBy": self.answered_by}
        self._dialed = threading.Thread(target=lambda: asyncio.run(self._call(f"{url}?{urlencode(fields)}", fields)))
        self._dialed.start()

    def update(self, **changes: str) -> None:
        """Change a call that is under way."""
        print(f"(the vendor was told: {changes})")

    def wait(self) -> None:
        """Wait until whoever was called has hung up."""
        if self._dialed is not None:
            self._dialed.join()

    async def _call(self, url: str, fields: dict[str, str]) -> None:
        twiml = await asyncio.to_thread(_get, url)
        stream = ElementTree.fromstring(twiml).find("Connect/Stream")
        if stream is None:
            print(f"(hung up by {twiml})")
            return
        parameters = {one.attrib["name"]: one.attrib["value"] for one in stream}
        url, own, to = stream.attrib["url"], fields["From"], fields["To"]
        async with Caller("twilio", url, caller=own, called=to, parameters=parameters) as callee:
            if self.answered_by == "human":
                await callee.quiet()
                before = callee.heard_ms
                await callee.say(read_telephone_wav(AUDIO / "what_time_is_it_telephone.wav"))
                await callee.hears(before + 200)
                await callee.quiet()
                await callee.press("0")
            await callee.until_ended()
            print(f"({self.answered_by} heard {callee.heard_ms / 1000:.1f} s)")


def _get(url: str) -> str:
    with urllib.request.urlopen(url, timeout=10) as response:
        return str(response.read().decode())
