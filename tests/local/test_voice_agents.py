"""Voice agents of Foundry: their path, header and form of a session, for both clients over a real WebSocket."""

from __future__ import annotations

import json
import warnings
from collections.abc import AsyncIterator
from typing import Any

import pytest

from voicelive import models
from voicelive._core.contract import WireContract
from voicelive.errors import BadRequestError, InvalidEventError
from voicelive.local import LocalService

from ..clients.harness import Client as Package
from ..clients.harness import Flavour, Script
from .helpers import DEADLINE

PATH = "/api/projects/p/agents/helper/endpoint/protocols/voice"
VOICE = models.AzureStandardVoice(name="en-US-AvaNeural", temperature=0.5, locale="en-GB")


@pytest.fixture(params=["sync", "async"])
def flavour(request: pytest.FixtureRequest) -> Flavour:
    """Each of the two clients."""
    found: Flavour = request.param
    return found


def agent_of(service: LocalService, flavour: Flavour, **arguments: Any) -> Script:
    """Prepare a connection to a voice agent."""
    return Package(flavour).connect(service.endpoint + PATH, model=None, **arguments)


@pytest.fixture
async def script(flavour: Flavour, service: LocalService) -> AsyncIterator[Script]:
    """Each of the two clients, connected with a voice agent and refusing what does not fit its contract."""
    async with agent_of(service, flavour, strict=True, contract_check="error") as connection:
        yield connection


async def test_the_agent_is_reached_by_its_path(script: Script, service: LocalService) -> None:
    """The service is asked for v1 with the preview header, and names the conversation in `session.created`."""
    created = await script.recv(DEADLINE)
    (record,) = service.sessions
    assert record.query["api-version"] == "v1"
    assert record.api_version == "v1@voice-agents"
    assert record.headers["foundry-features"] == "VoiceAgents=V1Preview"
    assert created.type == "session.created"
    assert created.conversation_id
    session = created.to_dict()["session"]
    assert session["type"] == "realtime"
    assert session["audio"]["input"]["format"] == {"type": "audio/pcm", "rate": 24000}
    assert isinstance(session["audio"]["output"]["voice"], str)


async def test_a_flat_session_is_laid_out_as_agents_take_it(script: Script, service: LocalService) -> None:
    """What a program sets by flat names goes out in the agents' form, takes effect and is told back in it."""
    await script.call(
        "session.update",
        session=models.RequestSession(
            voice=VOICE, input_audio_format="pcm16", output_audio_timestamp_types=["word"], instructions="Be brief."
        ),
    )
    updated = (await script.wait_for("session.updated")).to_dict()["session"]
    (record,) = service.sessions
    output = {
        "voice": "en-US-AvaNeural",
        "voice_type": "azure-standard",
        "voice_temperature": 0.5,
        "voice_locale": "en-GB",
        "output_audio_timestamp_types": ["word"],
    }
    sent = record.received[-1].to_dict()["session"]
    assert sent["audio"] == {"input": {"format": {"type": "audio/pcm", "rate": 24000}}, "output": output}
    assert updated["audio"]["output"].items() >= output.items()
    assert record.settings["voice"]["name"] == "en-US-AvaNeural"
    assert record.settings["voice"]["locale"] == "en-GB"


async def test_the_agents_own_form_is_taken(script: Script, service: LocalService) -> None:
    """A session in the agents' form comes back equal, greeting and tools of the agent included."""
    session = {
        "audio": {"output": {"voice": "en-US-AvaNeural", "voice_type": "azure-standard", "style": "cheerful"}},
        "greeting": {"type": "template", "text": "Hello."},
        "tools": [{"type": "system", "name": "end_conversation"}],
    }
    await script.call("session.update", session=session)
    updated = (await script.wait_for("session.updated")).session
    (record,) = service.sessions
    assert record.received[-1].to_dict()["session"] == {**session, "type": "realtime"}
    assert updated.audio.output.style == "cheerful"
    assert updated.greeting == models.TemplateGreetingConfig(text="Hello.")
    assert updated.tools == [models.SystemTool(name="end_conversation")]


@pytest.mark.parametrize(
    ("greeting", "said"),
    [
        (models.TemplateGreetingConfig(text="Good morning."), "Good morning."),
        (models.LlmGeneratedGreetingConfig(prompt="What is two plus two?"), None),
    ],
)
async def test_an_agent_speaks_first(
    script: Script, service: LocalService, greeting: models.GreetingConfig, said: str | None
) -> None:
    """A greeting is spoken once it is known, word by word or made up, and only once."""
    await script.call("session.update", session={"greeting": greeting, "voice": VOICE})
    done = (await script.wait_for("response.done", timeout=DEADLINE)).response
    assert done.status == "completed"
    transcript = done.output[0].content[0].transcript
    assert transcript
    assert said in (None, transcript)
    await script.call("session.update", session={"instructions": "Be brief."})
    await script.wait_for("session.updated", timeout=DEADLINE)
    await script.call("response.create")
    answered = await script.wait_for("response.done", timeout=DEADLINE)
    (record,) = service.sessions
    created = [event.response.id for event in record.sent if isinstance(event, models.ServerEventResponseCreated)]
    assert created == [done.id, answered.response.id]


async def test_an_answer_and_its_truncation(script: Script) -> None:
    """A turn goes as in v1, and a truncated item comes with what is left of it."""
    await script.call("session.update", session={"voice": VOICE})
    await script.call(
        "conversation.item.create",
        item=models.UserMessageItem(content=[models.InputTextContentPart(text="What is two plus two?")]),
    )
    await script.call("response.create")
    done = await script.wait_for("response.done", timeout=DEADLINE)
    item = done.response.output[0]
    await script.call("conversation.item.truncate", item_id=item.id, content_index=0, audio_end_ms=10)
    truncated = await script.wait_for("conversation.item.truncated", timeout=DEADLINE)
    assert truncated.item.id == item.id
    assert truncated.item.content[0].transcript == ""


@pytest.mark.parametrize(
    ("session", "says"),
    [
        ({"voice": {"type": "azure-standard", "name": "x", "rate": "1.2"}}, "session.voice.rate: no counterpart"),
        ({"input_audio_sampling_rate": 16000}, "session.input_audio_sampling_rate: no counterpart"),
        ({"output_audio_format": "pcm16_8000hz"}, "audio.output.format: no counterpart"),
    ],
)
async def test_what_agents_cannot_be_told(script: Script, session: dict[str, Any], says: str) -> None:
    """A setting without a counterpart is an error that names it, and nothing is sent."""
    with pytest.raises(InvalidEventError, match=says):
        await script.call("session.update", session=session)


async def test_what_agents_lack_is_told(flavour: Flavour, service: LocalService) -> None:
    """An event of v1 that agents lack warns, and the service refuses it."""
    async with agent_of(service, flavour) as connection:
        with warnings.catch_warnings(record=True) as caught:
            warnings.simplefilter("always")
            await connection.call("input_text.delta", id="t", delta="x")
        assert "input_text.delta: not in API version v1@voice-agents" in str(caught[0].message)
        error = (await connection.wait_for("error", timeout=DEADLINE)).error
        assert (error.code, error.param) == ("invalid_value", "type")
        assert "'input_text.delta' is not a client event" in error.message


def test_what_a_subagent_does_is_read() -> None:
    """Events about subagents arrive as their own classes."""
    event = {"consultation_id": "c", "call_id": "f", "subagent_name": "n", "reason": "timeout"}
    sent = models.ServerEventSessionSubagentAborted.model_validate(event).to_dict()
    read = WireContract("v1@voice-agents", strict=True).decode(json.dumps(sent))
    assert isinstance(read, models.ServerEventSessionSubagentAborted)
    assert read.reason == models.SubagentAbortReason("timeout")


async def test_without_the_preview_header_there_is_no_agent(flavour: Flavour, service: LocalService) -> None:
    """The service refuses who has not asked for the preview."""
    connection = agent_of(service, flavour, headers={"Foundry-Features": "none"})
    with pytest.raises(BadRequestError, match="Foundry-Features: VoiceAgents=V1Preview"):
        await connection.open()
