"""The environment variables that ``connect()`` reads where an argument is left out. The first that is set is taken."""

ENDPOINT_VARIABLES = ("AZURE_VOICELIVE_ENDPOINT", "AZURE_COGNITIVE_SERVICES_ENDPOINT")
"""For the ``endpoint``."""

KEY_VARIABLES = ("AZURE_VOICELIVE_API_KEY", "AZURE_COGNITIVE_SERVICES_KEY")
"""For the ``credential``: a key."""

__all__ = ["ENDPOINT_VARIABLES", "KEY_VARIABLES"]
