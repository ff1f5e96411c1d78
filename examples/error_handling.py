"""What can go wrong, and how each of it shows."""

from __future__ import annotations

import socket

from _service import voice_service

from voicelive import ConnectionClosed, ConnectionError, InvalidEventError, ReceiveTimeoutError, connect


def closed_port() -> int:
    """Return a port where nobody listens."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def main() -> None:
    # The service cannot be reached, or refuses: nothing was opened.
    try:
        with connect(endpoint=f"http://127.0.0.1:{closed_port()}", model="gpt-4o"):
            pass
    except ConnectionError as error:
        print(f"Connection error: {error}")

    with voice_service() as options:
        with connect(**options) as conn:
            # What the contract does not allow is refused here, before anything is sent.
            try:
                conn.session.update(session={"turn_detection": {"type": "server_vad", "threshold": 5}})
            except InvalidEventError as error:
                print(f"Invalid event: {error}")

            # What the service refuses comes back as an event; the session goes on.
            conn.session.update(session={"modalities": ["text", "audio"]})
            conn.conversation.item.delete(item_id="msg_that_never_was")
            for event in conn:
                if event.type == "error":
                    print(f"API error: {event.error.code} - {event.error.message}")
                    break

            # A wait with a deadline says what it waited for; nothing that arrived is lost.
            try:
                conn.wait_for("response.done", timeout=0.5)
            except ReceiveTimeoutError as error:
                print(f"Timeout: {error}")

        # The connection is closed by now: every call says so.
        try:
            conn.response.create()
        except ConnectionClosed as error:
            print(f"Connection closed: {error.code} - {error}")


if __name__ == "__main__":
    main()
