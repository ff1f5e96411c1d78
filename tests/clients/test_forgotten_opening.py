"""What only the opening needs is not kept as long as a connection is: there may be thousands of idle ones."""

from __future__ import annotations

import gc

from voicelive._transport.buffered_connection import StreamConnection

from .harness import Client
from .servers import WebSocketServer, reads_everything


def websockets_to(port: int) -> list[StreamConnection]:
    """Return the connections of this process to a port."""
    found = [one for one in gc.get_objects() if type(one) is StreamConnection]
    return [one for one in found if one.remote_address and one.remote_address[1] == port]


async def test_the_headers_of_an_open_connection_are_dropped(client: Client) -> None:
    """Neither the request's headers, with the credential, nor the answer's are held by a connection that is open."""
    with WebSocketServer(reads_everything) as server:
        async with client.connect(server.endpoint):
            (websocket,) = websockets_to(server.port)
            assert websocket.request is not None
            assert websocket.response is not None
            assert dict(websocket.request.headers) == dict(websocket.response.headers) == {}
            assert (websocket.answer.headers, websocket.answer.body) == ([], b"")


async def test_a_connection_has_no_dictionary_of_its_own_size(client: Client) -> None:
    """Python shares the names of up to thirty attributes among the connections; with more, each takes 1.5 KiB more."""
    with WebSocketServer(reads_everything) as server:
        async with client.connect(server.endpoint):
            (websocket,) = websockets_to(server.port)
            assert len(vars(websocket)) <= 30
