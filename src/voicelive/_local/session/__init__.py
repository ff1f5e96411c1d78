"""One session of the local service: its state, and what it answers."""
