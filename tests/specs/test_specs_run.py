"""Every spec is built, run, trained and run directly on both backends, each in a process of its own, with the same
weights and equal outputs. The specs are reduced (`reduced.yaml`); at full size their emitted models are counted, with
variables that have no values."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

pytestmark = [pytest.mark.keras, pytest.mark.slow]
HERE = Path(__file__).parent
BACKENDS = ("jax", "tensorflow")
#: compile quickly, not well, and keep nothing: these programs run for milliseconds
QUICK = {
    "JAX_ENABLE_COMPILATION_CACHE": "false",
    "XLA_FLAGS": "--xla_backend_optimization_level=0 --xla_llvm_disable_expensive_passes=true"
    " --xla_cpu_use_fusion_emitters=false",
}


def started(check: str, backend: str, outputs: Path) -> subprocess.Popen[str]:
    """A pytest process over one file of checks."""
    environment = {**os.environ, **QUICK, "KERAS_BACKEND": backend, "SPEC_OUTPUTS": str(outputs)}
    command = [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", str(HERE / check)]
    return subprocess.Popen(command, env=environment, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)


def finished(process: subprocess.Popen[str]) -> str:
    """What went wrong in it, if anything did."""
    printed, _ = process.communicate(timeout=1800)
    return printed if process.returncode else ""


def test_every_spec_on_both_backends(tmp_path: Path) -> None:
    for backend in BACKENDS:
        pytest.importorskip(backend)
    processes = [started("on_spec.py", backend, tmp_path) for backend in BACKENDS]
    faults = [finished(process) for process in processes]
    assert not any(faults), "\n".join(faults)
    found = sorted(tmp_path.glob("*.jax.npz"))
    assert found
    for path in found:
        with np.load(path) as one, np.load(str(path).replace(".jax.", ".tensorflow.")) as other:
            for name in other.keys() & one.keys():
                rtol, atol = (1e-4, 0) if name.startswith("losses") else (0, 1e-5 * np.abs(one[name]).max())
                np.testing.assert_allclose(one[name], other[name], rtol, atol, err_msg=f"{path.stem}: {name}")


def test_every_spec_is_counted_at_full_size(tmp_path: Path) -> None:
    """Every member of every family, on TensorFlow, which starts sooner."""
    pytest.importorskip("tensorflow")
    assert not finished(started("on_full_size.py", "tensorflow", tmp_path))
