"""A connection that breaks in the middle of an answer, and goes on by itself."""

from __future__ import annotations

from _service import voice_service

from voicelive import ReconnectPolicy, VoiceLiveConnection, connect
from voicelive.models import InputTextContentPart, RequestSession, UserMessageItem

QUESTIONS = ["What is seven times eight?", "What is the largest lake in the world?", "What is two plus three?"]

BREAKS = ["abort@event=response.text.delta,times=2"]
"""What the local service does to the connection: cut it at the first word of an answer, twice."""


def ask(conn: VoiceLiveConnection, question: str) -> str:
    """Ask as text and return the whole answer, however often the connection breaks meanwhile."""
    conn.conversation.item.create(item=UserMessageItem(content=[InputTextContentPart(text=question)]))
    conn.response.create()
    answer = None
    for event in conn:
        if event.type == "response.text.done":
            answer = event.text
        elif event.type == "response.done" and answer is not None:
            return answer
        elif event.type == "voicelive.reconnecting":
            print(f"  (attempt {event.attempt}: {event.reason})")
        elif event.type == "voicelive.restored":
            print(
                f"  (restored, {event.replayed_items} items replayed, {len(event.interrupted_responses)} answer lost)"
            )
            if answer is not None:
                return answer
            if event.interrupted_responses or event.unanswered_requests:
                # What was being answered will not be finished.
                conn.response.create()
    raise RuntimeError("the service closed the connection")


def main() -> None:
    policy = ReconnectPolicy(initial_delay=0.1, deadline=60)
    with voice_service(faults=BREAKS) as options, connect(**options, reconnect=policy) as conn:
        conn.session.update(session=RequestSession(modalities=["text"]))
        for question in QUESTIONS:
            print(f"You: {question}")
            print(f"Assistant: {ask(conn, question)}")


if __name__ == "__main__":
    main()
