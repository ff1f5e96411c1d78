"""Looking at the local service and steering it while it runs: a WebSocket at ``/control`` of its own port."""
