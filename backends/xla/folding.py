"""Owns the folding of batch normalization for inference. Where a normalization alone reads what a layer makes, it is a
scale and an offset of each channel, which go into the layer's kernel and bias. A folded program has a graph without
such normalizations, and arrays that are made once, of those of the program."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from typing import Any

import numpy as np

from netwright.backends.xla.leaves import Arrays
from netwright.backends.xla.loops import readers
from netwright.backends.xla.program import Program
from netwright.backends.xla.sites import Site
from netwright.compiler.ir import BodyNode, Graph, Node, OpNode
from netwright.compiler.ops.convolution import Convolution
from netwright.compiler.ops.convolution_separable import DepthwiseConvolution, SeparableConvolution
from netwright.compiler.ops.convolution_transpose import TransposedConvolution
from netwright.compiler.ops.core import Dense
from netwright.compiler.ops.normalization import BatchNormalization
from netwright.compiler.ops.op import Op
from netwright.dsl.records import replace

#: operators that are linear but for their bias -> the kernel that makes their channels, and how these stand in it:
#: (the kernel's shape) -> the shape of a number for each channel
_KERNELS: tuple[tuple[type[Op], str, Callable[[tuple[int, ...]], tuple[int, ...]]], ...] = (
    (Dense, "kernel", lambda shape: shape[-1:]),
    (Convolution, "kernel", lambda shape: shape[-1:]),
    (DepthwiseConvolution, "kernel", lambda shape: shape[-2:]),
    (SeparableConvolution, "pointwise_kernel", lambda shape: shape[-1:]),
    (TransposedConvolution, "kernel", lambda shape: (shape[-2], 1)),
)


def folded(program: Program, arrays: Mapping[str, Any], *, penalized: bool = False) -> tuple[Program, Arrays]:
    """A program for inference with the same outputs, and its arrays, of those of the program, each by itself. Where
    its losses count, too, it must be `penalized`: what a regularizer looks at is left as it is."""
    rewriting = _Rewriting(penalized)
    graph = rewriting.graph(program.graph)
    if not rewriting.pairs:
        return program, dict(arrays)
    made = program.with_graph(graph)
    found: Arrays = {}
    for site, (layer, normalization) in zip(made.sites, _sources(program, rewriting.pairs), strict=True):
        if normalization is None:
            of_site = _arrays_of(program, layer, arrays)
        else:
            of_site = _folded(program, layer, normalization, arrays)
        found |= {f"{site.path}/{name}": array for name, array in of_site.items()}
    return made, found


# ---------------------------------------------------------------- the graph


class _Rewriting:
    """Graphs without the normalizations that can be folded. pairs: a layer -> the normalization that goes into it."""

    def __init__(self, penalized: bool) -> None:
        self.pairs: dict[Node, OpNode] = {}
        self._penalized = penalized
        self._made: dict[Graph, Graph] = {}

    def graph(self, graph: Graph) -> Graph:
        if graph not in self._made:
            pairs = dict(self._pairs(graph))
            self.pairs |= pairs
            gone = set(pairs.values())
            nodes = [self._node(node) for node in graph.nodes if node not in gone]
            self._made[graph] = graph if nodes == graph.nodes else replace(graph, nodes=nodes)
        return self._made[graph]

    def _pairs(self, graph: Graph) -> Iterator[tuple[Node, OpNode]]:
        counts = readers(graph)
        makers = {value: node for node in graph.nodes for value in node.outputs}
        for node in graph.nodes:
            if isinstance(node, OpNode) and isinstance(node.op, BatchNormalization):
                maker = makers.get(node.operands[0])
                if isinstance(maker, OpNode) and counts[node.operands[0]] == 1 and self._folds(maker, node):
                    yield maker, node

    def _folds(self, layer: OpNode, normalization: Any) -> bool:
        """Whether both are applied here alone, and the normalization is of the layer's channels."""
        made = layer.outputs[0].type
        return (
            layer.instance is normalization.instance is None
            and _is_linear(layer.op)
            and made.dtype == "f32"
            and normalization.op.axis % made.rank == _channel_axis(layer.op, made.rank)
            and not (self._penalized and (_is_regularized(layer.op) or _is_regularized(normalization.op)))
        )

    def _node(self, node: Any) -> Node:
        """The node as it is in the new graph; its outputs are the same values."""
        if node in self.pairs:
            values = {name: value for name, value in node.op.given().items() if name != "use_bias"}
            return _with_outputs(replace(node, op=type(node.op)(values)), self.pairs[node])
        if isinstance(node, BodyNode):
            body = self.graph(node.body)
            return node if body is node.body else _with_outputs(replace(node, body=body), node)
        return node  # type: ignore[no-any-return]


def _with_outputs(node: Node, other: Node) -> Node:
    node.outputs = other.outputs
    return node


def _is_linear(op: Any) -> bool:
    known = any(isinstance(op, kind) for kind, _, _ in _KERNELS)
    return known and op.activation in (None, "linear") and not getattr(op, "lora_rank", None)


def _channel_axis(op: Any, rank: int) -> int:
    return 1 if getattr(op, "data_format", None) == "channels_first" else rank - 1


def _is_regularized(op: Op) -> bool:
    return any(name.endswith("_regularizer") for name in op.given())


# ---------------------------------------------------------------- the arrays


def _sources(program: Program, pairs: Mapping[Node, OpNode]) -> list[tuple[Site, Site | None]]:
    """The sites that are left, in order, with that of the normalization which goes into each. Those of one call of a
    graph come before those of the next, so each normalization belongs to the layer that was last before it."""
    found: list[tuple[Site, Site | None]] = []
    waiting: dict[Node, int] = {}
    gone = set(pairs.values())
    for site in program.sites:
        if site.node in gone:
            at = waiting[site.node]
            found[at] = (found[at][0], site)
            continue
        if site.node in pairs:
            waiting[pairs[site.node]] = len(found)
        found.append((site, None))
    return found


def _arrays_of(program: Program, site: Site, arrays: Mapping[str, Any]) -> Arrays:
    return {slot.name: arrays[f"{site.path}/{slot.name}"] for slot in program.leaf(site.node).slots}


def _in_f64(program: Program, site: Site, arrays: Mapping[str, Any]) -> Arrays:
    return {name: np.asarray(array, "float64") for name, array in _arrays_of(program, site, arrays).items()}


def _folded(program: Program, layer: Site, normalization: Site, arrays: Mapping[str, Any]) -> Arrays:
    """(x K + b - μ) s + beta = x (K s) + (b - μ) s + beta, with s = gamma / √(σ² + ε)."""
    of_layer, of_it = (_in_f64(program, site, arrays) for site in (layer, normalization))
    op: Any = normalization.node.op
    scale = of_it.get("gamma", 1.0) / np.sqrt(of_it["moving_variance"] + op.epsilon)
    name, shape = next((name, shape) for kind, name, shape in _KERNELS if isinstance(layer.node.op, kind))
    kernel = of_layer[name] * scale.reshape(shape(of_layer[name].shape))
    bias = (of_layer.get("bias", 0.0) - of_it["moving_mean"]) * scale + of_it.get("beta", 0.0)
    made = {**of_layer, name: kernel, "bias": bias}
    return {key: array.astype("float32") for key, array in made.items()}
