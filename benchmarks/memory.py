"""Peak memory of training as counted (docs/costs.md) against the buffers of JAX's compiled program, and what `remat`
saves of them, as ratios."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

from netwright.api import compile as compile_spec
from netwright.backends.xla.target import Target
from netwright.compiler.dims import evaluate

if TYPE_CHECKING:
    from netwright.backends.xla.program import Program

SPECS = Path(__file__).parent.parent / "specs"
SIZES = {"N": 8, "T": 32, "S": 32}
SMALL: dict[str, dict[str, Any]] = {
    "bilstm_timit": {},
    "char_lstm": {},
    "denoising_autoencoder": {},
    "googlenet": {"scale": 0.25, "size": 96},
    "gpt2": {"vocabulary": 500, "width": 64, "heads": 4, "depth": 6},
    "lenet5": {},
    "mnist_mlp": {},
    "mobilenet_v2": {"alpha": 0.35, "size": 64},
    "resnet": {"width": 16, "size": 64, "depths": [2, 2, 2, 2]},
    "transformer": {"vocabulary": 300, "width": 64, "hidden": 128, "heads": 4, "depth": 3},
    "unet": {"width": 8, "size": 188},
    "vgg": {"width": 8, "size": 64, "hidden": 64},
}


def xla_bytes(program: Program) -> int:
    """Inputs and temporary buffers of a train step: outputs squared and summed, and the gradients of that."""
    import jax
    import jax.numpy as jnp

    def array(shape: Any, dtype: str) -> Any:
        return jax.ShapeDtypeStruct(tuple(shape), dtype)

    def loss(weights: Any, state: Any, inputs: Any) -> Any:
        result = program.forward(weights, state, inputs, training=True)
        return sum(jnp.sum(output.astype("float32") ** 2) for output in result.outputs.values()), result.state

    arrays = {place.path: array(place.slot.variable.shape, place.slot.variable.dtype) for place in program.places}
    inputs = {
        name: array(
            [evaluate(dim, SIZES) for dim in value.type.shape], {"i32": "int32"}.get(value.type.dtype, "float32")
        )
        for name, value in program.inputs.items()
    }
    step = (
        jax.jit(jax.value_and_grad(loss, has_aux=True)).lower(*jax.eval_shape(program.split, arrays), inputs).compile()
    )
    given = sum(each.size * each.dtype.itemsize for each in inputs.values())
    return int(step.memory_analysis().temp_size_in_bytes) + given


def memory() -> Iterator[tuple[str, str]]:
    """What we count for a train step, to what XLA takes on the CPU; small versions of the specs."""
    os.environ["KERAS_BACKEND"] = "jax"
    from netwright.backends.xla.engines.selection import load_engine
    from netwright.backends.xla.program import Program

    engine = load_engine(Target("jax", "cpu"))
    for name, params in SMALL.items():
        model = compile_spec(SPECS / f"{name}.yaml", params=params)
        counted = model.peak_memory(SIZES["N"], SIZES, training=True)
        found = xla_bytes(Program(model, engine))
        assert counted is not None
        yield f"{name}: {counted / 1e6:.2f} MB to {found / 1e6:.2f} MB", f"{counted / found:.2f}"


def rematerialized() -> Iterator[tuple[str, str]]:
    """What XLA takes for a train step that keeps everything, to one that computes blocks again."""
    os.environ["KERAS_BACKEND"] = "jax"
    from netwright.backends.xla.engines.selection import load_engine
    from netwright.backends.xla.program import Program

    engine = load_engine(Target("jax", "cpu"))
    for name in ("gpt2", "resnet", "transformer"):
        model = compile_spec(SPECS / f"{name}.yaml", params=SMALL[name])
        kept, again = (xla_bytes(Program(model, engine, Target(remat=remat))) for remat in ("none", "block"))
        yield f"{name}: {kept / 1e6:.2f} MB to {again / 1e6:.2f} MB", f"{kept / again:.2f}"


BENCHMARKS = {"memory of training against XLA": memory, "memory saved by remat: block": rematerialized}
