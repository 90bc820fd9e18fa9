"""What is measured in a process of its own: the frameworks are loaded once, and nothing is warm."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any

SPECS = Path(__file__).resolve().parent.parent / "specs"


def output_of(*arguments: str, **environment: str) -> str:
    """What this Python prints with these arguments."""
    command, variables = [sys.executable, *arguments], {**os.environ, **environment}
    return subprocess.run(command, env=variables, check=True, stdout=subprocess.PIPE, text=True).stdout


def json_of(*arguments: str, **environment: str) -> Any:
    """The JSON that it prints."""
    return json.loads(output_of(*arguments, **environment))


def bench(spec: str, params: Mapping[str, Any], batch: int, *options: str, **environment: str) -> dict[str, Any]:
    """What `netwright bench` finds of a spec of the zoo."""
    words = [word for name, value in params.items() for word in ("--set", f"{name}={value}")]
    asked = ("--batch", str(batch), *options, *words, "--format", "json")
    found: dict[str, Any] = json_of("-m", "netwright", "bench", str(SPECS / f"{spec}.yaml"), *asked, **environment)
    return found
