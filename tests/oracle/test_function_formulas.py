"""The sizes of tensor functions as formulas: with symbols for sizes they infer what, evaluated, is inferred of the
sizes themselves. (Those against Keras: `test_tensor_functions.py`.) Needs no framework."""

from __future__ import annotations

from random import Random

import pytest
from oracle.test_tensor_functions import GENERATORS

from netwright.compiler.dims import evaluate, symbol
from netwright.compiler.ops.catalogue import find_operator
from netwright.compiler.ops.op import OpError
from netwright.compiler.types import TensorType

CALLS_PER_FUNCTION = 6
#: what a function may say where sizes are symbols: that it needs to know them
UNKNOWN = ("unknown-size", "undecidable")


@pytest.mark.parametrize("name", sorted(GENERATORS))
def test_formulas_hold_at_the_sizes_they_stand_for(name: str) -> None:
    random = Random(name)
    cls = find_operator(name)
    assert cls is not None
    for _ in range(CALLS_PER_FUNCTION):
        call = GENERATORS[name](random)
        op = cls.make(**call.attributes)
        sizes: dict[str, int] = {}
        operands = [opened(random, x, sizes) for x in call.operands]
        keywords = {key: opened(random, x, sizes) for key, x in call.keywords.items()}
        try:
            formulas = op.infer(*operands, **keywords)
        except OpError as error:
            if error.code in UNKNOWN:
                continue
            raise
        known = op.infer(*call.operands, **call.keywords)
        assert evaluated(formulas, sizes) == evaluated(known, {}), (op, operands)


def opened(random: Random, x: TensorType, sizes: dict[str, int]) -> TensorType:
    """The type with symbols for some of its sizes, whose values go to `sizes`."""
    if x.weak:
        return x
    dims = []
    for dim in x.shape:
        name = f"S{len(sizes)}"
        if random.random() < 0.6:
            assert isinstance(dim, int)
            sizes[name] = dim
        dims.append(symbol(name) if name in sizes else dim)
    return x.with_shape(*dims)


def evaluated(types: TensorType | tuple[TensorType, ...], sizes: dict[str, int]) -> list[str]:
    several = types if isinstance(types, tuple) else (types,)
    return [str(each.with_shape(*(evaluate(dim, sizes) for dim in each.shape))) for each in several]
