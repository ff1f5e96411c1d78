"""Calls held with an agent by a simulated caller, and judged."""
