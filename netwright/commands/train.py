"""Train a spec as its `train` section says: forward, backward and optimizer compiled into one XLA program. DIR gets
model.weights.h5 (the emitted Keras model loads it), log.jsonl, metrics.json, and the last and the best checkpoint.
A run that is killed, at whatever moment, goes on from the last one and ends as if it had not been.

  netwright train specs/digits_mlp.yaml --out run
  netwright train specs/digits_mlp.yaml --out run --resume --epochs 80    # go on; Ctrl-C saves first
"""

from __future__ import annotations

import argparse
import sys
from pathlib import Path
from typing import Any

from netwright.commands.engine_options import add_engine, add_training, target_of
from netwright.commands.spec_options import add_spec, compiled
from netwright.output import print_text

HELP = "train a spec under XLA"


def configure(parser: argparse.ArgumentParser) -> None:
    """Declare the options."""
    add_spec(parser)
    parser.add_argument("--out", metavar="DIR", required=True, help="folder for weights, log, metrics and checkpoint")
    parser.add_argument("--epochs", type=_count, metavar="N", help="passes over the examples (default: the spec's)")
    parser.add_argument("--batch-size", type=_count, metavar="N", help="examples a step (default: the spec's)")
    where = parser.add_mutually_exclusive_group()
    where.add_argument(
        "--resume", action="store_const", const="last", help="go on with the run in DIR where it stopped"
    )
    where.add_argument(
        "--resume-best",
        dest="resume",
        action="store_const",
        const="best",
        help="go on after its best epoch: that of the smallest validation loss, or loss where there is no validation",
    )
    parser.add_argument(
        "--checkpoint-seconds",
        type=_seconds,
        default=300.0,
        metavar="S",
        help="save within an epoch too, when so many seconds have passed (default: 300)",
    )
    parser.add_argument("--force", action="store_true", help="write into a folder that is no run of Netwright")
    add_engine(parser)
    add_training(parser)
    parser.set_defaults(seed=None)


def run(options: argparse.Namespace) -> int:
    """Train, and print the figures of the examples held back."""
    from netwright.backends.xla.train import Settings, checked_plan, train
    from netwright.backends.xla.training.interruption import Interrupted
    from netwright.commands.train_progress import TerminalProgress
    from netwright.run_folder import RunFolder

    model = compiled(options)
    checked_plan(model)
    folder = RunFolder(Path(options.out), options.spec)
    folder.check(force=options.force)
    settings = Settings(
        target_of(options),
        options.epochs,
        options.batch_size,
        options.seed,
        options.resume,
        options.checkpoint_seconds,
    )
    progress = TerminalProgress(sys.stderr)
    try:
        metrics = train(model, folder, settings, progress)
    except Interrupted as stopped:
        progress.close()
        print(f"netwright: {stopped}\n  to go on: the same command with --resume", file=sys.stderr)
        return 1
    finally:
        progress.close()
    print_text(last_line(metrics) + "\n")
    return 0


def last_line(metrics: dict[str, Any]) -> str:
    """`test: loss 0.08, accuracy 0.978`, of the examples that training saw least."""
    from netwright.commands.train_progress import figures_text

    part = next(name for name in ("test", "validation", "train") if metrics[name] is not None)
    return f"{part}: {figures_text(metrics[part], ', ')}"


def _seconds(text: str) -> float:
    try:
        seconds = float(text)
    except ValueError:
        seconds = -1.0
    if not seconds >= 0:
        raise argparse.ArgumentTypeError(f"expected a number of seconds, found {text!r}")
    return seconds


def _count(text: str) -> int:
    number = int(text) if text.isdecimal() else 0
    if number < 1:
        raise argparse.ArgumentTypeError(f"expected a number from 1 on, found {text!r}")
    return number
