"""Owns the memory of a training step: a forward pass that keeps what gradients are computed from, and a backward pass
that frees it again. Each graph is walked once, however often it is called or repeated."""

from __future__ import annotations

from collections.abc import Container, Iterable, Sequence
from functools import cached_property

from netwright.compiler.dims import Dim
from netwright.compiler.inference_memory import Inference
from netwright.compiler.ir import BodyNode, Graph, Node, OpNode, RepeatNode, ScanNode, Value, read_by
from netwright.compiler.ops.activation_values import gradient_of_activation
from netwright.compiler.ops.op import Op
from netwright.compiler.tensor_bytes import TensorBytes, types_around
from netwright.dsl.diagnostics import CompilerBug
from netwright.dsl.records import record

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


class Training:
    """A forward pass that keeps what gradients are computed from, and a backward pass that frees it again."""

    def __init__(self, sizes: TensorBytes, again: tuple[type[BodyNode], ...] = ()) -> None:
        self.sizes = sizes
        self._again = again
        self._inference = Inference(sizes)
        self._walks: dict[tuple[Graph, Wanted], _Walk] = {}

    def peak(self, graph: Graph) -> int:
        """Of a whole step: outputs stay for the loss, and inputs get no gradient."""
        needs = self._walk(graph, (False,) * len(graph.inputs)).needs
        return self.sizes.all(graph.inputs) + self.sizes.all(graph.outputs) + max(needs.forward, needs.backward)

    def peak_of(self, node: Node, within: Sequence[Node]) -> int:
        """While a node's own passes run, `within` the nodes around it: in the backward pass only what that reads of its
        operands and outputs is there."""
        needs, around = self.of_node(node, _wanted_of(node, within)), (*read_by(node), *node.outputs)
        read = (value for value, each in zip(around, (*needs.reads, *needs.gives), strict=True) if each)
        forward, backward = (self.sizes.all(dict.fromkeys(values)) for values in (around, read))
        return max(forward + needs.forward, backward + needs.backward)

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
        if not isinstance(node, BodyNode):
            raise CompilerBug(f"no memory is known of a {type(node).__name__}")
        body = self._walk(node.body, _wanted_inside(node, wanted)).needs
        if isinstance(node, self._again):
            body = self._computed_again(body, node.body)
        if isinstance(node, RepeatNode):
            return self._repeated(body, node)
        return self._scanned(body, node) if isinstance(node, ScanNode) else body

    def _operator(self, node: OpNode, wanted: Wanted) -> _Needs:
        reads, residuals = _gradient_of(node)
        inside, operands = self.sizes.elements(residuals), read_by(node)
        gradients = self.gradients((*node.outputs, *(x for x, each in zip(operands, wanted, strict=True) if each)))
        read, given = ("operands" in reads,) * len(operands), ("outputs" in reads,) * len(node.outputs)
        return _Needs(read, given, inside, inside, 2 * inside + gradients)

    def _computed_again(self, body: _Needs, graph: Graph) -> _Needs:
        """A call that keeps its operands alone; both its passes run in the backward pass."""
        stays = (True,) * len(graph.inputs)
        forward = self._inference.peak(graph, stays) - self.sizes.all((*graph.inputs, *graph.outputs))
        again = max(body.forward, body.backward) + self.sizes.all(graph.outputs)
        return _Needs(stays, (False,) * len(graph.outputs), 0, max(0, forward), again)

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

    def __init__(self, training: Training, graph: Graph, wanted: Wanted) -> None:
        self.graph = graph
        self._sizes, self._gradients = training.sizes, training.gradients
        self._fixed = _fixed(graph, wanted)
        self._nodes = [(node, training.of_node(node, _wanted(node, self._fixed))) for node in graph.nodes]
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


def _fixed(graph: Graph, wanted: Wanted) -> set[Value]:
    """The inputs that get no gradient."""
    return {value for value, each in zip(graph.inputs, wanted, strict=True) if not each}


def _wanted(node: Node, fixed: Container[Value]) -> Wanted:
    return tuple(value not in fixed for value in read_by(node))


def _wanted_inside(node: BodyNode, wanted: Wanted) -> Wanted:
    """Which inputs of a node's body get gradients: later copies and steps give them to those before."""
    if isinstance(node, ScanNode):
        return (True,) * len(node.body.inputs)
    return (*(True for _ in node.outputs), *wanted[len(node.outputs) :]) if isinstance(node, RepeatNode) else wanted


def _wanted_of(node: Node, within: Sequence[Node]) -> Wanted:
    """Which operands of a node get gradients, where the inputs of the outermost graph get none."""
    fixed: Container[Value] = {*(within[0] if within else node).outputs[0].graph.inputs}
    for outer in within:
        assert isinstance(outer, BodyNode)
        fixed = _fixed(outer.body, _wanted_inside(outer, _wanted(outer, fixed)))
    return _wanted(node, fixed)


def _gradient_of(node: OpNode) -> tuple[tuple[str, ...], Dim]:
    """Which of operands and outputs the gradient reads, and how many elements beside them. What only moves elements
    reads nothing; an activation that an operator applies to its result is computed from that result, or from what was
    there before it."""
    op, types = node.op, types_around(node)
    moves = op.macs(*types) == 0 and op.elementwise(*types) == 0
    reads = () if moves and op.gradient_reads is Op.gradient_reads else op.gradient_reads
    residuals = op.residuals(*types)
    applied = gradient_of_activation(op)
    if "outputs" in applied:
        return (*reads, "outputs"), residuals
    return reads, residuals + sum(value.type.size for value in node.outputs) if applied else residuals
