"""``python -m camber`` is the command line."""

import sys

from camber.cli import main

if __name__ == "__main__":
    sys.exit(main())
