"""3,000 layer calls and what real Keras 3.15.1 answered, against the catalogue; no framework is needed. The file holds
the symbolic answer and that of a run with all sizes given: where the two differ, the run decides."""

from __future__ import annotations

import gzip
import json
from collections import defaultdict
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from netwright.compiler.dims import Dim, evaluate
from netwright.compiler.ops.catalogue import find_operator

CASES = Path(__file__).parent / "data" / "layer_cases.jsonl.gz"
#: runs that failed on a limit of TensorFlow's CPU kernels alone: softmax of rank above 5 runs under XLA and JAX
KERNEL_LIMITS = {"case-1725"}

Case = dict[str, Any]
Ask = Callable[..., Any]


def _cases_by_layer() -> dict[str, list[Case]]:
    found: dict[str, list[Case]] = defaultdict(list)
    with gzip.open(CASES, "rt", encoding="utf-8") as lines:
        for line in lines:
            case = json.loads(line)
            found[case["layer"]].append(case)
    return found


CASES_BY_LAYER = _cases_by_layer()


def test_the_file_is_whole() -> None:
    assert sum(map(len, CASES_BY_LAYER.values())) == 3000


def test_no_layer_of_the_file_is_missing() -> None:
    assert [layer for layer in CASES_BY_LAYER if find_operator(layer) is None] == []


@pytest.mark.parametrize("layer", sorted(CASES_BY_LAYER))
def test_layer_agrees_with_keras(layer: str, ask: Ask) -> None:
    disagreements = [
        f"{case['id']} {layer}({case['kwargs']}) of {case['input_shapes']}: {what}"
        for case in CASES_BY_LAYER[layer]
        for what in _disagreements(case, ask)
    ]
    assert not disagreements, "\n" + "\n".join(disagreements)


def _disagreements(case: Case, ask: Ask) -> Iterator[str]:
    fails = "error" in case or _must_fail(case)
    answer = ask(case["layer"], case["kwargs"], case["input_shapes"])
    if answer.refusal:
        if not fails and case["clean"] and not case["mutation"]:  # a mutation that Keras lets pass may be refused
            yield f"refused ({answer.refusal}), Keras gives {case['output_shape']}"
    elif fails:
        yield f"taken as {answer.outputs}, Keras fails: {case.get('message', case.get('run_error'))}"
    else:
        if case["clean"]:
            yield from _static_disagreements(case, answer)
        if "run_output_shape" in case:
            yield from _run_disagreements(case, answer)


def _must_fail(case: Case) -> bool:
    """The run failed, and with sizes that the compiler knew."""
    return (
        "run_error" in case
        and case["id"] not in KERNEL_LIMITS
        and all(None not in shape[1:] for shape in case["input_shapes"])
    )


def _static_disagreements(case: Case, answer: Any) -> Iterator[str]:
    expected = _shapes(case["output_shape"])
    found = [[_known(dim) for dim in output.shape] for output in answer.outputs]
    if len(found) != len(expected) or not all(map(_same_known, found, expected)):
        yield f"shape {found}, Keras has {case['output_shape']}"
    counts = answer.parameters
    if (counts.total, counts.trainable) != (case["params"], case["trainable_params"]):
        found_counts = f"{counts.total} parameters, {counts.trainable} trainable"
        yield f"{found_counts}, Keras has {case['params']} and {case['trainable_params']}"


def _shapes(given: list[Any]) -> list[Any]:
    """The shapes of all outputs, one after another; Keras has lists in a list for stacked cells."""
    is_shape = all(size is None or isinstance(size, int) for size in given)
    return [given] if is_shape else [shape for item in given for shape in _shapes(item)]


def _same_known(found: list[int | None], expected: Any) -> bool:
    """Keras forgets sizes that the compiler keeps as expressions, so what Keras knows not is left to the run."""
    return len(found) == len(expected) and all(want in (None, size) for size, want in zip(found, expected, strict=True))


def _run_disagreements(case: Case, answer: Any) -> Iterator[str]:
    values = {
        name: size
        for names, shape in zip(answer.symbols, case["run_input_shapes"], strict=True)
        for name, size in zip(names, shape, strict=True)
        if name
    }
    expected = _shapes(case["run_output_shape"])
    found = [[evaluate(dim, values) for dim in output.shape] for output in answer.outputs]
    if found != expected:
        yield f"shape {found} for {case['run_input_shapes']}, the run gives {case['run_output_shape']}"


def _known(dim: Dim) -> int | None:
    return dim if isinstance(dim, int) else None
