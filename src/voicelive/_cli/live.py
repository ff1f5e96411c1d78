"""`voicelive talk` without turns: a conversation by microphone and loudspeaker."""

from __future__ import annotations

import asyncio
import ctypes
from collections.abc import AsyncGenerator, Awaitable, Callable, Generator, Iterator
from contextlib import AsyncExitStack, asynccontextmanager, contextmanager
from typing import Any

from ..aio import VoiceLiveConnection, connect
from ..audio import AudioDevice, DeviceInfo, EchoChoice
from ..errors import VoiceLiveError
from ..models import RequestSession, ServerEventResponseAudioDelta
from .background import in_background
from .display import notice
from .failures import CommandError, ConversationFailed, error_line
from .keys import keys_pressed
from .live_display import LiveDisplay

__all__ = ["DeviceChoice", "choose_device", "device_lines", "hold_live_conversation"]

_METERS_EVERY = 0.1
_ALSA_HANDLER = ctypes.CFUNCTYPE(None, ctypes.c_char_p, ctypes.c_int, ctypes.c_char_p, ctypes.c_int, ctypes.c_char_p)
"""What ALSA hands a message to: file, line, function, error, format."""
_CLOSES_WITHIN = 0.5
"""Seconds for the end of the connection: whoever presses Ctrl-C wants to be done."""


class DeviceChoice:
    """Which devices, and how they are used."""

    def __init__(self, input: str | None, output: str | None, echo: EchoChoice, push_to_talk: bool) -> None:
        self.input = choose_device(input)
        self.output = choose_device(output)
        self.echo: EchoChoice = echo
        self.push_to_talk = push_to_talk


def choose_device(given: str | None) -> int | str | None:
    """Return the number or the name of a device as it was given on the command line."""
    return int(given) if given is not None and given.strip().isdigit() else given


def device_lines(found: list[DeviceInfo]) -> Iterator[str]:
    """Say which devices there are, a line each."""
    for device in found:
        uses = [f"{device.inputs} in"] * bool(device.inputs) + [f"{device.outputs} out"] * bool(device.outputs)
        defaults = ["default microphone"] * device.is_default_input + ["default loudspeaker"] * device.is_default_output
        yield f"{device.index:>3}  {device.name}, {device.host} ({', '.join([*uses, *defaults])})"


async def hold_live_conversation(
    choice: DeviceChoice,
    find: Callable[[AsyncExitStack], Awaitable[dict[str, Any]]],
    session: RequestSession,
    display: LiveDisplay,
    answers: bytearray,
) -> None:
    """Talk until Ctrl-C, or until the connection ends; then show the turns.

    Args:
        choice: the devices.
        find: returns the arguments of ``connect``; what it opens is closed with the stack it is given.
        session: the settings.
        display: shows it.
        answers: takes the sound of the answers.

    Raises:
        CommandError: if there is no device or no connection; it says what helps.
        ConversationFailed: if the connection ends by itself, or the device is lost.
    """
    async with AsyncExitStack() as stack:
        stack.enter_context(_quiet_alsa())
        # First: without a device nothing else is needed.
        device = await stack.enter_async_context(_opened(choice))
        where = await find(stack)
        try:
            made = connect(**where, barge_in=True, connection_options={"close_timeout": _CLOSES_WITHIN})
            connection = await stack.enter_async_context(made)
            device.attach(connection)
            await connection.session.update(session=session)
        except VoiceLiveError as error:
            raise CommandError(error_line(error)) from error
        try:
            with _shown(display), keys_pressed(_Keys(device).press, also_piped=choice.push_to_talk):
                notice(_explanation(device))
                await _talk(connection, device, display, answers)
        except VoiceLiveError as error:
            raise ConversationFailed(error_line(error)) from error
        finally:
            display.table(connection.turns)


@contextmanager
def _quiet_alsa() -> Generator[None, None, None]:
    """Keep ALSA from writing to the terminal, which it does for each device that is not there and at each underrun."""
    try:
        library = ctypes.CDLL("libasound.so.2")
    except OSError:
        yield
        return
    handler = _ALSA_HANDLER(lambda *arguments: None)
    library.snd_lib_error_set_handler(handler)
    try:
        yield
    finally:
        library.snd_lib_error_set_handler(None)


@asynccontextmanager
async def _opened(choice: DeviceChoice) -> AsyncGenerator[AudioDevice, None]:
    device = AudioDevice(choice.input, choice.output, echo=choice.echo, push_to_talk=choice.push_to_talk)
    try:
        await in_background(device.open)
    except VoiceLiveError as error:
        raise CommandError(error_line(error)) from error
    try:
        yield device
    finally:
        device.close()


@contextmanager
def _shown(display: LiveDisplay) -> Generator[None, None, None]:
    display.start()
    try:
        yield
    finally:
        display.stop()


async def _talk(connection: VoiceLiveConnection, device: AudioDevice, display: LiveDisplay, answers: bytearray) -> None:
    """Show what arrives and how loud it is; returns at Ctrl-C, raises how the connection or the device ended."""
    meters = asyncio.create_task(_meters(device, display))
    receiving = asyncio.create_task(_receive(connection, display, answers))
    try:
        done, _ = await asyncio.wait({meters, receiving}, return_when=asyncio.FIRST_COMPLETED)
        for task in done:
            task.result()
    finally:
        for task in (meters, receiving):
            task.cancel()
        await asyncio.gather(meters, receiving, return_exceptions=True)


async def _receive(connection: VoiceLiveConnection, display: LiveDisplay, answers: bytearray) -> None:
    async for event in connection:
        display.received(event, None)
        if isinstance(event, ServerEventResponseAudioDelta):
            answers += event.delta_bytes


async def _meters(device: AudioDevice, display: LiveDisplay) -> None:
    while True:
        display.meters(device)
        device.check()
        await asyncio.sleep(_METERS_EVERY)


class _Keys:
    """What the keys do."""

    def __init__(self, device: AudioDevice) -> None:
        self._device = device

    def press(self, key: str) -> None:
        """Take a key: space gives or ends the user's word with push to talk, m mutes."""
        device = self._device
        if key == " " and device.push_to_talk:
            # A terminal says nothing when a key is let go.
            (device.release if device.is_pressed else device.press)()
        elif key == "m":
            device.mute = not device.mute


def _explanation(device: AudioDevice) -> str:
    how = "press space, speak, press space again" if device.push_to_talk else "speak; speak over an answer to stop it"
    return f"microphone: {device.input_name}; loudspeaker: {device.output_name}; {how}; m mutes, Ctrl-C ends"
