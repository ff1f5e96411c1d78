"""The connections of both clients, for annotations."""

from .._clients.async_connection import VoiceLiveConnection as AsyncConnection
from .._clients.sync_connection import VoiceLiveConnection as SyncConnection

__all__ = ["AnyConnection"]

AnyConnection = SyncConnection | AsyncConnection
