"""Load: many sessions at once, and how long their turns take."""
