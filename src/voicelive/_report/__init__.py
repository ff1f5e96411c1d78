"""Recorded calls as pages: one call with its sound, turns and events, or many as a table with plots."""
