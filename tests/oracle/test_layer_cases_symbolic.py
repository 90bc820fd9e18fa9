"""The formulas of the shape rules: whatever size of a layer call is made a symbol, the formula at that size is the
shape that Keras's run had. A rule may want a size to be a number (channels, say); then it says so."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from typing import Any

import pytest
from oracle.test_layer_cases import CASES_BY_LAYER, Ask, Case, _shapes

from netwright.compiler.dims import evaluate

#: where equal sizes must be seen to be equal, as in Keras: a symbol beside a number is refused
SEEN_EQUAL = {"Dot", "EinsumDense", "Attention", "AdditiveAttention"}


@pytest.mark.parametrize("layer", sorted(CASES_BY_LAYER))
def test_formulas(layer: str, ask: Ask) -> None:
    cases = [case for case in CASES_BY_LAYER[layer] if case["clean"] and _has_elements(case)]
    tally: Counter[str] = Counter()
    for case in cases:
        for shapes in _with_one_symbol(case["run_input_shapes"]):
            tally[_verdict(case, shapes, ask)] += 1
    wrong = [verdict for verdict in tally if verdict not in {"equal", "refused"}]
    assert not wrong, "\n" + "\n".join(wrong)
    assert tally["equal"] or not cases


def _has_elements(case: Case) -> bool:
    """The run gave a result that is not empty: what holds for one size of 0 need not hold for others."""
    return "run_output_shape" in case and all(0 not in shape for shape in _shapes(case["run_output_shape"]))


def _with_one_symbol(given: list[list[int]]) -> Iterator[list[list[int | None]]]:
    """The shapes with one axis unknown, of all operands at once."""
    for axis in range(1, max(map(len, given))):
        yield [[None if at == axis else size for at, size in enumerate(shape)] for shape in given]


def _verdict(case: Case, shapes: list[list[int | None]], ask: Ask) -> str:
    answer = ask(case["layer"], case["kwargs"], shapes)
    if answer.refusal:
        honest = "must be known when the model is compiled" in answer.refusal or case["layer"] in SEEN_EQUAL
        known = ask(case["layer"], case["kwargs"], case["run_input_shapes"])
        return "refused" if honest or known.refusal else f"{case['id']} {shapes}: {answer.refusal}"
    values = {
        name: size
        for names, shape in zip(answer.symbols, case["run_input_shapes"], strict=True)
        for name, size in zip(names, shape, strict=True)
        if name
    }
    found: list[Any] = [[evaluate(dim, values) for dim in output.shape] for output in answer.outputs]
    expected = _shapes(case["run_output_shape"])
    return "equal" if found == expected else f"{case['id']} {shapes}: {answer.outputs} is {found}, not {expected}"
