"""``python -m voicelive`` is the command ``voicelive``."""

from ._cli import main

if __name__ == "__main__":
    main()
