"""`python -m netwright`."""

from __future__ import annotations

import sys

from netwright.cli import main

if __name__ == "__main__":
    sys.exit(main())
