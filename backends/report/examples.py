"""Owns the example on an operator's page: a small spec that is compiled, so that the shapes, weights and costs shown
are those of the compiler. Sizes are symbols where the operator leaves them open."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from itertools import product
from typing import Any

from netwright.backends.report.example_calls import BLOCKS, CALLS
from netwright.compiler.ir import Graph, OpNode, body_of
from netwright.compiler.model import compile
from netwright.compiler.ops.op import Op
from netwright.compiler.types import TensorType
from netwright.compiler.values import show
from netwright.dsl.diagnostics import SpecError
from netwright.dsl.records import record

#: what is given to arguments that have no default
_VALUES: dict[str, Any] = {"units": 10, "filters": 8, "kernel_size": 3, "num_heads": 2, "key_dim": 8, "input_dim": 100}
_VALUES |= {"output_dim": 8, "n": 5, "rate": 0.5, "dims": (2, 1), "num_query_heads": 4, "num_key_value_heads": 2}
_VALUES |= {"head_dim": 8}
_SHAPES = ("N, 16", "N, T, 16", "N, H, W, 16", "N, D, H, W, 16", "32, 16", "N, 12, 16", "N, 12, 12, 16", "12, 16")
_DTYPES = ("f32", "i32", "bool", "c64")


@record
class Example:
    """`spec` is the whole text; `call` its model with types in place of names, `blocks` the lines of what it calls;
    `outputs` the types that come of it;
    `weights` as 'kernel: f32[3, 3, 16, 8]'; MACs and FLOPs are of one example: a number, a formula, or none."""

    spec: str
    blocks: tuple[str, ...]
    call: str
    outputs: tuple[str, ...]
    weights: tuple[str, ...]
    macs: int | str | None
    flops: int | str | None


def example(cls: type[Op]) -> Example | None:
    """The first example that compiles without a word; None where there is none."""
    for types, layer in _candidates(cls):
        found = _compiled(types, layer, BLOCKS.get(cls.name_in_flow, "").splitlines())
        if found is not None:
            return found
    return None


def _candidates(cls: type[Op]) -> Iterator[tuple[tuple[str, ...], str]]:
    """The types of the operands and the text of the layer."""
    if cls.name_in_flow in CALLS:
        types, _, layer = CALLS[cls.name_in_flow].rpartition(" -> ")
        yield tuple(re.findall(r"\w+\[.*?\]", types)), layer
        return
    required = [name for name, attribute in cls.attributes().items() if attribute.required]
    if not set(required) <= _VALUES.keys():
        return
    values = f"({', '.join(show(_VALUES[name]) for name in required)})" if required else ""
    layer = cls.name_in_flow + values
    count = max(cls.fewest, 2) if cls.variadic else len(cls.operands) - len(cls.optional_operands)
    for shape, dtype in product(_SHAPES, _DTYPES):
        yield (f"{dtype}[{shape}]",) * count, layer


def _compiled(types: tuple[str, ...], layer: str, blocks: Sequence[str]) -> Example | None:
    names = [f"x{number}" for number in range(1, len(types) + 1)] if len(types) > 1 else ["x"] * len(types)
    inputs = "".join(f"  {name}: {type}\n" for name, type in zip(names, types, strict=True)) or "  unused: f32[1]\n"
    called = "".join(f"{line}\n" for line in ("blocks:", *(f"  {line}" for line in blocks)) if blocks)
    spec = f"netwright: 1\nname: example\ninputs:\n{inputs}{called}model: |\n  {_applied(names, layer)}\n"
    try:
        model = compile(spec)
    except SpecError:
        return None
    if model.diagnostics:
        return None
    outputs = tuple(map(str, model.outputs.values()))
    weights = tuple(_weights(model.elaborated.graph))
    return Example(spec, tuple(blocks), _applied(types, layer), outputs, weights, model.macs, model.flops)


def _applied(operands: Sequence[str], layer: str) -> str:
    before = operands[0] if len(operands) == 1 else f"({', '.join(operands)})"
    return f"{before} -> {layer}" if operands else layer


def _weights(graph: Graph | None) -> Iterator[str]:
    for node in graph.nodes if graph else ():
        yield from _weights(body_of(node))
        for weight in node.weights() if isinstance(node, OpNode) else ():
            kind = "" if weight.trainable else ", not trained"
            yield f"{weight.name}: {TensorType(weight.dtype, weight.shape)}{kind}"
