"""How the tests start the browser."""

from __future__ import annotations

import os

__all__ = ["CHROMIUM_ARGUMENTS"]

# As root, Chromium has no sandbox; and nothing may be looked up or reported in the background.
CHROMIUM_ARGUMENTS = [
    "--disable-background-networking",
    "--disable-component-update",
    "--no-first-run",
    *(["--no-sandbox"] if hasattr(os, "geteuid") and os.geteuid() == 0 else []),
]
