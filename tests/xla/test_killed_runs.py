"""Runs `killed_on_engine.py` on each engine."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

CHECKS = Path(__file__).parent / "killed_on_engine.py"


@pytest.mark.keras
@pytest.mark.slow
@pytest.mark.parametrize("engine", ["jax", "tensorflow"])
def test_engine(engine: str) -> None:
    pytest.importorskip(engine)
    command = [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", str(CHECKS)]
    environment = {**os.environ, "KERAS_BACKEND": engine, "XLA_FLAGS": "--xla_backend_optimization_level=0"}
    done = subprocess.run(command, env=environment, capture_output=True, text=True, check=False, timeout=900)
    assert done.returncode == 0, done.stdout + done.stderr
