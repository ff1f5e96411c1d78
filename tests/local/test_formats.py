"""Every audio format, in and out, through a whole spoken turn."""

from __future__ import annotations

import pytest

from voicelive._audio.wire_formats import AudioDecoder, WireFormat, input_format, output_format

from .helpers import Client, audio_of, read_tones, tones

INPUT = {
    "pcm16 at 24 kHz": input_format("pcm16", 24000),
    "pcm16 at 16 kHz": input_format("pcm16", 16000),
    "pcm16 at 8 kHz": input_format("pcm16", 8000),
    "G.711 mu-law": input_format("g711_ulaw"),
    "G.711 A-law": input_format("g711_alaw"),
}

OUTPUT = ["pcm16", "pcm16_8000hz", "pcm16_16000hz", "pcm16-16000hz", "g711_ulaw", "g711_alaw"]


@pytest.mark.parametrize("wire", INPUT.values(), ids=INPUT)
async def test_speech_is_heard_in_every_input_format(client: Client, wire: WireFormat) -> None:
    """A question in any input format is transcribed exactly, with server VAD."""
    settings: dict[str, object] = {"input_audio_format": wire.name}
    if wire.encoding == "pcm16":
        settings["input_audio_sampling_rate"] = wire.rate
    await client.update(**settings)
    await client.speak(tones("What is 7 times 8?", wire))
    completed = await client.until("conversation.item.input_audio_transcription.completed")

    assert completed["transcript"] == "What is 7 times 8?"


@pytest.mark.parametrize("name", OUTPUT)
async def test_answers_are_spoken_in_every_output_format(client: Client, name: str) -> None:
    """The sound of an answer, read in the format asked for, says the answer; pieces keep their durations."""
    wire = output_format(name)
    await client.update(output_audio_format=name)
    await client.say("hello there")
    await client.send("response.create")
    events = await client.collect("response.done")

    decoder = AudioDecoder(wire, 24000)
    pcm = decoder.feed(audio_of(events)) + decoder.flush()
    assert read_tones(pcm) == "You said hello there"
    first = audio_of([e for e in events if e["type"] == "response.audio.delta"][:1])
    assert wire.ms(len(first)) == 200


async def test_an_echo_reference_is_left_out(client: Client) -> None:
    """With a client's echo reference the input is stereo; the user is heard, also over what plays in a headset."""
    await client.update(
        input_audio_echo_cancellation={
            "type": "server_echo_cancellation",
            "reference_source": "client",
            "channels": 2,
        }
    )
    before = bytes(72_000)
    microphone, reference = before + tones("hello"), tones("something else that is longer") * 2
    frames = [microphone[i : i + 2] + (reference[i : i + 2] or b"\0\0") for i in range(0, len(microphone), 2)]
    await client.append(b"".join(frames))
    completed = await client.until("conversation.item.input_audio_transcription.completed")

    assert completed["transcript"] == "hello"
