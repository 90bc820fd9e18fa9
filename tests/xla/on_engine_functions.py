"""Functions of keras.ops run directly and in the emitted Keras model, on the engine of KERAS_BACKEND (see
`test_program_engines.py`)."""

from __future__ import annotations

from typing import Any

import pytest
from xla.families import Family

from netwright.backends.xla.engines.engine import Engine
from netwright.dsl.diagnostics import SpecError

pytestmark = pytest.mark.keras


def family(inputs: dict[str, str], *lines: str) -> Family:
    """Each line makes an output; one of several tensors says their names."""
    named = [line if " = " in line else f"y{number} = {line}" for number, line in enumerate(lines)]
    return Family(inputs, tuple(named), 2.0)


def each(names: str, call: str) -> tuple[str, ...]:
    """The call of every function, which stands as `f` in it."""
    return tuple(call.replace("f", name) for name in names.split())


ARRAYS = {"x": "f32[2, 3, 4]", "y": "f32[3, 4]", "n": "i32[2, 4]", "m": "i32[4]"}
FAMILIES = {
    "elementwise": family(
        ARRAYS,
        *each("cbrt copy deg2rad exp2 fabs isneginf isposinf rad2deg signbit sinc", "x -> f"),
        *each("allclose fmax fmin fmod heaviside hypot isclose logaddexp2 nextafter", "(x, y) -> f"),
        *each("bitwise_and bitwise_or bitwise_xor left_shift bitwise_right_shift gcd lcm ldexp", "(n, m) -> f"),
        "n -> bitwise_not",
        "(x, 0.5) -> fmax",
    ),
}
#: what XLA compiles on JAX alone
ON_JAX = ("x -> i0", "y -> i0")


@pytest.mark.parametrize("name", FAMILIES)
def test_direct_execution_is_the_emitted_model(name: str, engine: Engine, rng: Any, twins: Any) -> None:
    FAMILIES[name].check(engine, rng, twins)


def test_what_runs_on_jax_alone(engine: Engine, rng: Any, twins: Any) -> None:
    if engine.name == "jax":
        family(ARRAYS, *ON_JAX).check(engine, rng, twins)
        return
    for line in ON_JAX:
        with pytest.raises(SpecError, match="XLA cannot run"):
            family(ARRAYS, line).check(engine, rng, twins)
