"""`emit --train`: the script is formatted, stands alone, learns, and leaves weights that the model loads."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest
from reference_specs import PATHS

from netwright.backends.keras.emit import emit
from netwright.compiler.model import compile as compile_spec
from netwright.dsl.diagnostics import SpecError

SPECS = [path for path in PATHS if "\ntrain:" in path.read_text(encoding="utf-8")]

SOURCES = {
    "npz": "{npz: a.npz, inputs: {x: features}, targets: {label: y}, split: {validation: 0.25, test: 0.25}}",
    "csv": '{csv: a.csv, inputs: {x: [a, b]}, targets: {label: y}, delimiter: ";"}',
}
SPEC = """
netwright: 1
name: small
inputs: {{x: "f32[N, 2]"}}
model: x -> dense(2, activation=softmax)
train:
  data: {source}
  loss: sparse_categorical_crossentropy
  optimizer: sgd(exponential_decay(0.1, 100, 0.9), momentum=0.9)
  metrics: [accuracy]
  callbacks: [early_stopping(monitor="loss", patience=3)]
  epochs: 2
"""


def ruff(code: str, *options: str) -> str:
    done = subprocess.run(
        [sys.executable, "-m", "ruff", *options, "--isolated", "--line-length", "88", "-"],
        input=code,
        capture_output=True,
        text=True,
        check=False,
    )
    return done.stdout + done.stderr if done.returncode else ""


@pytest.mark.slow
@pytest.mark.parametrize("spec", SPECS, ids=lambda path: path.stem)
def test_a_spec_that_trains_has_a_formatted_script(spec: Path) -> None:
    code = emit(compile_spec(spec), train=True)
    compile(code, spec.stem, "exec")
    assert not ruff(code, "format", "--diff")
    assert not ruff(code, "check", "--select", "E,F,W,I,UP,B")
    assert not {"import netwright", "from netwright"} & {" ".join(line.split()[:2]) for line in code.splitlines()}


def test_a_spec_that_does_not_say_how_is_refused() -> None:
    with pytest.raises(SpecError) as refused:
        emit(compile_spec("netwright: 1\ninputs: {x: 'f32[N, 2]'}\nmodel: x -> dense(1)\n"), train=True)
    assert [item.code for item in refused.value.diagnostics] == ["missing-key"]


@pytest.mark.parametrize(("precision", "policy"), [("f32", None), ("bf16", "mixed_bfloat16"), ("f16", "mixed_float16")])
def test_the_script_sets_the_policy(precision: str, policy: str | None) -> None:
    text = SPEC.format(source=SOURCES["npz"]) + f"  precision: {precision}\n"
    before, told, after = emit(compile_spec(text), train=True).partition("set_global_policy(")
    assert (after.partition(")")[0] or None) == (policy and f'"{policy}"')
    assert not told or before.rindex("def main(") > before.rindex("def build_model(")


@pytest.mark.keras
@pytest.mark.parametrize("kind", SOURCES)
def test_the_script_trains_and_saves(kind: str, tmp_path: Path) -> None:
    import numpy as np

    features, labels = np.random.default_rng(0).normal(size=(8, 2)), np.arange(8) % 2
    np.savez(tmp_path / "a.npz", features=features, y=labels)
    rows = [f"{a};{b};{'yes' if label else 'no'}" for (a, b), label in zip(features, labels, strict=True)]
    (tmp_path / "a.csv").write_text("\n".join(["a;b;y", *rows]))
    (tmp_path / "train.py").write_text(emit(compile_spec(SPEC.format(source=SOURCES[kind])), train=True))
    done = subprocess.run(
        [sys.executable, "train.py", "--epochs", "3", "--out", "a.weights.h5"],
        cwd=tmp_path,
        env={**os.environ, "KERAS_BACKEND": "jax"},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    assert "Epoch 3/3" in done.stdout
    assert (tmp_path / "a.weights.h5").stat().st_size > 0
    assert ("test:" in done.stdout) == (kind == "npz")
