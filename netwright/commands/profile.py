"""Say which blocks of a spec take the time of a step under XLA: the rows of `summary`, each with what its operations
take forward and backward, as the framework's profiler measures them on made-up data. What XLA fuses over several layers
counts for the one that it ends in.

  netwright profile specs/resnet.yaml --batch 4 --engine jax --depth 1
  netwright profile specs/gpt2.yaml --set T=128 --batch 1 --inference --format json
"""

from __future__ import annotations

import argparse

from netwright.commands.bench_options import add_measuring, conditions_of
from netwright.commands.spec_options import add_spec, at_least, compiled
from netwright.output import print_text


def configure(parser: argparse.ArgumentParser) -> None:
    """Declare the options."""
    add_spec(parser)
    parser.add_argument(
        "--depth", type=at_least(0), metavar="N", help="how many levels of blocks to open (default: all)"
    )
    add_measuring(parser, 5, "profiled")


def run(options: argparse.Namespace) -> int:
    """Profile the spec and print the table."""
    from netwright.backends.report.profile import ProfileTable, profile_json, profile_text
    from netwright.backends.xla.bench.case import case_of
    from netwright.backends.xla.bench.profile import profile

    model = compiled(options)
    case = case_of(model, dict(options.params), options.preset, conditions_of(options))
    table = ProfileTable(model, case, profile(case), options.depth)
    print_text((profile_json if options.format == "json" else profile_text)(table) + "\n")
    return 0
