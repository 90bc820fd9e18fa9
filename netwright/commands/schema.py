"""Print the JSON Schema of spec files, for editors to complete and check them:

  netwright schema > netwright.schema.json

and, as the first line of a spec:  # yaml-language-server: $schema=netwright.schema.json
"""

from __future__ import annotations

import argparse
import json

from netwright.output import print_text


def configure(parser: argparse.ArgumentParser) -> None:
    """No options."""


def run(options: argparse.Namespace) -> int:
    """Print the schema."""
    from netwright.dsl.schema import schema

    print_text(json.dumps(schema(), indent=2) + "\n")
    return 0
