"""Recordings of calls; :mod:`voicelive.recording` is their public face."""
