"""The embedded service; :mod:`voicelive.local` is its face."""
