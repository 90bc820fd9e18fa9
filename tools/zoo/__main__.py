"""Write specs/README.md, the table of the zoo, or with --check say whether it is as it would be written:

python tools/zoo
python tools/zoo --check
"""

from __future__ import annotations

import sys

from entries import SPECS, groups
from page import write_page


def main(arguments: list[str]) -> int:
    """Write the page, or compare."""
    page = SPECS / "README.md"
    text = write_page(list(groups()))
    if "--check" not in arguments:
        page.write_text(text, encoding="utf-8", newline="\n")
    elif not page.is_file() or page.read_text(encoding="utf-8") != text:
        print("specs/README.md is out of date: make zoo", file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
