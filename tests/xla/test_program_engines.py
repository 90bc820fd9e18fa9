"""Runs the checks of `on_engine*.py` on each engine, in processes of their own: Keras has one backend in a process."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

CHECKS = sorted(Path(__file__).parent.glob("on_engine*.py"))
#: what is run is small and compiled once, so that compiling it fast matters more than fast code
QUICK = "--xla_backend_optimization_level=0"


@pytest.mark.keras
@pytest.mark.parametrize("engine", ["jax", "tensorflow"])
@pytest.mark.parametrize("checks", CHECKS, ids=lambda path: path.stem.removeprefix("on_engine_"))
def test_engine(checks: Path, engine: str) -> None:
    pytest.importorskip(engine)
    command = [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", str(checks)]
    environment = {**os.environ, "KERAS_BACKEND": engine, "XLA_FLAGS": QUICK}
    done = subprocess.run(command, env=environment, capture_output=True, text=True, check=False, timeout=900)
    assert done.returncode == 0, done.stdout + done.stderr
