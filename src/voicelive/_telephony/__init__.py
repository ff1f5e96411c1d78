"""A call between a telephone line's WebSocket and a connection to the service."""
