"""Owns how much memory activations take: the most bytes of tensors alive at once, in inference and in a training step.
Each graph is walked once, however often it is called or repeated."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from functools import cached_property

from netwright.compiler.dims import Dim, substitute
from netwright.compiler.dtypes import byte_size
from netwright.compiler.ir import Graph, Node, OpNode, RepeatNode, ScanNode, Value, body_of, read_by
from netwright.compiler.ops.activation_values import gradient_of_activation
from netwright.compiler.ops.op import Op
from netwright.compiler.types import TensorType
from netwright.dsl.records import record


class Memory:
    """Bytes of activations, by the rules of docs/costs.md. `sizes` gives the symbolic dims; `dtype` is what takes the
    place of f32, as mixed precision does. None is said of what is not known."""

    def __init__(self, sizes: Mapping[str, int], dtype: str | None = None) -> None:
        self._sizes = _Sizes(sizes, dtype)
        self._inference = _Inference(self._sizes)
        self._training = _Training(self._sizes)

    def peak(self, graph: Graph, *, training: bool = False) -> int | None:
        """The most bytes alive at once, the graph's inputs included: in inference, or in a training step."""
        return self._known(lambda: (self._training if training else self._inference).peak(graph))

    def outputs(self, node: Node) -> int | None:
        """The tensors that a node makes."""
        return self._known(lambda: self._sizes.all(node.outputs))

    def kept(self, node: Node) -> int | None:
        """What a training step keeps from the forward to the backward pass, inside a node and of its outputs."""
        return self._known(lambda: self._training.kept(node))

    @staticmethod
    def _known(count: Callable[[], int]) -> int | None:
        try:
            return count()
        except _Unknown:
            return None


class _Unknown(Exception):
    """A tensor's size is not known."""


class _Sizes:
    """Bytes of tensors."""

    def __init__(self, sizes: Mapping[str, int], dtype: str | None) -> None:
        self._sizes: dict[str, Dim] = dict(sizes)
        self._dtype = dtype

    def elements(self, count: Dim, dtype: str = "f32") -> int:
        """So many elements of a dtype."""
        each = byte_size(self._dtype if self._dtype and dtype == "f32" else dtype)
        known = substitute(count, self._sizes)
        if each is None or not isinstance(known, int):
            raise _Unknown
        return known * each

    def of(self, type: TensorType) -> int:
        return self.elements(type.size, type.dtype)

    def all(self, values: Iterable[Value]) -> int:
        return sum(self.of(value.type) for value in values)


# ---------------------------------------------------------------- inference


class _Inference:
    """A forward pass that frees each tensor after its last use."""

    def __init__(self, sizes: _Sizes) -> None:
        self._sizes = sizes
        self._peaks: dict[Graph, int] = {}

    def peak(self, graph: Graph) -> int:
        found = self._peaks.get(graph)
        if found is None:
            found = self._peaks[graph] = self._walk(graph)
        return found

    def _walk(self, graph: Graph) -> int:
        last = {value: index for index, node in enumerate(graph.nodes) for value in read_by(node)}
        last.update(dict.fromkeys(graph.outputs, len(graph.nodes)))
        dying: dict[int, list[Value]] = {}
        for value, index in last.items():
            dying.setdefault(index, []).append(value)
        alive = peak = self._sizes.all(graph.inputs)
        for index, node in enumerate(graph.nodes):
            alive += self._sizes.all(node.outputs)
            peak = max(peak, alive + self._inside(node))
            alive -= self._sizes.all(dying.get(index, ()))
            alive -= self._sizes.all(value for value in node.outputs if value not in last)
        return peak

    def _inside(self, node: Node) -> int:
        """What a node needs beyond its operands and outputs."""
        if isinstance(node, OpNode):
            return self._sizes.elements(node.op.workspace(*_types(node)))
        inner = body_of(node)
        assert inner is not None
        given, made = inner.inputs, inner.outputs
        if isinstance(node, ScanNode):  # a step and its states are beside the whole sequence
            given, made = list(inner.captures.values()), ()
        return max(0, self.peak(inner) - self._sizes.all(given) - self._sizes.all(made))


def _types(node: OpNode) -> tuple[TensorType, ...]:
    return (*node.operand_types(), *(value.type for value in node.outputs))


# ---------------------------------------------------------------- training


#: for each operand, or input of a graph, whether something that is trained depends on its gradient
Wanted = tuple[bool, ...]


@record
class _Needs:
    """What a node's forward and backward pass take beyond its operands and outputs, in bytes. `reads`: the operands,
    and `gives`: the outputs that the backward pass reads; `kept` stays from one pass to the other; `forward` and
    `backward` are the peaks of each, `kept` included, and in the latter the gradients of operands and outputs."""

    reads: tuple[bool, ...]
    gives: tuple[bool, ...]
    kept: int
    forward: int
    backward: int


class _Training:
    """A forward pass that keeps what gradients are computed from, and a backward pass that frees it again."""

    def __init__(self, sizes: _Sizes) -> None:
        self.sizes = sizes
        self._walks: dict[tuple[Graph, Wanted], _Walk] = {}

    def peak(self, graph: Graph) -> int:
        """Of a whole step: outputs stay for the loss, and inputs get no gradient."""
        needs = self._walk(graph, (False,) * len(graph.inputs)).needs
        return self.sizes.all(graph.inputs) + self.sizes.all(graph.outputs) + max(needs.forward, needs.backward)

    def kept(self, node: Node) -> int:
        graph = node.outputs[0].graph
        read = self._walk(graph, (True,) * len(graph.inputs)).first_reader
        needs = self.of_node(node, (True,) * len(read_by(node)))
        return needs.kept + self.sizes.all(value for value in node.outputs if value in read)

    def _walk(self, graph: Graph, wanted: Wanted) -> _Walk:
        found = self._walks.get((graph, wanted))
        if found is None:
            found = self._walks[graph, wanted] = _Walk(self, graph, wanted)
        return found

    def of_node(self, node: Node, wanted: Wanted) -> _Needs:
        """`wanted`: which operands get gradients."""
        if isinstance(node, OpNode):
            return self._operator(node, wanted)
        inner = body_of(node)
        assert inner is not None
        if isinstance(node, RepeatNode):
            wanted = (*(True for _ in node.outputs), *wanted[len(node.outputs) :])
            return self._repeated(self._walk(inner, wanted).needs, node)
        if isinstance(node, ScanNode):
            return self._scanned(self._walk(inner, (True,) * len(inner.inputs)).needs, node)
        return self._walk(inner, wanted).needs

    def _operator(self, node: OpNode, wanted: Wanted) -> _Needs:
        reads, residuals = _gradient_of(node)
        inside, operands = self.sizes.elements(residuals), read_by(node)
        gradients = self.gradients((*node.outputs, *(x for x, each in zip(operands, wanted, strict=True) if each)))
        read, given = ("operands" in reads,) * len(operands), ("outputs" in reads,) * len(node.outputs)
        return _Needs(read, given, inside, inside, 2 * inside + gradients)

    def _repeated(self, body: _Needs, node: RepeatNode) -> _Needs:
        """Copies after one another: what one gives the next reads."""
        between = zip(node.body.outputs, body.reads, body.gives, strict=False)
        links = self.sizes.all(value for value, read, given in between if read or given)
        others = (node.count - 1) * (body.kept + links)
        return _Needs(body.reads, body.gives, body.kept + others, body.forward + others, body.backward + others)

    def _scanned(self, body: _Needs, node: ScanNode) -> _Needs:
        """Steps after one another: each keeps what its gradient reads, the states that go from one to the next too."""
        taken = node.body.inputs[1 : 1 + node.state_count]
        links = zip(taken, body.reads[1:], body.gives[len(body.gives) - node.state_count :], strict=False)
        linked = self.sizes.all(state for state, read, given in links if read or given)
        kept = self.sizes.elements(node.steps * (body.kept + linked), "u8")
        gradients = self.gradients((*node.outputs, *node.operands))
        captured = body.reads[1 + node.state_count :]
        reads = (body.reads[0], *captured, *(False,) * (len(read_by(node)) - len(node.operands)))
        gives = (body.gives[0], *(False,) * (len(node.outputs) - 1))
        forward = kept - body.kept + body.forward + self.sizes.all(node.body.outputs)
        return _Needs(reads, gives, kept, forward, kept - body.kept + body.backward + gradients)

    def gradients(self, values: Iterable[Value]) -> int:
        """The gradients of these tensors, each once."""
        return self.sizes.all(value for value in dict.fromkeys(values) if value.type.is_float)


class _Walk:
    """Both passes through one graph. Its inputs and outputs are the caller's; `wanted`: which inputs get gradients."""

    def __init__(self, training: _Training, graph: Graph, wanted: Wanted) -> None:
        self.graph = graph
        self._sizes, self._gradients = training.sizes, training.gradients
        self._fixed = {value for value, each in zip(graph.inputs, wanted, strict=True) if not each}
        self._nodes = [(node, training.of_node(node, self._wanted(node))) for node in graph.nodes]
        self._outside = {*graph.inputs, *graph.outputs}
        #: tensor -> the first node whose gradient reads it: after that one's backward pass it is free
        self.first_reader: dict[Value, int] = {}
        for index, (node, needs) in enumerate(self._nodes):
            read = (value for value, kept in zip(read_by(node), needs.reads, strict=True) if kept)
            given = (value for value, kept in zip(node.outputs, needs.gives, strict=True) if kept)
            for value in (*read, *given):
                self.first_reader.setdefault(value, index)

    @cached_property
    def needs(self) -> _Needs:
        """What the graph takes as one node of another."""
        kept = self._sizes.all(self._own(self.first_reader)) + sum(needs.kept for _, needs in self._nodes)
        reads = tuple(value in self.first_reader for value in self.graph.inputs)
        gives = tuple(value in self.first_reader for value in self.graph.outputs)
        return _Needs(reads, gives, kept, self._forward(), self._backward(kept))

    def _wanted(self, node: Node) -> Wanted:
        return tuple(value not in self._fixed for value in read_by(node))

    def _own(self, values: Iterable[Value]) -> Iterable[Value]:
        return (value for value in values if value not in self._outside)

    def _forward(self) -> int:
        last = {value: index for index, (node, _) in enumerate(self._nodes) for value in read_by(node)}
        dying: dict[int, list[Value]] = {}
        for index, (node, _) in enumerate(self._nodes):
            for value in self._own(node.outputs):
                if value not in self.first_reader:
                    dying.setdefault(last.get(value, index), []).append(value)
        alive = peak = 0
        for index, (node, needs) in enumerate(self._nodes):
            alive += self._sizes.all(self._own(node.outputs))
            peak = max(peak, alive + needs.forward)
            alive += needs.kept - self._sizes.all(dying.get(index, ()))
        return peak

    def _backward(self, kept: int) -> int:
        freed: dict[int, list[Value]] = {}
        for value in self._own(self.first_reader):
            freed.setdefault(self.first_reader[value], []).append(value)
        moving = set(self.graph.outputs)  # tensors whose gradients are alive
        alive = peak = kept + self._gradients(moving)
        for index in reversed(range(len(self._nodes))):
            node, needs = self._nodes[index]
            done = moving.intersection(node.outputs)
            alive -= self._gradients(done) + needs.kept
            peak = max(peak, alive + needs.backward)
            moving -= done
            new = {value for value in read_by(node) if value not in self._fixed} - moving
            moving |= new
            alive += self._gradients(new) - self._sizes.all(freed.get(index, ()))
        return peak


def _gradient_of(node: OpNode) -> tuple[tuple[str, ...], Dim]:
    """Which of operands and outputs the gradient reads, and how many elements beside them. What only moves elements
    reads nothing; an activation that an operator applies to its result is computed from that result, or from what was
    there before it."""
    op, types = node.op, _types(node)
    moves = op.macs(*types) == 0 and op.elementwise(*types) == 0
    reads = () if moves and op.gradient_reads is Op.gradient_reads else op.gradient_reads
    residuals = op.residuals(*types)
    applied = gradient_of_activation(op)
    if "outputs" in applied:
        return (*reads, "outputs"), residuals
    return reads, residuals + sum(value.type.size for value in node.outputs) if applied else residuals
