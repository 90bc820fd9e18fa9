"""Layers run directly and in the emitted Keras model, on the engine of KERAS_BACKEND (see `test_program_engines.py`):
the same weights and arrays give the same outputs and gradients."""

from __future__ import annotations

from typing import Any

import pytest
from xla.layer_families import FAMILIES, NOWHERE, ON_TENSORFLOW, nowhere

from netwright.backends.xla.engines.engine import Engine
from netwright.backends.xla.program import Program
from netwright.backends.xla.sites import sites_of
from netwright.backends.xla.support import check_compiled
from netwright.dsl.diagnostics import SpecError

pytestmark = pytest.mark.keras


@pytest.mark.parametrize("name", FAMILIES)
def test_direct_execution_is_the_emitted_model(name: str, engine: Engine, rng: Any, twins: Any) -> None:
    FAMILIES[name].check(engine, rng, twins, gradients=True)


def test_what_runs_on_tensorflow_alone(engine: Engine, rng: Any, twins: Any) -> None:
    if engine.name == "tensorflow":
        ON_TENSORFLOW.check(engine, rng, twins, gradients=True)
        return
    with pytest.raises(SpecError, match="XLA cannot run multi_head_attention on jax"):
        Program(ON_TENSORFLOW.compiled(), engine)


@pytest.mark.parametrize("line", NOWHERE)
def test_what_neither_engine_runs_is_refused_at_its_place(engine: Engine, line: str) -> None:
    name = line.partition("-> ")[2].partition("(")[0]
    with pytest.raises(SpecError, match=f"XLA cannot run {name} on {engine.name}"):
        Program(nowhere(line).compiled(), engine)


@pytest.mark.parametrize("line", NOWHERE)
def test_what_neither_engine_runs_runs_in_emitted_code(engine: Engine, line: str, rng: Any) -> None:
    """On JAX Keras has no strings."""
    if engine.name == "jax" and "words" in line:
        pytest.skip("Keras on JAX takes no strings")
    nowhere(line).check_emitted(rng)


def test_what_xla_does_not_compile_is_refused_at_its_place(engine: Engine, program_of: Any) -> None:
    text = 'inputs: {x: "f32[N, 8, 8, 3]"}\nmodel: |\n  x -> mix_up -> pipeline([random_rotation(0.1)])\n'
    if engine.name == "jax":
        check_compiled(sites_of(program_of(text).graph), "jax", training=True)
        return
    with pytest.raises(SpecError, match="XLA cannot run mix_up on tensorflow"):
        program_of(text)
    with pytest.raises(SpecError, match="XLA cannot train random_rotation on tensorflow"):
        check_compiled(sites_of(program_of(text.replace("mix_up ->", "")).graph), "tensorflow", training=True)
