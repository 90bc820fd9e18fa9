"""Owns the command line: finds the command, parses its options, and turns what goes wrong into messages and exit
statuses (0 all well; 1 a spec has errors or a check failed; 2 the command line is wrong). See `commands/`."""

from __future__ import annotations

import argparse
import io
import os
import sys
from collections.abc import Sequence
from importlib import import_module
from typing import Any

from netwright.dsl.diagnostics import SpecError
from netwright.output import OutputError, print_text
from netwright.version import __version__

#: what each command does; its module is imported only when it is asked for
COMMANDS = {
    "check": "check specs: shapes, arguments, parameter counts, and their own claims",
    "summary": "print every layer with output, parameters, MACs and memory",
    "emit": "write Keras code",
    "train": "train a spec under XLA",
    "evaluate": "loss and metrics of trained weights under XLA",
    "run": "run a spec on arrays under XLA",
    "bench": "measure steps of a spec under XLA, beside Keras's",
    "profile": "say which blocks of a spec take a step's time under XLA",
    "draw": "draw a model as SVG or Mermaid",
    "ops": "list the operators, or show one",
    "schema": "print the JSON Schema of spec files",
}

_ABOUT = """\
Netwright compiles neural networks described in text. Begin with

  netwright check specs/mnist_mlp.yaml          is it right, how large is it, do its claims hold?
  netwright summary specs/resnet.yaml         every layer with shape, parameters, MACs and memory
  netwright emit specs/resnet.yaml -o net.py  Keras code that needs nothing of Netwright
  netwright train specs/mnist_mlp.yaml --out d  train it under XLA

`netwright COMMAND --help` tells more of each.
"""


def main(arguments: Sequence[str] | None = None) -> int:
    """Run one command; returns the exit status."""
    _prepare_streams()
    given = sys.argv[1:] if arguments is None else list(arguments)
    try:
        options = _parser(given).parse_args(given)
        return int(import_module(f"netwright.commands.{options.command}").run(options))
    except SpecError as error:
        _show(error)
        return 1
    except OutputError as error:
        return _fail(str(error))
    except BrokenPipeError:
        return 1  # the reader has gone (`| head`); there is nobody left to tell
    except KeyboardInterrupt:
        return _fail("stopped")
    except _execution_error() as error:
        return _fail(str(error))


def _prepare_streams() -> None:
    """Streams that take everything: a closed one takes it to nowhere, and no file that is opened later gets its number;
    a terminal that cannot show a sign still shows the message."""
    sys.stdout = sys.stdout or open(os.devnull, "w", encoding="utf-8")  # noqa: SIM115
    sys.stderr = sys.stderr or open(os.devnull, "w", encoding="utf-8")  # noqa: SIM115
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):
            stream.reconfigure(errors="backslashreplace")


def _execution_error() -> type[Exception]:
    """Asked for only once something was raised, so that no other command loads it."""
    from netwright.backends.xla.errors import ExecutionError

    return ExecutionError


class _Parser(argparse.ArgumentParser):
    """argparse's, whose help finds a full disk and a reader that has gone as all other output does."""

    def _print_message(self, message: str, file: Any = None) -> None:
        if message and file is sys.stdout:
            print_text(message)
        else:
            super()._print_message(message, file)


def _parser(given: Sequence[str]) -> argparse.ArgumentParser:
    """The parser of the whole command line, with the options of the command that is asked for."""
    layout = argparse.RawDescriptionHelpFormatter
    parser = _Parser(prog="netwright", description=_ABOUT, formatter_class=layout)
    parser.add_argument("--version", action="version", version=f"netwright {__version__}")
    commands = parser.add_subparsers(dest="command", metavar="COMMAND", required=True)
    for name, help in COMMANDS.items():
        module = import_module(f"netwright.commands.{name}") if name in given else None
        command = commands.add_parser(
            name, help=help, description=module.__doc__ if module else None, formatter_class=layout
        )
        if module is not None:
            module.configure(command)
    return parser


def _show(error: SpecError) -> None:
    from netwright.commands.terminal import use_color
    from netwright.dsl.render import render_text

    for diagnostic in error.diagnostics:
        print(render_text(diagnostic, color=use_color(sys.stderr)), file=sys.stderr)
        print(file=sys.stderr)


def _fail(message: str) -> int:
    print(f"netwright: {message}", file=sys.stderr)
    return 1
