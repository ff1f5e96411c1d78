"""`voicelive answer`: a server for the WebSockets and webhooks of telephone lines. Needs the extra `server`."""
