"""How fast checking is, as ratios within one run: against Keras building the same model, with the number of layers, and
against a net of two layers."""

from __future__ import annotations

import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from netwright.api import compile

ROOT = Path(__file__).resolve().parent.parent
#: as keras.applications has it
RESNET50 = (str(ROOT / "specs" / "resnet.yaml"), "--preset", "resnet50_keras")
GPT2 = ROOT / "specs" / "gpt2.yaml"

_KERAS = "import keras; print(keras.applications.ResNet50(weights=None).count_params())"
_FRAMEWORKS = """
import sys
from netwright.cli import main
status = main(["check", *sys.argv[1:]])
print([name for name in ("tensorflow", "keras", "jax", "numpy") if name in sys.modules])
sys.exit(status)
"""
_CATALOGUE = """
from time import perf_counter
import netwright.compiler.ops.op
from netwright.compiler.ops.registry import OPERATORS
start = perf_counter()
found = len(set(OPERATORS.values()))
print(found, perf_counter() - start)
"""


def process_seconds(command: list[str], times: int) -> float:
    """The median wall time of a process."""
    return statistics.median(
        _timed(lambda: subprocess.run(command, check=True, capture_output=True)) for _ in range(times)
    )


def _timed(action: object) -> float:
    start = time.perf_counter()
    action()  # type: ignore[operator]
    return time.perf_counter() - start


def against_keras() -> list[tuple[str, str]]:
    """`netwright check` of ResNet-50 against a process that builds keras.applications.ResNet50."""
    ours = process_seconds([sys.executable, "-m", "netwright", "check", *RESNET50], 9)
    keras = process_seconds([sys.executable, "-c", _KERAS], 3)
    found = subprocess.run([sys.executable, "-c", _FRAMEWORKS, *RESNET50], check=True, capture_output=True, text=True)
    return [
        ("check specs/resnet.yaml --preset resnet50_keras, a process", f"{1000 * ours:.0f} ms"),
        ("Keras builds it and counts, a process", f"{keras:.2f} s"),
        ("times faster", f"{keras / ours:.0f}"),
        ("frameworks loaded by check", found.stdout.splitlines()[-1]),
    ]


def long_chain(layers: int = 10_000) -> list[tuple[str, str]]:
    """A generated spec of many layers in a row, written as a chain and as a list."""
    head = "netwright: 1\nname: chain\ninputs: {x: 'f32[N, 64]'}\nmodel:"
    chain = f"{head} |\n  x\n" + "    -> dense(64, activation=relu)\n" * layers
    items = f"{head}\n" + "  - dense: {units: 64, activation: relu}\n" * layers
    rows = []
    with tempfile.TemporaryDirectory() as folder:
        for name, text in (("chain", chain), ("list", items)):
            file = Path(folder) / f"{name}.yaml"
            file.write_text(text)
            seconds = process_seconds([sys.executable, "-m", "netwright", "check", str(file)], 3)
            rows.append((f"{layers:,} layers as a {name}, a process", f"{seconds:.2f} s"))
    return rows


def depth() -> list[tuple[str, str]]:
    """A net of GPT-3's size against the same net with two layers, in process."""
    sizes = {"width": 12_288, "heads": 96, "T": 1024}
    times = {
        layers: statistics.median(_timed(lambda n=layers: _figures({**sizes, "depth": n})) for _ in range(15))
        for layers in (2, 96)
    }
    total = compile(GPT2, params={**sizes, "depth": 96}).params.total
    return [
        (f"96 layers of width 12,288 ({total / 1e9:.0f} billion parameters)", f"{1000 * times[96]:.1f} ms"),
        ("2 layers of it", f"{1000 * times[2]:.1f} ms"),
        ("ratio", f"{times[96] / times[2]:.2f}"),
    ]


def _figures(params: dict[str, int]) -> None:
    model = compile(GPT2, params=params)
    _ = model.params.total, model.macs, model.ok


def catalogue() -> list[tuple[str, str]]:
    """Loading every operator, of which a check loads the families that its spec uses."""
    runs = [
        subprocess.run([sys.executable, "-c", _CATALOGUE], check=True, capture_output=True, text=True).stdout.split()
        for _ in range(9)
    ]
    seconds = statistics.median(float(run[1]) for run in runs)
    return [(f"import all {runs[0][0]} operators", f"{1000 * seconds:.0f} ms")]


BENCHMARKS = {
    "checking against Keras": against_keras,
    "layers in a row": long_chain,
    "depth of a repeat": depth,
    "catalogue": catalogue,
}
