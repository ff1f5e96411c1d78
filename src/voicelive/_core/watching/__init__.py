"""Decides what is to be known of a call from outside: by telemetry and by the log. Values in, facts out."""
