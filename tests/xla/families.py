"""How families of operators are run directly and in the emitted Keras model: the same weights and arrays give the same
outputs. Each family is one model with an output for each line."""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np

from netwright.api import compile as compile_spec
from netwright.backends.keras.emit import emit
from netwright.backends.xla.engines.engine import Engine
from netwright.backends.xla.program import Program


class Family(NamedTuple):
    """`inputs` by name; the lines of a model, whose outputs are the names that they bind; random floats go up to
    `largest`, integers to 8."""

    inputs: dict[str, str]
    lines: tuple[str, ...]
    largest: float = 1.0

    def check(self, engine: Engine, rng: Any, twins: Any) -> None:
        """Direct execution gives what the emitted model gives."""
        spec = compile_spec(self._text())
        namespace: dict[str, Any] = {}
        exec(emit(spec), namespace)
        model = namespace["build_model"]()
        assert model.count_params() == spec.params.total
        program = Program(spec, engine)
        arrays = twins(program, model)
        inputs = {input: self._array(type, rng) for input, type in self.inputs.items()}
        expected = model(inputs if len(inputs) > 1 else next(iter(inputs.values())), training=False)
        found = engine.compile_forward(program)(*program.split(arrays), inputs)
        for output in program.outputs:
            np.testing.assert_allclose(found[output], expected[output], rtol=1e-5, atol=1e-5, err_msg=output)

    def _text(self) -> str:
        inputs = ", ".join(f'{name}: "{type}"' for name, type in self.inputs.items())
        names = [name for line in self.lines for name in line.partition(" = ")[0].split(", ")]
        lines = "".join(f"  {line}\n" for line in self.lines)
        return f"netwright: 1\nname: t\ninputs: {{{inputs}}}\noutputs: [{', '.join(names)}]\nmodel: |\n{lines}"

    def _array(self, type: str, rng: Any) -> Any:
        dtype, _, sizes = type.removesuffix("]").partition("[")
        shape = [int(size) for size in sizes.split(", ") if size]
        return self.largest * rng.random(shape, "float32") if dtype == "f32" else rng.integers(0, 9, shape, "int32")
