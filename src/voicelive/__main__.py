"""``python -m voicelive`` is the command ``voicelive``."""

from .cli import main

if __name__ == "__main__":
    main()
