"""The tokens by which Azure Communication Services says that a request is its own, checked by the package PyJWT."""

from __future__ import annotations

import asyncio
import logging
from typing import Any

from ..errors import ConfigurationError

__all__ = ["AzureTokens"]

_ISSUER = "https://acscallautomation.communication.azure.com"
_KEYS = f"{_ISSUER}/calling/keys"
_TIMEOUT_S = 5
_LEEWAY_S = 30
_MISSING = "ACS_RESOURCE_ID is set, so that tokens are checked, by PyJWT: pip install 'pyjwt[crypto]'"

_logger = logging.getLogger("voicelive.answer")


class AzureTokens:
    """Checks the header ``Authorization`` of opening requests: signature, issuer, audience and time.

    Args:
        audience: the resource id of the Communication Services resource.
        keys: where the issuer's keys are.

    Raises:
        ConfigurationError: if PyJWT, or what it checks signatures by, is not installed.
    """

    def __init__(self, audience: str, keys: str = _KEYS) -> None:
        try:
            import jwt
            from jwt.algorithms import has_crypto
        except ImportError:
            raise ConfigurationError(_MISSING) from None
        if not has_crypto:
            raise ConfigurationError(_MISSING)
        self._jwt: Any = jwt
        self._audience = audience
        self._keys = jwt.PyJWKClient(keys, timeout=_TIMEOUT_S)

    async def fits(self, header: str | None) -> bool:
        """Return whether a header holds a token of the service's for this resource. Never raises."""
        scheme, _, token = (header or "").partition(" ")
        if scheme.lower() != "bearer" or not token:
            return False
        # The keys are fetched now and then.
        return await asyncio.to_thread(self._check, token.strip())

    def _check(self, token: str) -> bool:
        try:
            key = self._keys.get_signing_key_from_jwt(token).key
            required = {"require": ["exp", "iss", "aud"]}
            self._jwt.decode(
                token,
                key,
                algorithms=["RS256"],
                issuer=_ISSUER,
                audience=self._audience,
                leeway=_LEEWAY_S,
                options=required,
            )
        except self._jwt.PyJWKClientConnectionError as error:
            _logger.warning("the keys of Azure's tokens cannot be fetched: %s", type(error.__cause__ or error).__name__)
            return False
        except (self._jwt.PyJWTError, ValueError):
            return False
        return True
