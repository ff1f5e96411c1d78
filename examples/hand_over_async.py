"""Hand the caller over to another persona: a tool changes the session's instructions, voice and tools."""

from __future__ import annotations

import asyncio

from _service import voice_service

from voicelive.aio import connect
from voicelive.tools import ToolContext, Tools, tool
from voicelive.types import RequestSessionParam


@tool
async def transfer_to_billing(context: ToolContext) -> str:
    """Transfer the caller to the billing department."""
    await context.connection.session.update(session=BILLING)
    return "The caller was transferred to the billing department."


@tool
def get_invoice(number: int) -> dict[str, object]:
    """Return the amount of an invoice."""
    return {"number": number, "amount": "40 euros"}


# All of them can run; what the session offers is what the model may call.
TOOLS = Tools([transfer_to_billing, get_invoice])
RECEPTION: RequestSessionParam = {
    "instructions": "You are the reception. Transfer callers to the department that they need.",
    "voice": {"type": "azure-standard", "name": "en-US-AvaNeural"},
    "tools": [transfer_to_billing.definition],
}
BILLING: RequestSessionParam = {
    "instructions": "You are the billing department. Answer questions about invoices.",
    "voice": {"type": "azure-standard", "name": "en-US-AndrewNeural"},
    "tools": [get_invoice.definition],
}


async def main() -> None:
    with voice_service() as options:
        async with connect(**options, tools=TOOLS) as conn:
            await conn.session.update(session={"modalities": ["text"], **RECEPTION})
            for question in ("Please transfer me to billing.", "What is the amount of invoice 7?"):
                print(f"Caller: {question}")
                await conn.respond(question)
                async for event in conn:
                    if event.type == "voicelive.tool_done":
                        print(f"({event.name} {event.outcome})")
                    elif event.type == "response.text.done":
                        print(f"Assistant: {event.text}")
                        break


if __name__ == "__main__":
    asyncio.run(main())
