"""Who may look at the service and steer it."""

from __future__ import annotations

import hmac
import re
from collections.abc import Mapping
from urllib.parse import parse_qsl, urlsplit

from ..addresses import is_loopback
from ..handshake import HandshakeRefusedError

__all__ = ["check_access", "check_host"]

_HOST = re.compile(r"(?:[A-Za-z0-9.-]+|\[[0-9A-Fa-f:.]+\])(?::[0-9]{1,5})?")


def check_host(headers: Mapping[str, str]) -> None:
    """Refuse requests that were made to another name than this machine's own.

    A page of a stranger can give its own name the address of this machine, and would then count as of one origin with
    the service; the name in the request gives it away.

    Raises:
        HandshakeRefusedError: if the request names another host.
    """
    host = headers.get("host", "")
    name = (urlsplit(f"//{host}").hostname or "") if _HOST.fullmatch(host) else host
    if not is_loopback(name):
        raise HandshakeRefusedError(403, f"This is for requests to this machine's own names only, not {name!r}.")


def check_access(target: str, headers: Mapping[str, str], api_key: str | None) -> None:
    """Check a handshake at the control endpoint: its request target and headers, names in lower case.

    Without a key, it must have been made to this machine's own name; with one, it must have the key. In a browser, only
    a page of the service itself may make it.

    Raises:
        HandshakeRefusedError: if it may not.
    """
    if api_key is None:
        check_host(headers)
    origin = headers.get("origin")
    if origin is not None and origin.lower() != f"http://{headers.get('host', '')}".lower():
        raise HandshakeRefusedError(403, "Pages of other origins may not reach the control endpoint.")
    if api_key is not None:
        given = headers.get("api-key") or dict(parse_qsl(urlsplit(target).query)).get("api-key") or ""
        if not hmac.compare_digest(given.encode(), api_key.encode()):
            raise HandshakeRefusedError(
                401, "The key is missing or wrong: send the service's key in the header api-key."
            )
