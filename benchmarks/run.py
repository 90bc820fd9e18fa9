"""Run the benchmarks and print their tables: `make bench`, or `python benchmarks/run.py NAME...` for some."""

from __future__ import annotations

import platform
import sys

import check
import inference
import memory
import training

BENCHMARKS = {**check.BENCHMARKS, **memory.BENCHMARKS, **inference.BENCHMARKS, **training.BENCHMARKS}


def main(names: list[str]) -> int:
    """Run the benchmarks whose names contain one of the words given; without words, all."""
    print(f"{platform.machine()}, Python {platform.python_version()}")
    for name, benchmark in BENCHMARKS.items():
        if not names or any(word in name for word in names):
            print(f"\n{name}")
            for label, figure in benchmark():
                print(f"  {label:<62} {figure:>10}", flush=True)
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
