"""Approval of MCP calls: each request is decided once and answered once."""

from __future__ import annotations

from voicelive._core.conversation.approvals import Approval, Approvals, approval_response


def request(number: int) -> Approval:
    return Approval(request_id=f"mcpr_{number}", server_label="shop", name="order", arguments="{}")


def test_a_request_is_taken_and_answered_once() -> None:
    """Events that repeat a request, or a decision that is told twice, change nothing."""
    approvals = Approvals()
    assert approvals.requested(request(1))
    assert not approvals.requested(request(1))
    assert list(approvals.open) == [request(1)]
    assert approvals.answered("mcpr_1") == request(1)
    assert approvals.answered("mcpr_1") is None
    assert not approvals.requested(request(1))
    assert approvals.answered("never asked") is None


def test_requests_of_a_session_that_is_over_are_not_answered() -> None:
    """The next session does not know them."""
    approvals = Approvals()
    approvals.requested(request(1))
    approvals.clear()
    assert approvals.answered("mcpr_1") is None


def test_what_was_answered_long_ago_is_forgotten() -> None:
    """A call of any length keeps a bounded number of ids."""
    approvals = Approvals()
    for number in range(300):
        approvals.requested(request(number))
        approvals.answered(f"mcpr_{number}")
    assert approvals.requested(request(0))
    assert not approvals.requested(request(299))


def test_the_answer_is_an_item() -> None:
    """As `conversation.item.create` takes it."""
    item = {"type": "mcp_approval_response", "approval_request_id": "mcpr_1", "approve": False}
    assert approval_response("mcpr_1", False) == item
