"""Tests of the state machine that keeps a session alive over several connections."""
