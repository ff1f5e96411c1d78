"""Exports what is known of calls by OpenTelemetry's API."""
