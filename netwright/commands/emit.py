"""Write the spec as Keras 3 code: one function a block, loops for repeats, `build_model(...)` with the spec's params.
The module depends on Keras alone (and on the packages of `externs`) and runs on its TensorFlow and JAX backends.

  netwright emit specs/resnet.yaml -o resnet.py
  netwright emit specs/mnist_mlp.yaml --train -o train_mnist.py   # with a training script's command line
"""

from __future__ import annotations

import argparse
import sys

from netwright.commands.spec_options import add_spec, compiled

#: how we recognise a file that we wrote
MARK = "Written by Netwright"


def configure(parser: argparse.ArgumentParser) -> None:
    """Declare the options."""
    add_spec(parser)
    parser.add_argument("-o", "--output", metavar="FILE", help="where to write (default: standard output)")
    parser.add_argument("--train", action="store_true", help="add a complete training script with a command line")
    parser.add_argument("--force", action="store_true", help="replace a file that Netwright did not write")


def run(options: argparse.Namespace) -> int:
    """Emit one module."""
    from netwright.backends.keras.emit import emit
    from netwright.output import print_text, write_text

    code = emit(compiled(options), train=options.train)
    if options.output is None:
        print_text(code)
        return 0
    write_text(options.output, code, mark=MARK, force=options.force)
    print(f"wrote {options.output} ({len(code.splitlines())} lines)", file=sys.stderr)
    return 0
