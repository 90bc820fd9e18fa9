"""Owns the layers that hold other layers: bidirectional, time_distributed. What the inner layer refuses, the wrapper
refuses at the argument that gave it."""

from __future__ import annotations

from collections.abc import Iterable
from typing import ClassVar

from netwright.compiler.dims import Dim
from netwright.compiler.ops.attributes import attr, call, one_of
from netwright.compiler.ops.op import Layer, OpError, Tensor, Tensors, Weight
from netwright.compiler.ops.recurrence import Recurrence
from netwright.compiler.ops.shapes import agree
from netwright.compiler.ops.tensor_rules import common_dtype, show
from netwright.compiler.ops.wrapping import LayerArgument, RecurrentArgument, blamed, expect_inner, nested
from netwright.compiler.types import TensorType


class Bidirectional(Layer):
    """y = merge(layer(x), reversed backward_layer(x)); x: (N, T, d) → y: (N, T, 2 units) with the layer's
    return_sequences and merge_mode concat (Schuster & Paliwal 1997). return_state adds the states of both."""

    operands = ("sequences",)
    excluded: ClassVar[dict[str, str]] = {"weights": "arrays cannot be written in a spec"}
    layer: RecurrentArgument
    merge_mode: str | None = attr(one_of("sum", "mul", "ave", "concat"), default="concat")
    backward_layer: RecurrentArgument | None = attr(default=None, keyword_only=True)
    initial_state: Tensors | None = call()
    mask: Tensor | None = call()

    @property
    def backward(self) -> Recurrence:
        """The layer that reads the sequence from its end."""
        if self.backward_layer is not None:
            return self.backward_layer
        fields = {name: getattr(self.layer, name) for name in type(self.layer).attributes()}
        return type(self.layer)(fields | {"go_backwards": True})

    @property
    def nests(self) -> bool:  # type: ignore[override]
        return self.layer.nests or self.backward.nests

    def validate(self) -> None:
        if self.layer.go_backwards == self.backward.go_backwards:
            place = "layer" if self.backward_layer is None else "backward_layer"
            help = "leave go_backwards out: the second direction is made from the layer" if place == "layer" else None
            message = "one of the two directions must have go_backwards, the other not"
            raise OpError("invalid-argument", message, at=place, help=help)
        for name in ("stateful", "return_sequences", "return_state"):
            forward, backward = getattr(self.layer, name), getattr(self.backward, name)
            if forward != backward:
                message = f"both directions need the same {name}, found {forward} and {backward}"
                raise OpError("invalid-argument", message, at="backward_layer")
        if self.layer.stateful and self.layer.return_state:
            message = "a stateful layer in both directions cannot return its states: Keras does not run it"
            raise OpError("invalid-argument", message, at="layer", help="leave return_state or stateful out")

    def infer(
        self, sequences: TensorType, initial_state: Tensors | None = None, mask: TensorType | None = None
    ) -> TensorType | tuple[TensorType, ...]:
        first, second = self._initial_states(initial_state)
        y, states = self._run("layer", self.layer, sequences, first, mask)
        y_reversed, states_reversed = self._run("backward_layer", self.backward, sequences, second, mask)
        merged = self._merge(y, y_reversed)
        if self.layer.return_state:
            return (*merged, *states, *states_reversed)
        return merged if self.merge_mode is None else merged[0]

    def _run(
        self, place: str, layer: Recurrence, x: TensorType, states: Tensors | None, mask: TensorType | None
    ) -> tuple[TensorType, tuple[TensorType, ...]]:
        with blamed(place if self.backward_layer else "layer", layer):
            outputs = layer.infer(layer.prepare(x), states, mask)
            y, *last = outputs if isinstance(outputs, tuple) else (outputs,)
            expect_inner(layer, layer.prepare(x), y, *last)
        return y.with_dtype(self.compute_dtype), tuple(last)

    def _merge(self, y: TensorType, other: TensorType) -> tuple[TensorType, ...]:
        if self.merge_mode is None:
            return y, other
        width, width_reversed = y.shape[-1], other.shape[-1]
        if self.merge_mode == "concat":
            return (y.with_shape(*y.shape[:-1], width + width_reversed),)
        if width != width_reversed:
            message = f"merge_mode {self.merge_mode} needs as many units in both directions, found"
            raise OpError("shape-mismatch", f"{message} {width} and {width_reversed}", at="backward_layer")
        return (y,)

    def _initial_states(self, given: Tensors | None) -> tuple[Tensors | None, Tensors | None]:
        """The halves for the two directions."""
        if given is None:
            return None, None
        count = len(given) if isinstance(given, tuple) else 1
        wanted = self.layer.state_count + self.backward.state_count
        if not isinstance(given, tuple) or count != wanted or self.layer.state_count != self.backward.state_count:
            message = f"expected {wanted} initial states, half for either direction, found {count}"
            raise OpError("wrong-arity", message, at="initial_state")
        return given[: count // 2], given[count // 2 :]

    def weights(self, sequences: TensorType, **_: object) -> Iterable[Weight]:
        for prefix, layer in (("forward/", self.layer), ("backward/", self.backward)):
            yield from nested(prefix, layer.weights(layer.prepare(sequences)), layer.trainable)

    def macs(self, sequences: TensorType, *_: TensorType) -> Dim:
        return self.layer.macs(sequences) + self.backward.macs(sequences)

    def elementwise(self, sequences: TensorType, *outputs: TensorType) -> Dim:
        merging = outputs[0].size if self.merge_mode in ("sum", "mul", "ave") else 0
        return self.layer.elementwise(sequences) + self.backward.elementwise(sequences) + merging

    def residuals(self, sequences: TensorType, *_: TensorType) -> Dim:
        return self.layer.residuals(sequences) + self.backward.residuals(sequences)


class TimeDistributed(Layer):
    """y_t = layer(x_t), with the same weights for every t; x: (N, T, ...) → y: (N, T, ...)."""

    operands = ("inputs",)
    layer: LayerArgument
    mask: Tensor | None = call()

    def validate(self) -> None:
        layer = self.layer
        if layer.variadic or len(layer.operands) - len(layer.optional_operands) != 1:
            message = f"{layer.name_in_flow} takes several tensors; a step gives it one"
            raise OpError("invalid-argument", message, at="layer")

    def _step(self, x: TensorType) -> TensorType:
        """What the layer gets of one step."""
        if x.rank < 3:
            message = f"expected a tensor of rank 3 or more (batch, time, ...), found rank {x.rank}"
            raise OpError("rank-mismatch", message, at=0, label=f"this is {x}")
        return x.with_shape(x.shape[0], *x.shape[2:])

    def infer(self, inputs: TensorType, mask: TensorType | None = None) -> TensorType:
        step = self._step(inputs)
        self._expect_mask(mask, inputs)
        with blamed("layer", self.layer):
            y = self.layer.infer(step, **self._step_mask(mask))
            expect_inner(self.layer, step)  # Keras penalizes no activity of a step
        if isinstance(y, tuple):
            message = f"{self.layer.name_in_flow} gives {len(y)} tensors; a step gives one"
            raise OpError("invalid-argument", message, at="layer")
        return TensorType(self._dtype(step, y), (y.shape[0], inputs.shape[1], *y.shape[1:]))

    def _dtype(self, step: TensorType, y: TensorType) -> str:
        """The layer casts nothing here, so its weights and the step promote."""
        mixed = y.is_float and step.is_float and any(True for _ in self.layer.weights(step))
        return common_dtype(step, self.layer.compute_dtype) if mixed else y.dtype

    def _expect_mask(self, mask: TensorType | None, x: TensorType) -> None:
        if mask is None:
            return
        if mask.rank < 2 or None in map(agree, mask.shape[:2], x.shape[:2]):
            message = f"expected a mask that begins with {show(x.shape[:2])}, found {mask}"
            raise OpError("shape-mismatch", message, at="mask")

    def _step_mask(self, mask: TensorType | None) -> dict[str, TensorType]:
        """What the layer gets of the mask, if it takes any."""
        if mask is None or "mask" not in type(self.layer).attributes():
            return {}
        return {"mask": mask.with_shape(mask.shape[0], *mask.shape[2:])}

    def weights(self, inputs: TensorType, **_: object) -> Iterable[Weight]:
        return nested("", self.layer.weights(self._step(inputs)), self.layer.trainable)

    def macs(self, inputs: TensorType, y: TensorType) -> Dim | None:
        macs = self.layer.macs(*self._steps(inputs, y))
        return None if macs is None else macs * inputs.shape[1]

    def elementwise(self, inputs: TensorType, y: TensorType) -> Dim | None:
        operations = self.layer.elementwise(*self._steps(inputs, y))
        return None if operations is None else operations * inputs.shape[1]

    def workspace(self, inputs: TensorType, y: TensorType) -> Dim:
        return self.layer.workspace(*self._steps(inputs, y)) * inputs.shape[1]

    def residuals(self, inputs: TensorType, y: TensorType) -> Dim:
        return self.layer.residuals(*self._steps(inputs, y)) * inputs.shape[1]

    def _steps(self, x: TensorType, y: TensorType) -> tuple[TensorType, TensorType]:
        return self._step(x), y.with_shape(y.shape[0], *y.shape[2:])
