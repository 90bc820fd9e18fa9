"""Train a spec as its `train` section says: forward, backward and optimizer compiled into one XLA program. DIR gets
model.weights.h5 (the emitted Keras model loads it), log.jsonl, metrics.json, and a checkpoint to go on from.

  netwright train specs/digits_mlp.yaml --out run
  netwright train specs/digits_mlp.yaml --out run --resume --epochs 80    # go on; Ctrl-C saves first
"""

from __future__ import annotations

import argparse
import sys
from pathlib import Path
from typing import Any

from netwright.commands.engine_options import add_engine, add_training
from netwright.commands.spec_options import add_spec, compiled
from netwright.output import print_text

HELP = "train a spec under XLA"


def configure(parser: argparse.ArgumentParser) -> None:
    """Declare the options."""
    add_spec(parser)
    parser.add_argument("--out", metavar="DIR", required=True, help="folder for weights, log, metrics and checkpoint")
    parser.add_argument("--epochs", type=_count, metavar="N", help="passes over the examples (default: the spec's)")
    parser.add_argument("--batch-size", type=_count, metavar="N", help="examples a step (default: the spec's)")
    parser.add_argument("--resume", action="store_true", help="go on with the run in DIR where it stopped")
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
        options.engine,
        options.device,
        options.epochs,
        options.batch_size,
        options.seed,
        options.resume,
        tuple(options.allow_extern),
        options.remat,
        options.precision,
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


def _count(text: str) -> int:
    number = int(text) if text.isdecimal() else 0
    if number < 1:
        raise argparse.ArgumentTypeError(f"expected a number from 1 on, found {text!r}")
    return number
