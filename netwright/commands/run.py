"""Run a spec on arrays, compiled by XLA: inputs and outputs are .npz files with arrays by the names of the spec's
inputs and outputs. The weights may be a .weights.h5 that the emitted Keras model or `netwright train` saved; without
them the model is initialised from --seed.

  netwright run specs/mnist_mlp.yaml --weights run/model.weights.h5 --input digits.npz --output out.npz
"""

from __future__ import annotations

import argparse
import sys
from pathlib import Path
from typing import Any
from zipfile import BadZipFile

from netwright.commands.engine_options import add_engine, add_precision, target_of
from netwright.commands.spec_options import add_spec, compiled
from netwright.output import replacing


def configure(parser: argparse.ArgumentParser) -> None:
    """Declare the options."""
    add_spec(parser)
    parser.add_argument("--weights", metavar="FILE", help="weights: a .weights.h5 of the emitted model")
    parser.add_argument("--input", metavar="FILE.npz", required=True, help="arrays by the names of the inputs")
    parser.add_argument("--output", metavar="FILE.npz", required=True, help="where to write the outputs")
    parser.add_argument("--force", action="store_true", help="replace a file that exists")
    add_engine(parser)
    add_precision(parser, "f32")


def run(options: argparse.Namespace) -> int:
    """Run the model once."""
    from netwright.backends.xla.run import run as run_model

    model = compiled(options)
    inputs = _read(Path(options.input))
    weights = Path(options.weights) if options.weights else None
    outputs = run_model(
        model,
        inputs,
        weights,
        target=target_of(options),
        seed=options.seed,
    )
    _write(Path(options.output), outputs, force=options.force)
    shapes = ", ".join(f"{name} {array.dtype}{list(array.shape)}" for name, array in outputs.items())
    print(f"wrote {options.output}: {shapes}", file=sys.stderr)
    return 0


def _read(path: Path) -> dict[str, Any]:
    """The arrays of an .npz file. Objects are refused: reading them would run code of the file's."""
    import numpy as np

    from netwright.backends.xla.errors import ExecutionError

    try:
        with np.load(path, allow_pickle=False) as arrays:
            if isinstance(arrays, np.ndarray):
                raise ExecutionError(f"{path}: one array without a name, expected an .npz file with named arrays")
            return dict(arrays)
    except (OSError, ValueError, EOFError, BadZipFile) as error:
        help = "write one with numpy.savez(file, NAME=array)"
        raise ExecutionError(f"{path}: cannot be read as an .npz file: {error}", help=help) from error


def _write(path: Path, outputs: dict[str, Any], *, force: bool) -> None:
    import numpy as np

    with replacing(path, force=force) as temporary, temporary.open("wb") as file:
        np.savez(file, **outputs)
