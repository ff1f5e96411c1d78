"""Calls of MCP tools that need approval, against a real MCP server: asked, answered once, and the result told."""

from __future__ import annotations

import asyncio
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import suppress
from typing import Any

import pytest

from voicelive import ConfigurationError
from voicelive.testing import ScriptedService
from voicelive.tools import ApprovalRequest, Tools, tool

from ..local.mcp_server import RunningServer, running_server
from .conversing import DEADLINE, Caller, calling
from .harness import Client

pytestmark = pytest.mark.timeout(300)

STOCK = ("stock_level", '{"article": "bolt"}')


@pytest.fixture(scope="module")
def shop() -> Iterator[RunningServer]:
    with running_server() as running:
        yield running


@pytest.fixture
def service() -> Iterator[ScriptedService]:
    with ScriptedService(strict=False, timeout=60, allow_mcp=["127.0.0.1"]) as running:
        yield running


async def offer(caller: Caller, shop: RunningServer, *tools: dict[str, Any], ask: str = "always") -> None:
    """Give the session the server, and wait until its tools are known."""
    server = {"type": "mcp", "server_label": "shop", "server_url": shop.url, "require_approval": ask}
    await caller.script.call("session.update", session={"modalities": ["text"], "tools": [server, *tools]})
    await caller.until("mcp_list_tools.completed")


def answers(service: ScriptedService) -> list[tuple[str, bool]]:
    """What the service was told about the requests."""
    items = [event.to_dict()["item"] for event in service.session.events("conversation.item.create")]
    return [(item["approval_request_id"], item["approve"]) for item in items if item["type"] == "mcp_approval_response"]


def allow(request: ApprovalRequest) -> bool:
    return request.server_label == "shop" and request.arguments == {"article": "bolt"}


async def allow_soon(request: ApprovalRequest) -> bool:
    await asyncio.sleep(0.01)
    return allow(request)


@pytest.mark.parametrize("approve", [allow, allow_soon])
@pytest.mark.parametrize("version", ["2026-07-15", "v1"])
async def test_an_approved_call_is_made_and_told(
    client: Client, service: ScriptedService, shop: RunningServer, approve: Any, version: str
) -> None:
    """The application is asked, the server's tool runs, one response follows, and the model has the result."""
    service.call_tools(STOCK)
    service.say("There are seven.")
    before = len(shop.calls)
    async with calling(client, service, tools=Tools(approve=approve), api_version=version) as caller:
        if version == "v1":
            server = {"type": "mcp", "server_label": "shop", "server_url": shop.url, "require_approval": "always"}
            await caller.script.call("session.update", session={"output_modalities": ["text"], "tools": [server]})
            await caller.until("mcp_list_tools.completed")
        else:
            await offer(caller, shop)
        await caller.respond("How many bolts are there?")
        told = await caller.until("voicelive.mcp_approval")
        await caller.until("response.text.done")
        await caller.until("response.done")
        assert caller.errors == []
        turns = await caller.script.do(lambda connection: connection.turns)
    assert (told.name, told.approved, told.outcome) == ("stock_level", True, "approved")
    assert answers(service) == [(told.approval_request_id, True)]
    assert shop.calls[before:] == ["stock_level"]
    assert service.requests[-1].conversation[-1].output == "7 pieces of bolt"  # type: ignore[union-attr]
    assert len(service.session.events("response.create")) == 2
    assert [len(turn.response_ids) for turn in turns] == [2]


def decline(request: ApprovalRequest) -> bool:
    return False


def breaks(request: ApprovalRequest) -> bool:
    raise ValueError("password=secret")


def times_out(request: ApprovalRequest) -> bool:
    raise TimeoutError


async def breaks_soon(request: ApprovalRequest) -> bool:
    raise ValueError("password=secret")


async def cancels_itself(request: ApprovalRequest) -> bool:
    raise asyncio.CancelledError


def says_yes(request: ApprovalRequest) -> Any:
    return "yes"


async def waits(request: ApprovalRequest) -> bool:
    await asyncio.sleep(DEADLINE)
    return True


async def allows_too_late(request: ApprovalRequest) -> bool:
    with suppress(asyncio.CancelledError):
        await asyncio.sleep(DEADLINE)
    return True


REFUSALS: list[tuple[Callable[[ApprovalRequest], Any], str]] = [
    (decline, "declined"),
    (breaks, "failed"),
    (breaks_soon, "failed"),
    (times_out, "failed"),
    (cancels_itself, "failed"),
    (says_yes, "failed"),
    (waits, "timed_out"),
    (allows_too_late, "timed_out"),
]


@pytest.mark.parametrize(("approve", "outcome"), REFUSALS)
async def test_what_is_not_approved_is_refused(
    client: Client, service: ScriptedService, shop: RunningServer, approve: Any, outcome: str
) -> None:
    """Whatever becomes of the one who decides: the service is told once, the tool is not run, the model goes on."""
    service.call_tools(STOCK)
    service.say("I may not.")
    before = len(shop.calls)
    tools = Tools(approve=approve, approve_timeout=0.1 if outcome == "timed_out" else 30)
    async with calling(client, service, tools=tools) as caller:
        await offer(caller, shop)
        await caller.respond("How many bolts are there?")
        told = await caller.until("voicelive.mcp_approval")
        await caller.until("response.mcp_call.failed")
        await caller.until("response.text.done")
    assert (told.approved, told.outcome) == (False, outcome)
    assert answers(service) == [(told.approval_request_id, False)]
    assert shop.calls[before:] == []


async def test_broken_arguments_are_refused_without_asking(
    client: Client, service: ScriptedService, shop: RunningServer
) -> None:
    """Nobody is asked about arguments that nobody gave."""
    asked: list[ApprovalRequest] = []

    def note(request: ApprovalRequest) -> bool:
        asked.append(request)
        return True

    service.call_tools(("stock_level", '{"article": '))
    service.say("Sorry.")
    async with calling(client, service, tools=Tools(approve=note)) as caller:
        await offer(caller, shop)
        await caller.respond("How many bolts are there?")
        told = await caller.until("voicelive.mcp_approval")
    assert (told.outcome, asked) == ("refused", [])


async def test_a_function_and_a_tool_of_a_server_share_one_response(
    client: Client, service: ScriptedService, shop: RunningServer
) -> None:
    """Both were called by one response: the last of them to end asks for the next."""

    @tool
    def local_stock() -> int:
        """Return what is in this shop."""
        return 3

    tools = Tools([local_stock], approve=allow)
    service.call_tools(STOCK, ("local_stock", "{}"))
    service.say("Ten in all.")
    async with calling(client, service, tools=tools) as caller:
        await offer(caller, shop, *tools.definitions)
        await caller.respond("How many bolts are there?")
        await caller.until("response.text.done")
        await caller.until("response.done")
        assert caller.errors == []
    assert len(service.session.events("response.create")) == 2


async def test_closing_does_not_wait_for_an_approval(
    client: Client, service: ScriptedService, shop: RunningServer
) -> None:
    """close() while the application still decides hangs nothing, and what is decided later goes nowhere."""
    entered, go_on = threading.Event(), threading.Event()

    def hesitate(request: ApprovalRequest) -> bool:
        entered.set()
        return go_on.wait(DEADLINE)

    service.call_tools(STOCK)
    try:
        async with calling(client, service, tools=Tools(approve=hesitate)) as caller:
            await offer(caller, shop)
            await caller.respond("How many bolts are there?")
            await caller.until("response.done")
            assert await asyncio.to_thread(entered.wait, DEADLINE)
            started = time.monotonic()
        assert time.monotonic() - started < DEADLINE / 2
    finally:
        go_on.set()
    assert answers(service) == []


async def test_without_a_function_the_application_answers(
    client: Client, service: ScriptedService, shop: RunningServer
) -> None:
    """Tools that do not say who approves leave the requests alone."""
    service.call_tools(STOCK)
    async with calling(client, service, metrics=True) as caller:
        await offer(caller, shop)
        await caller.respond("How many bolts are there?")
        await caller.until("conversation.item.created", lambda event: event.item.type == "mcp_approval_request")
        await caller.until("response.done")
    assert answers(service) == []


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"approve": True}, "approve is True; it takes a function"),
        ({"approve_timeout": 0}, "approve_timeout is 0; it takes seconds above 0"),
        ({"approve_timeout": "1"}, "approve_timeout is '1'"),
    ],
)
def test_options_that_cannot_be_are_refused(options: dict[str, Any], message: str) -> None:
    """When the tools are collected."""
    with pytest.raises(ConfigurationError, match=message):
        Tools(**options)
