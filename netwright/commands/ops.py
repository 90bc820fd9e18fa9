"""Print the catalogue: every operator, initializer, loss, optimizer, ... by family; or the page of one.

  netwright ops
  netwright ops conv2d
  netwright ops CosineDecay
  netwright ops lstm --format json
  netwright ops --format markdown > operators.md

Names are those of flow or of Keras's classes.
"""

from __future__ import annotations

import argparse
import json
import sys

from netwright.output import print_text

_FORMAT = "what to print; markdown is for the list of all operators, with their pages (default: text)"


def configure(parser: argparse.ArgumentParser) -> None:
    """Declare the options."""
    parser.add_argument("name", metavar="NAME", nargs="?", help="an operator, loss, optimizer, ... (default: list all)")
    parser.add_argument("--format", choices=("text", "json", "markdown"), default="text", help=_FORMAT)


def run(options: argparse.Namespace) -> int:
    """Print the list or one page."""
    from netwright.backends.report import reference
    from netwright.commands.terminal import width

    as_json = options.format == "json"
    if options.name is None:
        _show(_catalogue(options.format))
        return 0
    if options.format == "markdown":
        print("netwright: --format markdown prints the whole catalogue: leave the name out", file=sys.stderr)
        return 2
    found = reference.find(options.name)
    if not found:
        return _unknown(options.name, reference.known_names())
    if as_json:
        pages = [reference.page_json(cls) for cls in found]
        _show(_json(pages[0] if len(pages) == 1 else pages))
    else:
        _show("\n\n\n".join(reference.page_text(cls, width(sys.stdout)) for cls in found))
    return 0


def _catalogue(format: str) -> str:
    from netwright.backends.report import reference
    from netwright.commands.terminal import width

    if format == "json":
        return _json(reference.catalogue_json())
    return reference.catalogue_markdown() if format == "markdown" else reference.catalogue_text(width(sys.stdout))


def _show(text: str) -> None:
    print_text(text + "\n")


def _json(data: object) -> str:
    return json.dumps(data, indent=1, ensure_ascii=False)


def _unknown(name: str, names: list[str]) -> int:
    from netwright.dsl.display import escape
    from netwright.dsl.suggest import did_you_mean

    help = did_you_mean(name, names) or "`netwright ops` lists every name"
    print(f"netwright: no operator is called '{escape(name)}'; {help}", file=sys.stderr)
    return 2
