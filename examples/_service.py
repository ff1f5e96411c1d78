"""Where the examples connect to: the endpoint in the environment, or a local service if there is none."""

from __future__ import annotations

import os
import sys
from collections.abc import Generator, Sequence
from contextlib import closing, contextmanager
from typing import Any, Literal

from voicelive._environment import ENDPOINT_VARIABLES
from voicelive.local import Engines, LocalService


@contextmanager
def voice_service(
    pacing: Literal["fast", "real"] = "fast", faults: Sequence[str] = ()
) -> Generator[dict[str, Any], None, None]:
    """Yield the arguments for ``connect()``; the same ones work for the sync and the async client.

    ``connect()`` reads endpoint and key from the environment by itself. VOICELIVE_MODEL names another model. A local
    service commits `faults`.
    """
    options: dict[str, Any] = {"model": os.environ.get("VOICELIVE_MODEL", "gpt-4o")}
    if any(os.environ.get(name) for name in ENDPOINT_VARIABLES):
        yield options
        return
    with (
        closing(Engines.best()) as engines,
        LocalService.in_thread(engines=engines, pacing=pacing, faults=faults) as service,
    ):
        print(f"(no endpoint in the environment: using a local service at {service.endpoint})", file=sys.stderr)
        yield {**options, "endpoint": service.endpoint}
