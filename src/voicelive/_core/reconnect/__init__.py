"""What a connection does when it breaks: decided here as values, carried out by the clients' transports.

- :mod:`policy`: what the application allows, and when the next attempt may be.
- :mod:`ledger`: what must be made again on a new connection: the session's configuration, the conversation.
- :mod:`replay`: the messages that make it again, and their confirmations.
- :mod:`outbox`: what the application sends while there is nobody to send it to.
- :mod:`lifeline`: the state machine over all of it.
- :mod:`events`: what the application is told.
"""
