"""The built-in responder: a small assistant that goes by rules."""

from __future__ import annotations

from .assistant import Assistant

__all__ = ["Assistant"]
