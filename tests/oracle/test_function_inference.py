"""What Keras's symbolic inference says of tensor functions against what it computes, which decides here (see
`test_tensor_functions.py`): they agree, but for what `works_symbolically` says and the dtypes named below. So an
emitted model goes on with the right shapes."""

from __future__ import annotations

from random import Random

import pytest
from oracle.test_tensor_functions import (
    FUNCTIONS,
    GENERATORS,
    inferred,
    keras_call,
    make,
    placeholder,
    placeholders,
    types_of,
)

pytestmark = pytest.mark.keras

CALLS_PER_FUNCTION = 6
#: of some operands Keras 3.15.1 infers another dtype than it computes
OTHER_DTYPE = {"logsumexp", "meshgrid", "multi_hot", "normalize", "psnr", "reciprocal"}
#: what Keras infers where x is subscripted, not where the function is called
SUBSCRIPTS = {"get_item"}
#: of keras.random Keras infers nothing: emitted code has layers that draw
INFERRED = [name for name in FUNCTIONS if name not in SUBSCRIPTS and not name.startswith("random.")]


@pytest.mark.parametrize("name", INFERRED)
def test_keras_infers_what_it_computes(name: str) -> None:
    random = Random(name)
    for _ in range(CALLS_PER_FUNCTION):
        call = GENERATORS[name](random)
        op = make(name, call.attributes)
        if not call.operands or not op.works_symbolically(*call.operands, **call.keywords):
            continue
        found = types_of(keras_call(op, [placeholder(each) for each in call.operands], placeholders(call)))
        wanted = inferred(op, call)
        if name in OTHER_DTYPE:
            found, wanted = ([each.partition("[")[2] for each in types] for types in (found, wanted))
        assert found == wanted, (op, call)
