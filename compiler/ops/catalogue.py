"""Owns the way to the catalogue: finding an operator or configuration object by the name a spec gives. Importing it
defines every operator."""

from __future__ import annotations

from importlib import import_module

from netwright.compiler.ops.configuration import CONFIGURATIONS, Configuration, find
from netwright.compiler.ops.declared import snake_case
from netwright.compiler.ops.op import OPERATORS, Op

#: every family of operators and configuration objects; a new family is named here, a new operator nowhere
FAMILIES = (
    "activation_layers",
    "activations",
    "attention",
    "augmentation",
    "augmentation_colors",
    "channels",
    "convolution",
    "convolution_separable",
    "convolution_transpose",
    "core",
    "einsum_dense",
    "embeddings",
    "encoding",
    "hashing",
    "image_filters",
    "image_geometry",
    "image_transforms",
    "initializers",
    "lookups",
    "merging",
    "mixture_density",
    "multi_head_attention",
    "network_activations",
    "network_attention",
    "network_convolution",
    "network_losses",
    "network_normalization",
    "network_pooling",
    "network_rearrangement",
    "normalization",
    "padding",
    "pooling",
    "pooling_adaptive",
    "positions",
    "random_functions",
    "recurrent",
    "recurrent_cells",
    "recurrent_convolution",
    "regions",
    "regularization",
    "regularizers",
    "reshaping",
    "resizing",
    "spectral_normalization",
    "spectrograms",
    "tensor_binary",
    "tensor_creation",
    "tensor_decompositions",
    "tensor_elementwise",
    "tensor_indexing",
    "tensor_integers",
    "tensor_joining",
    "tensor_linear_algebra",
    "tensor_matrices",
    "tensor_nan",
    "tensor_products",
    "tensor_reduction",
    "tensor_sequences",
    "tensor_scatter",
    "tensor_segments",
    "tensor_shape",
    "tensor_statistics",
    "tensor_transforms",
    "tensor_trigonometry",
    "tensor_windows",
    "unpooling",
    "weight",
    "wrappers",
)
for family in FAMILIES:
    import_module(f"netwright.compiler.ops.{family}")


def find_operator(name: str) -> type[Op] | None:
    """The operator of that flow name, Keras class name or alias; `ops.reshape` names a keras.ops function that a
    layer of the same name hides."""
    found = OPERATORS.get(name)
    if found is None and name[:1].isupper():
        snake = snake_case(name)
        found = OPERATORS.get(snake)
        if found is None or not (found.keras == f"layers.{name}" or found.__name__ == name or snake in found.aliases):
            return None
    return found


def find_configuration(name: str, kind: str | None = None) -> type[Configuration] | None:
    """The initializer, regularizer, ... of that flow name or Keras class name; of one kind if `kind` is given."""
    kinds = [kind] if kind else dict.fromkeys(its_kind for its_kind, _ in CONFIGURATIONS)
    return next(filter(None, (find(its_kind, name) for its_kind in kinds)), None)
