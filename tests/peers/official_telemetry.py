"""A program: two spoken turns with a tool and a barge-in, by azure-ai-voicelive under its own instrumentation.

Prints as JSON what was exported while content recording was off. A program of its own, because the instrumentation
patches the package, and takes the providers of the whole process.
"""

from __future__ import annotations

import asyncio
import base64
import json
import os
import sys
from typing import Any

from opentelemetry import metrics, trace

from tests.clients.exports import ANSWER, FOUND, INSTRUCTIONS, PLACE, QUESTION, SAID, SECOND, Exports, look_up
from voicelive.testing import ScriptedService

RESPONSES = 3


def instrument(exports: Exports) -> None:
    """Switch the instrumentation on, as its documentation says, without content."""
    from azure.core.settings import settings

    os.environ["AZURE_EXPERIMENTAL_ENABLE_GENAI_TRACING"] = "true"
    trace.set_tracer_provider(exports.tracers)
    metrics.set_meter_provider(exports.meters)
    settings.tracing_implementation = "opentelemetry"
    from azure.ai.voicelive.telemetry import VoiceLiveInstrumentor

    VoiceLiveInstrumentor().instrument(enable_content_recording=False)


async def call(service: ScriptedService) -> None:
    """Hold the call, as an application of that package does."""
    from azure.ai.voicelive.aio import connect
    from azure.ai.voicelive.models import FunctionCallOutputItem, RequestSession
    from azure.core.credentials import AzureKeyCredential

    credential = AzureKeyCredential("key")
    async with connect(endpoint=service.endpoint, credential=credential, model="gpt-4o") as connection:

        async def speak(text: str) -> None:
            audio = service.speech(text)
            for start in range(0, len(audio), 4800):
                chunk = base64.b64encode(audio[start : start + 4800]).decode()
                await connection.input_audio_buffer.append(audio=chunk)

        tools: Any = [look_up.definition]
        await connection.session.update(session=RequestSession(instructions=INSTRUCTIONS, tools=tools))
        await speak(QUESTION)
        ended = 0
        call_id = ""
        async for event in connection:
            found: Any = event
            if event.type == "response.function_call_arguments.done":
                call_id = found.call_id
            elif event.type == "response.done":
                ended += 1
                if ended == 1:
                    output = FunctionCallOutputItem(call_id=call_id, output=FOUND)
                    await connection.conversation.item.create(item=output)
                    await connection.response.create()
                elif ended == RESPONSES:
                    return
                else:
                    await speak("hold on please")


def main() -> None:
    """Hold the call and print what was exported."""
    exports = Exports()
    instrument(exports)
    with ScriptedService(strict=False, timeout=60) as service:
        service.call_tools(("look_up", json.dumps({"place": PLACE})))
        service.say(ANSWER)
        service.say(SECOND)
        asyncio.run(asyncio.wait_for(call(service), 40))
    text = exports.text
    received = [dict(span.attributes or {}) for span in exports.spans if span.name.startswith("recv")]
    result = {
        "spans": len(exports.spans),
        "content": sorted(name for name, said in SAID.items() if said in text),
        "latencies": sum("gen_ai.voice.first_token_latency_ms" in attributes for attributes in received),
        "metrics": sorted(exports.points),
    }
    exports.close()
    print(json.dumps(result))
    sys.stdout.flush()


if __name__ == "__main__":
    main()
