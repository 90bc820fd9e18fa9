"""Draw the model: blocks as boxes, operators as nodes, shapes on edges, a repeat as one box with its count. The picture
opens as many levels of blocks as fit a page; hovering shows paths, lines, parameters and MACs.

  netwright draw specs/resnet.yaml -o resnet.svg
  netwright draw specs/unet.yaml -o unet.html --depth 2
  netwright draw specs/siamese.yaml --format mermaid         # for Markdown
"""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

from netwright.commands.spec_options import add_spec, at_least, compiled

_BY_SUFFIX = {
    ".svg": "svg",
    ".html": "html",
    ".htm": "html",
    ".mmd": "mermaid",
    ".mermaid": "mermaid",
    ".md": "mermaid",
}


def configure(parser: argparse.ArgumentParser) -> None:
    """Declare the options."""
    add_spec(parser)
    parser.add_argument("-o", "--output", metavar="FILE", help="where to write (default: standard output)")
    parser.add_argument(
        "--format", choices=("svg", "html", "mermaid"), help="what to write (default: as FILE ends, else svg)"
    )
    parser.add_argument(
        "--depth", type=at_least(0), metavar="N", help="levels of blocks to open (default: what fits a page)"
    )
    parser.add_argument("--force", action="store_true", help="replace a file that Netwright did not write")


def run(options: argparse.Namespace) -> int:
    """Draw one spec."""
    from netwright.backends.report.drawing import MARK, draw
    from netwright.backends.report.mermaid import to_mermaid
    from netwright.backends.report.page import fitting_drawing
    from netwright.backends.report.svg import to_html, to_svg
    from netwright.output import print_text, write_text

    form = options.format or _BY_SUFFIX.get(Path(options.output or "").suffix.lower(), "svg")
    write = {"svg": to_svg, "html": to_html, "mermaid": to_mermaid}[form]
    model = compiled(options)
    title = f"{model.name}: {model.spec.about}" if model.spec.about else model.name
    diagram = fitting_drawing(model) if options.depth is None else draw(model, options.depth)
    if diagram.note:
        print(f"netwright: {diagram.note}", file=sys.stderr)
    text = write(diagram, title)
    if options.output is None:
        print_text(text)
        return 0
    write_text(options.output, text, mark=MARK, force=options.force)
    print(f"wrote {options.output}", file=sys.stderr)
    return 0
