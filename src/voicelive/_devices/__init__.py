"""Sound devices: where sound comes from and goes to, and how it gets to a connection and back."""
