"""Print a table of the model: each layer with its output, parameters, MACs, memory (of the output) and what a training
step keeps for the backward pass. Layers in blocks are indented below them; a repeat is one row with its count, and its
figures are those of all copies. --peaks adds the most memory that a layer or block takes at once while it runs, in
inference and in a training step.

  netwright summary specs/resnet.yaml --depth 1 --peaks
  netwright summary specs/unet.yaml --format markdown --batch 4 --dtype bf16
"""

from __future__ import annotations

import argparse
import sys

from netwright.commands.spec_options import add_spec, at_least, compiled
from netwright.output import print_text


def configure(parser: argparse.ArgumentParser) -> None:
    """Declare the options."""
    add_spec(parser)
    parser.add_argument(
        "--depth", type=at_least(0), metavar="N", help="how many levels of blocks to open (default: all)"
    )
    parser.add_argument(
        "--batch", type=at_least(1), default=1, metavar="N", help="examples that memory is counted for (1)"
    )
    parser.add_argument(
        "--dtype",
        choices=("f16", "bf16", "f32"),
        default="f32",
        help="dtype that memory is counted in where a tensor is f32",
    )
    parser.add_argument("--peaks", action="store_true", help="show the peak memory of each row in tables")
    parser.add_argument(
        "--format", choices=("text", "json", "markdown", "csv"), default="text", help="what to print (default: text)"
    )


def run(options: argparse.Namespace) -> int:
    """Print the summary."""
    from netwright.backends.report.summary import summary_rows
    from netwright.backends.report.tables import FORMATS, Setting, text
    from netwright.commands.terminal import width

    model = compiled(options)
    at = Setting(options.batch, options.dtype, options.peaks)
    rows = list(summary_rows(model, depth=options.depth, batch=at.batch, dtype=at.dtype))
    if options.format == "text":
        print_text(text(model, rows, at, width(sys.stdout)) + "\n")
    else:
        print_text(FORMATS[options.format](model, rows, at) + "\n")
    return 0
