"""Watches a call for the log and for telemetry: what is known of it goes to both, and neither holds it up."""
