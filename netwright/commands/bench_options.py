"""Owns the options of commands that measure: --batch, --steps, --inference, and those of direct execution."""

from __future__ import annotations

import argparse
from typing import TYPE_CHECKING

from netwright.commands.engine_options import add_engine, add_training, target_of
from netwright.commands.spec_options import at_least

if TYPE_CHECKING:
    from netwright.backends.xla.bench.case import Conditions


def add_measuring(parser: argparse.ArgumentParser, steps: int, done: str) -> None:
    """Declare them: so many steps are `done`, say timed."""
    count = at_least(1)
    parser.add_argument("--batch", type=count, metavar="N", help="examples a step (default: the spec's)")
    parser.add_argument("--steps", type=count, default=steps, metavar="N", help=f"steps that are {done} ({steps})")
    parser.add_argument(
        "--seconds", type=count, default=10, metavar="N", help=f"no other step is {done} after so many (10)"
    )
    parser.add_argument("--inference", action="store_true", help="measure inference, not training")
    parser.add_argument("--format", choices=("text", "json"), default="text", help="what to print (default: text)")
    add_engine(parser)
    add_training(parser)


def conditions_of(options: argparse.Namespace) -> Conditions:
    """What they ask for."""
    from netwright.backends.xla.bench.case import Conditions

    return Conditions(
        target_of(options), options.batch, options.inference, options.steps, options.seconds, options.seed
    )
