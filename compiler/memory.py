"""Owns how much memory activations take: the most bytes of tensors alive at once, in inference and in a training step,
of a model and of each layer and block of it."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence

from netwright.compiler.inference_memory import Inference
from netwright.compiler.ir import Graph, Node
from netwright.compiler.rematerialization import REMATERIALIZED
from netwright.compiler.tensor_bytes import TensorBytes, UnknownSize
from netwright.compiler.training_memory import Training


class Memory:
    """Bytes of activations, by the rules of docs/costs.md. `sizes` gives the symbolic dims; `dtype` is what takes the
    place of f32, as mixed precision does; `remat` is what training computes again. None is said of what is not
    known."""

    def __init__(self, sizes: Mapping[str, int], dtype: str | None = None, remat: str = "none") -> None:
        self._bytes = TensorBytes(sizes, dtype)
        self._inference = Inference(self._bytes)
        self._training = Training(self._bytes, REMATERIALIZED[remat])

    def peak(self, graph: Graph, *, training: bool = False) -> int | None:
        """The most bytes alive at once, the graph's inputs included: in inference, or in a training step."""
        return self._known(lambda: (self._training if training else self._inference).peak(graph))

    def peak_of(self, node: Node, within: Sequence[Node] = (), *, training: bool = False) -> int | None:
        """The same while a node runs, of its operands and of what it makes alone. `within`: the nodes around it, the
        first in the model's graph, whose inputs get no gradient."""
        if training:
            return self._known(lambda: self._training.peak_of(node, within))
        return self._known(lambda: self._inference.peak_of(node))

    def outputs(self, node: Node) -> int | None:
        """The tensors that a node makes."""
        return self._known(lambda: self._bytes.all(node.outputs))

    def kept(self, node: Node) -> int | None:
        """What a training step keeps from the forward to the backward pass, inside a node and of its outputs."""
        return self._known(lambda: self._training.kept(node))

    @staticmethod
    def _known(count: Callable[[], int]) -> int | None:
        try:
            return count()
        except UnknownSize:
            return None
