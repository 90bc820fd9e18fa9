"""Owns the activations among the functions of keras.ops: most are those of keras.activations (`activations.py`)."""

from __future__ import annotations

from netwright.compiler.ops.tensor_elementwise import FloatOnly


class Gelu(FloatOnly):
    """y = x Φ(x), approximated by tanh unless approximate is false. The bare name is the activation, which does not
    approximate."""

    name_in_flow = "ops.gelu"
    approximate: bool = True
