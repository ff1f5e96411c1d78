"""Passing sessions on to another service: its credential stays on this side, and every message is seen here."""
