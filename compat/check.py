"""One check, in a process of its own: ``python -m compat.check viz``."""

import sys
from importlib import import_module

from compat.report import keep_apart

if __name__ == "__main__":
    # Before anything is imported that prints when it is.
    keep_apart()
    import_module(f"compat.{sys.argv[1]}").main()
