"""Tools that an agent on the telephone needs: to end the call, and to hand it on."""

from __future__ import annotations

from collections.abc import Mapping

from .._public import public_in
from ..errors import ConfigurationError
from ..tools import Tool, ToolContext, ToolError
from .call import call_of, transfer_from_tool

__all__ = ["end_call_tool", "transfer_tool"]


@public_in("voicelive.telephony")
def end_call_tool(name: str = "end_call", description: str | None = None) -> Tool:
    """Return a tool by which the model ends the call, once what it has said has been heard.

    Args:
        name: what the model calls it.
        description: when the model is to use it.
    """

    async def end(context: ToolContext) -> str:
        call_of(context.connection).hang_up()
        return "The call ends now."

    text = description or "End the telephone call. Use it when the caller wants nothing else, after saying so."
    return Tool.from_function(end, name=name, description=text, respond=False)


@public_in("voicelive.telephony")
def transfer_tool(targets: Mapping[str, str], name: str = "transfer_call", description: str | None = None) -> Tool:
    """Return a tool by which the model hands the caller to somebody else.

    The model chooses one of the names and never sees a number, so that it cannot be talked into calling another one.

    Args:
        targets: whom calls may go to: a name for the model, and the number or address for the vendor.
        name: what the model calls the tool.
        description: when the model is to use it.

    Raises:
        ConfigurationError: if there is nobody to transfer to.
    """
    if not targets:
        raise ConfigurationError("transfer_tool() takes at least one target: a name, and a number or address")
    known = dict(targets)

    async def transfer(context: ToolContext, to: str) -> str:
        if to not in known:
            raise ToolError(f"Nobody is called {to!r}. Calls can go to: {', '.join(known)}.")
        await transfer_from_tool(context.connection, known[to])
        return "The caller is being transferred."

    text = description or "Transfer the caller. Say so first."
    return Tool.from_function(transfer, name=name, description=f"{text} Possible: {', '.join(known)}.", respond=False)
