"""Owns the options of direct execution: --engine, --device, --jit, --repeat, --seed, --allow-extern, --precision; and
of training: --remat."""

from __future__ import annotations

import argparse
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from netwright.backends.xla.target import Target


def add_engine(parser: argparse.ArgumentParser) -> None:
    """Declare them."""
    parser.add_argument(
        "--engine",
        choices=("auto", "tensorflow", "jax"),
        default="tensorflow",
        help="what compiles and runs the program (default: tensorflow; auto: what suits the model, of those installed)",
    )
    parser.add_argument(
        "--device",
        choices=("auto", "cpu", "gpu"),
        default="auto",
        help="where to run it (default: a GPU if there is one)",
    )
    parser.add_argument(
        "--jit",
        choices=("auto", "on", "off"),
        default="auto",
        help="compile with XLA, or use TensorFlow's own kernels (default: what is faster on the device)",
    )
    parser.add_argument(
        "--repeat",
        choices=("auto", "scan", "unroll"),
        default="auto",
        help="run the copies of a repeat as a loop, or lay them out (default: what is faster on the device)",
    )
    parser.add_argument("--seed", type=int, default=0, metavar="N", help="of initial weights and dropout (default: 0)")
    parser.add_argument(
        "--allow-extern",
        action="append",
        default=[],
        metavar="MODULE",
        help="import this module, or those of this package, for the spec's externs; again for more",
    )


def add_training(parser: argparse.ArgumentParser) -> None:
    """Declare those that only training has."""
    parser.add_argument(
        "--remat",
        choices=("none", "repeat", "block"),
        help="compute blocks, or copies of repeats, again in the backward pass to save memory (default: the spec's)",
    )
    add_precision(parser, "the spec's")


def add_precision(parser: argparse.ArgumentParser, default: str) -> None:
    """Declare what layers compute in."""
    parser.add_argument(
        "--precision",
        choices=("f32", "bf16", "f16"),
        help=f"what layers compute in; weights are f32 (default: {default})",
    )


def target_of(options: argparse.Namespace) -> Target:
    """What they ask for."""
    from netwright.backends.xla.target import Target

    return Target(
        options.engine,
        options.device,
        options.jit,
        options.repeat,
        getattr(options, "remat", None),
        getattr(options, "precision", None),
        tuple(options.allow_extern),
    )
