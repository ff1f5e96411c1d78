"""The scripted service for tests; :mod:`voicelive.testing` is its face."""
