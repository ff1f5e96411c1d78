"""`voicelive doctor`: walks the path a connection takes, and says where it ends and what to do about it.

- `steps.py`: the steps, their exit codes, and what became of each
- `configuration.py`: what is to be checked, from options and environment
- `route.py`: DNS, proxy and TCP; `certificate.py`: TLS
- `opening.py`: redirect, upgrade, authentication; `session.py`: model, session.created and a text turn
- `privacy.py`: keeps credentials out of what is shown; `report.py`: shows it
- `code.py`, `code_report.py`: what of a program for azure-ai-voicelive has to change
- `walk.py`: one step after the other; `command.py`: the command's options
"""

from .command import doctor

__all__ = ["doctor"]
