"""Owns names that Keras, its older versions and other frameworks have for what a spec writes otherwise: layers, and
arguments of layers. Looked up only once a name is known to be wrong; knows no spec."""

from __future__ import annotations

from collections.abc import Collection

from netwright.compiler.ops.declared import snake_case

_INPUTS = "inputs stand under `inputs`, with their types: `image: f32[N, 28, 28, 1]`"
_CHAIN = "layers one after another are `f -> g`, or a list under `model`"

#: what is no layer here, in snake case -> how it is written
_LAYERS = {
    **dict.fromkeys(("input", "input_layer"), _INPUTS),
    "lambda": "write the expression itself, such as `y = 2 * x`, or a block under `blocks`",
    "self_attention": "a tensor attends to itself as `(x, x) -> multi_head_attention(num_heads, key_dim)`",
    "sequential": _CHAIN,
}

#: an argument's other names -> what Keras 3 calls it, the first that the layer has
_ARGUMENTS = {
    "alpha": ("negative_slope",),
    "bias": ("use_bias",),
    "border_mode": ("padding",),
    "dilation": ("dilation_rate",),
    "dim_ordering": ("data_format",),
    "eps": ("epsilon",),
    "filter_length": ("kernel_size",),
    "init": ("kernel_initializer", "embeddings_initializer"),
    "lr": ("learning_rate",),
    "nb_filter": ("filters",),
    "out_channels": ("filters",),
    "out_features": ("units",),
    "output_dim": ("units",),
    "p": ("rate",),
    "stride": ("strides",),
    "subsample": ("strides",),
    "W_regularizer": ("kernel_regularizer", "embeddings_regularizer"),
    "b_regularizer": ("bias_regularizer",),
}

#: arguments that no layer has here -> how they are written
_ELSEWHERE = dict.fromkeys(("batch_input_shape", "input_dim", "input_shape"), _INPUTS)


def other_layer(name: str) -> str | None:
    """How to write what `name` is elsewhere."""
    return _LAYERS.get(snake_case(name))


def other_argument(name: str, known: Collection[str]) -> str | None:
    """How to write the argument that is called `name` elsewhere; `known` are those of the layer at hand."""
    meant = next((other for other in _ARGUMENTS.get(name, ()) if other in known), None)
    return f"Keras 3 calls it `{meant}`" if meant else _ELSEWHERE.get(name)
