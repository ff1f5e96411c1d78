"""Speech engines of the local service: what it asks of them, and those it brings."""
