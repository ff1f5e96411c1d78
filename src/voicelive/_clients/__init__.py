"""The two clients: connect(), and the connection that it returns, sync and async."""
