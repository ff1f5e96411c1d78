"""Binds the pure decisions of `_core.conversation` to a connection: the application's player, tools and observers.

The same for both clients; runs on the connection's loop, and calls the application where it holds nothing up.
"""
