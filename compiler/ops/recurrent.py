"""Owns the recurrent layers with a fixed cell: simple_rnn, lstm, gru. x: (N, T, d) → y: (N, units), or (N, T, units)
with return_sequences; return_state adds the cell's last states, (N, units) each."""

from __future__ import annotations

from netwright.compiler.ops.attributes import attr, one_of
from netwright.compiler.ops.configuration import Regularizer
from netwright.compiler.ops.gates import CONSTRAINTS, DROPOUT, INITIALIZERS, REGULARIZERS, Gates, GRUGates, LSTMGates
from netwright.compiler.ops.recurrence import Recurrence

_PENALTIES = (*REGULARIZERS, "activity_regularizer")
_RUN = ("return_sequences", "return_state", "go_backwards", "stateful", "unroll")


class SimpleRNN(Gates, Recurrence):
    """h_t = activation(x_t W + h_(t-1) U + b); x: (N, T, d) → y: (N, units) (Elman 1990)."""

    activity_regularizer: Regularizer | None = None
    order = ("units", "activation", "use_bias", *INITIALIZERS, *_PENALTIES, *CONSTRAINTS, *DROPOUT, *_RUN, "seed")


class LSTM(LSTMGates, Recurrence):
    """c_t = f c_(t-1) + i tanh(x_t W_c + h_(t-1) U_c + b_c), h_t = o tanh(c_t), with gates i, f, o of the form
    sigmoid(x_t W + h_(t-1) U + b); x: (N, T, d) → y: (N, units) (Hochreiter & Schmidhuber 1997; Gers et al. 2000)."""

    activity_regularizer: Regularizer | None = None
    use_cudnn: bool | str = attr(one_of("auto", True, False), default="auto")
    order = (
        *("units", "activation", "recurrent_activation", "use_bias", *INITIALIZERS, "unit_forget_bias"),
        *(*_PENALTIES, *CONSTRAINTS, *DROPOUT, "seed", *_RUN, "use_cudnn"),
    )


class GRU(GRUGates, Recurrence):
    """h_t = z h_(t-1) + (1 - z) tanh(x_t W_h + r (h_(t-1) U_h + c_h) + b_h), with gates z, r of the form
    sigmoid(x_t W + h_(t-1) U + b); x: (N, T, d) → y: (N, units) (Cho et al. 2014). Without reset_after, U_h multiplies
    r h_(t-1)."""

    activity_regularizer: Regularizer | None = None
    use_cudnn: bool | str = attr(one_of("auto", True, False), default="auto")
    order = (
        *("units", "activation", "recurrent_activation", "use_bias", *INITIALIZERS, *_PENALTIES, *CONSTRAINTS),
        *(*DROPOUT, "seed", *_RUN, "reset_after", "use_cudnn"),
    )
