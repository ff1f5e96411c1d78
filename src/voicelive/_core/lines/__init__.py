"""Telephone lines: what their messages mean, and what goes out when. Values in, values out; the clock is handed in."""
