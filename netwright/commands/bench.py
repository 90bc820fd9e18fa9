"""Measure how fast specs run under XLA: the time to the first step, a steady step, examples and FLOPs a second, the
share of the device's peak, peak memory. Data is made up; a spec without `train`, and any with --inference, is
measured in inference. Each measurement has a process of its own.

  netwright bench specs/mnist_mlp.yaml --engine jax --batch 128
  netwright bench specs/resnet.yaml --batch 4 --vs keras     # beside the emitted module on the same backend
  netwright bench specs/lenet5.yaml specs/vgg.yaml --format json > bench.json
"""

from __future__ import annotations

import argparse
import json
from dataclasses import replace
from typing import Any

from netwright.commands.bench_options import add_measuring, conditions_of
from netwright.commands.spec_options import add_params, compile_file
from netwright.output import print_text


def configure(parser: argparse.ArgumentParser) -> None:
    """Declare the options."""
    parser.add_argument("specs", metavar="SPEC", nargs="+", help="spec files")
    add_params(parser)
    parser.add_argument("--vs", choices=("keras",), help="measure the emitted Keras module too")
    parser.add_argument("--frozen", action="store_true", help="in inference, make weights constants of the program")
    add_measuring(parser, 100, "timed")


def run(options: argparse.Namespace) -> int:
    """Measure every spec; what is wrong with any of them is said before the first is measured."""
    from netwright.backends.report.bench_text import bench_text
    from netwright.backends.xla.bench.bench import bench
    from netwright.backends.xla.bench.case import case_of

    conditions = replace(conditions_of(options), frozen=options.frozen)
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
