"""The clients that the service is tried with."""

from __future__ import annotations

from .azure_js import AzureJs
from .azure_python import AzurePython
from .openai_python import OpenAIPython
from .ours import Ours
from .peer import Client

__all__ = ["AZURE_JS", "AZURE_PYTHON", "CLIENTS", "OPENAI"]

AZURE_PYTHON = AzurePython()
AZURE_JS = AzureJs()
OPENAI = OpenAIPython()
CLIENTS: tuple[Client, ...] = (Ours("sync"), Ours("async"), AZURE_PYTHON, AZURE_JS, OPENAI)
