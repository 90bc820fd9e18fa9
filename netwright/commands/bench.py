"""Measure how fast specs run under XLA: the time to the first step, a steady step, examples and FLOPs a second, the
share of the device's peak, peak memory. Data is made up; a spec without `train`, and any with --inference, is
measured in inference. Each measurement has a process of its own.

  netwright bench specs/mnist_mlp.yaml --engine jax --batch 128
  netwright bench specs/resnet50.yaml --batch 4 --vs keras     # beside the emitted module on the same backend
  netwright bench specs/lenet5.yaml specs/vgg16.yaml --format json > bench.json
"""

from __future__ import annotations

import argparse
import json
from typing import Any

from netwright.commands.engine_options import add_engine, add_training, target_of
from netwright.commands.spec_options import add_params, at_least, compile_file
from netwright.output import print_text


def configure(parser: argparse.ArgumentParser) -> None:
    """Declare the options."""
    parser.add_argument("specs", metavar="SPEC", nargs="+", help="spec files")
    add_params(parser)
    parser.add_argument("--batch", type=at_least(1), metavar="N", help="examples a step (default: the spec's)")
    parser.add_argument("--steps", type=at_least(1), default=100, metavar="N", help="steps that are timed (100)")
    parser.add_argument(
        "--seconds", type=at_least(1), default=10, metavar="N", help="begin no other step after so many (10)"
    )
    parser.add_argument("--vs", choices=("keras",), help="measure the emitted Keras module too")
    parser.add_argument("--inference", action="store_true", help="measure inference, not training")
    parser.add_argument("--format", choices=("text", "json"), default="text", help="what to print (default: text)")
    add_engine(parser)
    add_training(parser)


def run(options: argparse.Namespace) -> int:
    """Measure every spec; what is wrong with any of them is said before the first is measured."""
    from netwright.backends.report.bench_text import bench_text
    from netwright.backends.xla.bench.bench import bench
    from netwright.backends.xla.bench.case import Conditions, case_of

    conditions = Conditions(
        target_of(options),
        options.batch,
        options.inference,
        options.steps,
        options.seconds,
        options.seed,
    )
    models = [compile_file(path, options) for path in options.specs]
    cases = [case_of(model, dict(options.params), options.preset, conditions) for model in models]
    reports = []
    for model, case in zip(models, cases, strict=True):
        reports.append(bench(model, case, against_keras=options.vs == "keras"))
        if options.format == "text":
            print_text(bench_text(reports[-1]) + "\n")
    if options.format == "json":
        print_text(_json(reports) + "\n")
    return 0


def _json(reports: list[dict[str, Any]]) -> str:
    return json.dumps(reports[0] if len(reports) == 1 else reports, indent=1)
