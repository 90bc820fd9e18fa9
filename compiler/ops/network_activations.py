"""Owns the activations among the functions of keras.ops: most are those of keras.activations (`activations.py`)."""

from __future__ import annotations

from netwright.compiler.ops.op import OPERATORS
from netwright.compiler.ops.tensor_elementwise import FloatOnly

#: alike in both, so that `ops.relu` is `activations.relu`
_ALIKE = """celu elu glu hard_shrink hard_sigmoid hard_silu hard_swish hard_tanh leaky_relu log_sigmoid log_softmax relu
relu6 selu sigmoid silu soft_shrink softmax softplus softsign sparse_plus sparse_sigmoid sparsemax squareplus swish
tanh_shrink threshold"""
for name in _ALIKE.split():
    OPERATORS[f"ops.{name}"] = OPERATORS[f"activations.{name}"]


class Gelu(FloatOnly):
    """y = x Φ(x), approximated by tanh unless approximate is false. The bare name is the activation, which does not
    approximate."""

    name_in_flow = "ops.gelu"
    approximate: bool = True
