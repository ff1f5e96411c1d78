"""The page that shows live sessions and talks: its parts are put together here into one file.

Only what runs on the browser's audio thread is a file of its own: a worklet can be loaded from an address alone.
"""

from __future__ import annotations

from functools import cache
from html import escape

from websockets.datastructures import Headers
from websockets.http11 import Response

from ..._generated.versions import DEFAULT_API_VERSION
from .parts import joined, policy_hash, read_part, with_parts

__all__ = ["PAGE_PATH", "WORKLET_PATH", "page", "worklet"]

PAGE_PATH = "/"
WORKLET_PATH = "/worklet.js"

_STYLES = ("page.css", "talk.css")
_SCRIPTS = (
    "dom.js",
    "wire.js",
    "waveform.js",
    "turns.js",
    "turn-view.js",
    "events.js",
    "faults.js",
    "sound.js",
    "devices.js",
    "playback.js",
    "call.js",
    "talk.js",
    "main.js",
)


def page(host: str, *, needs_key: bool, encrypted: bool = False, upstream: str | None = None) -> Response:
    """Return the answer to a request for the page that was made to `host`, a name with or without a port.

    With `needs_key`, the page asks for the service's key first; `encrypted` says that the service speaks TLS,
    and `upstream` to which host it passes its sessions on, if it does.

    The policy lets the page run its own script, and talk to this host: nothing else.
    """
    html, style_hash, script_hash = _assembled(needs_key, upstream)
    policy = [
        "default-src 'none'",
        f"script-src '{script_hash}' 'self'",
        f"style-src '{style_hash}'",
        "img-src data:",
        # Both: not every browser takes a WebSocket for 'self', and no policy can name an IPv6 address.
        f"connect-src 'self' {'wss' if encrypted else 'ws'}://{host}",
        "base-uri 'none'",
        "form-action 'none'",
        "frame-ancestors 'none'",
    ]
    return _response(html, "text/html", {"Content-Security-Policy": "; ".join(policy)})


def worklet() -> Response:
    """Return the answer to a request for the script of the browser's audio thread."""
    return _response(read_part("worklet.js").encode(), "text/javascript", {})


def _response(body: bytes, kind: str, headers: dict[str, str]) -> Response:
    common = {
        "Content-Type": f"{kind}; charset=utf-8",
        "Content-Length": str(len(body)),
        "Cache-Control": "no-store",
        "Referrer-Policy": "no-referrer",
        "X-Content-Type-Options": "nosniff",
        "Cross-Origin-Opener-Policy": "same-origin",
        "Cross-Origin-Resource-Policy": "same-origin",
        "Permissions-Policy": "microphone=(self), speaker-selection=(self), camera=(), geolocation=()",
        "Connection": "close",
    }
    return Response(200, "OK", Headers({**common, **headers}), body)


@cache
def _assembled(needs_key: bool, upstream: str | None) -> tuple[bytes, str, str]:
    """Return the page, and the hashes by which its policy knows its style and its script."""
    style, script = joined(_STYLES), joined(_SCRIPTS)
    html = with_parts(
        "page.html",
        {
            "needs-key": "yes" if needs_key else "no",
            "api-version": DEFAULT_API_VERSION,
            "what": "local service" if upstream is None else f"relay to {escape(upstream)}",
            "style": style,
            "script": script,
        },
    )
    return html.encode(), policy_hash(style), policy_hash(script)
