"""Evaluate trained weights: loss and metrics in inference, compiled by XLA, over the examples that the spec holds back
for a test, or all where it holds none back; --data gives others. --seed is that of the run: it split the examples.

  netwright evaluate specs/digits_mlp.yaml --weights run/model.weights.h5
  netwright evaluate specs/digits_mlp.yaml --weights run/model.weights.h5 --data new.npz --format json
"""

from __future__ import annotations

import argparse
import json
from pathlib import Path

from netwright.commands.engine_options import add_engine, target_of
from netwright.commands.spec_options import add_spec, at_least, compiled
from netwright.output import print_text


def configure(parser: argparse.ArgumentParser) -> None:
    """Declare the options."""
    add_spec(parser)
    parser.add_argument("--weights", metavar="FILE", required=True, help="a .weights.h5 that `netwright train` saved")
    which = parser.add_mutually_exclusive_group()
    which.add_argument(
        "--data", metavar="PATH", help="an .npz or .csv file or a folder of images, in place of the spec's"
    )
    which.add_argument(
        "--part",
        choices=("test", "validation", "train", "all"),
        help="of the spec's examples (default: test, or all where it holds none back)",
    )
    parser.add_argument("--batch-size", type=at_least(1), metavar="N", help="examples at once (default: the spec's)")
    parser.add_argument("--format", choices=("text", "json"), default="text", help="what to print (default: text)")
    add_engine(parser)
    parser.set_defaults(seed=None)


def run(options: argparse.Namespace) -> int:
    """Print the figures."""
    from netwright.backends.xla.evaluate import Evaluation, evaluate
    from netwright.commands.train_progress import figures_text

    asked = Evaluation(
        Path(options.weights),
        Path(options.data) if options.data else None,
        options.part,
        target_of(options),
        options.batch_size,
        options.seed,
    )
    found = evaluate(compiled(options), asked)
    if options.format == "json":
        print_text(json.dumps({"spec": options.spec, "weights": options.weights, **found}, indent=2) + "\n")
    else:
        print_text(f"{found['part']} ({found['examples']} examples): {figures_text(found['figures'], ', ')}\n")
    return 0
