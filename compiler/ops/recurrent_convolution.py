"""Owns the convolutional recurrent layers: conv_lstm1d, conv_lstm2d, conv_lstm3d. A multiply-add is counted for every
weight of every output, borders included."""

from __future__ import annotations

from collections.abc import Iterable
from math import prod

from netwright.compiler.dims import Dim
from netwright.compiler.ops.attributes import attr, positive
from netwright.compiler.ops.configuration import Activation, Regularizer
from netwright.compiler.ops.convolution import KernelLayer
from netwright.compiler.ops.gates import (
    CONSTRAINTS,
    DROPOUT,
    INITIALIZERS,
    REGULARIZERS,
    LSTMGates,
    RecurrentWeights,
    open_forget_gate,
)
from netwright.compiler.ops.layout import SPATIAL_NAMES
from netwright.compiler.ops.op import OpError, Tensors, Weight, expect_rank, known_size
from netwright.compiler.ops.recurrence import Recurrence, step_of
from netwright.compiler.types import TensorType


class ConvLSTM(RecurrentWeights, Recurrence, KernelLayer, abstract=True):
    """An LSTM whose products are convolutions: c_t = f c_(t-1) + i tanh(x_t ∗ W_c + h_(t-1) ∗ U_c + b_c),
    h_t = o tanh(c_t), with gates i, f, o of the form sigmoid(x_t ∗ W + h_(t-1) ∗ U + b). The states are convolved with
    stride 1 and padding same, so they keep their size. Keras's JAX backend runs none of these with a mask."""

    state_count = LSTMGates.state_count
    filters: int = attr(positive)
    activation: Activation | None = "tanh"
    recurrent_activation: Activation | None = "sigmoid"
    unit_forget_bias: bool = True
    activity_regularizer: Regularizer | None = None
    unroll: bool = attr(default=False, keyword_only=True)
    order = (
        *("filters", "kernel_size", "strides", "padding", "data_format", "dilation_rate", "activation"),
        *("recurrent_activation", "use_bias", *INITIALIZERS, "unit_forget_bias", *REGULARIZERS),
        *("activity_regularizer", *CONSTRAINTS, *DROPOUT, "seed"),
        *("return_sequences", "return_state", "go_backwards", "stateful"),
    )

    def infer(
        self, sequences: TensorType, initial_state: Tensors | None = None, mask: TensorType | None = None
    ) -> TensorType | tuple[TensorType, ...]:
        if mask is not None:
            message = f"{self.name_in_flow} takes no mask: Keras does not run it on every backend"
            raise OpError("not-supported", message, at="mask")
        return super().infer(sequences, initial_state)

    def expect_sequences(self, x: TensorType) -> None:
        expect_rank(x, self.rank + 3)
        step = step_of(x)
        self.expect_operand(step)
        for name, length in zip(SPATIAL_NAMES[self.rank], self.spatial(step), strict=True):
            known_size(length, f"the {name} of a convolutional recurrent layer")
        self.expect_known_lengths(x)

    def step_states(self, x: TensorType) -> tuple[TensorType, ...]:
        return (self.with_layout(x, self.output_lengths(x), self.filters),) * self.state_count

    def weights(self, sequences: TensorType, **_: object) -> Iterable[Weight]:
        channels = known_size(self.channels(step_of(sequences)), "the number of channels")
        width = LSTMGates.gates * self.filters
        yield self.weight("kernel", (*self.kernel_size, channels, width), self.kernel_initializer)
        yield self.weight("recurrent_kernel", (*self.kernel_size, self.filters, width), self.recurrent_initializer)
        if self.use_bias:
            bias = self.weight("bias", (width,), self.bias_initializer)
            yield open_forget_gate(bias, self.filters) if self.unit_forget_bias else bias

    def step_macs(self, x: TensorType) -> Dim:
        state = self.step_states(x)[0]
        return state.size * LSTMGates.gates * prod(self.kernel_size) * (self.channels(x) + self.filters)

    def step_elementwise(self, x: TensorType) -> Dim:
        return self.step_states(x)[0].size * (LSTMGates.unit_cost + LSTMGates.gates * self.use_bias)

    def step_residuals(self, x: TensorType) -> Dim:
        return self.step_states(x)[0].size * (LSTMGates.gates + LSTMGates.state_count)


class ConvLSTM1D(ConvLSTM):
    """conv_lstm2d over one spatial dim; x: (N, T, L, c) → y: (N, L', filters), or (N, T, L', filters) with
    return_sequences."""

    rank = 1


class ConvLSTM2D(ConvLSTM):
    """c_t = f c_(t-1) + i tanh(x_t ∗ W_c + h_(t-1) ∗ U_c + b_c), h_t = o tanh(c_t), with gates i, f, o of the form
    sigmoid(x_t ∗ W + h_(t-1) ∗ U + b); x: (N, T, H, W, c) → y: (N, H', W', filters), or (N, T, H', W', filters) with
    return_sequences. Shi et al. 2015, arXiv:1506.04214."""

    rank = 2


class ConvLSTM3D(ConvLSTM):
    """conv_lstm2d over three spatial dims; x: (N, T, D, H, W, c) → y: (N, D', H', W', filters), or with T with
    return_sequences."""

    rank = 3
