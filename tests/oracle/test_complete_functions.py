"""Every function of keras.ops is in the catalogue, or left out for a reason that stands here."""

from __future__ import annotations

import pytest

from netwright.compiler.ops.catalogue import find_operator

pytestmark = pytest.mark.keras

VALUES_DECIDE = "the shape of what it makes depends on values"
COMPLEX = "there are no complex dtypes here, and of real numbers it says nothing new"
CONTROL = "takes Python functions: repeats, loops and conditions are flow's own"
KNOWN = "gives a Python value that is known when the model is compiled: "
EXCLUDED: dict[str, str] = {
    "angle": COMPLEX,
    "argpartition": "the order is open, and TensorFlow's backend takes one axis of integers alone; see argsort",
    "array": "makes a tensor of Python values, which flow writes as numbers beside tensors",
    "associative_scan": CONTROL,
    "bincount": VALUES_DECIDE,
    "cond": CONTROL,
    "conj": COMPLEX,
    "conjugate": COMPLEX,
    "convert_to_numpy": "leaves the model",
    "convert_to_tensor": "what flows along arrows is a tensor",
    "corrcoef": "Keras 3.15.1 infers another shape than it computes, and TensorFlow compiles none",
    "custom_gradient": "makes a function of a Python function",
    "dtype": KNOWN + "flow writes x.dtype",
    "eig": COMPLEX + "; see eigh",
    "fori_loop": CONTROL,
    "histogram": "a functional model that Keras 3.15.1 builds of it cannot be called",
    "imag": COMPLEX,
    "is_tensor": KNOWN + "what flows along arrows is a tensor",
    "isreal": COMPLEX,
    "jvp": "differentiates a Python function",
    "lu_factor": "what the second tensor says depends on the backend, and TensorFlow takes no batch",
    "map": CONTROL,
    "ndim": KNOWN + "flow writes x.rank",
    "nonzero": VALUES_DECIDE,
    "polar": COMPLEX,
    "real": COMPLEX,
    "rearrange": "its arguments have names of the user's own; reshape and transpose say the same",
    "scan": CONTROL,
    "select": "takes two lists of tensors; `where` after `where` says the same",
    "shape": KNOWN + "flow writes x.shape",
    "size": KNOWN + "flow multiplies the sizes of x.shape",
    "switch": CONTROL,
    "unique": VALUES_DECIDE + ", and with a size Keras's backends fill up differently",
    "vectorize": "makes a function of a Python function",
    "vectorized_map": CONTROL,
    "view_as_complex": COMPLEX,
    "view_as_real": COMPLEX,
    "while_loop": CONTROL,
}


def functions_of_keras() -> set[str]:
    import keras

    return {name for name in dir(keras.ops) if not name.startswith("_") and callable(getattr(keras.ops, name))}


def test_every_function_of_keras_random_is_there() -> None:
    import keras

    names = {name for name in dir(keras.random) if name.islower() and not name.startswith("_")}
    assert not [name for name in names if find_operator(f"random.{name}") is None]


def test_every_function_of_keras_ops_image_is_there() -> None:
    import keras

    left_out = {"elastic_transform"}  # random_elastic_transform is the layer, whose seed moves on
    names = {name for name in dir(keras.ops.image) if not name.startswith("_")}
    assert {name for name in names if find_operator(f"ops.image.{name}") is None} == left_out


def is_known(name: str) -> bool:
    """Below `ops`, or by its bare name as the activation that it is."""
    bare = find_operator(name)
    return find_operator(f"ops.{name}") is not None or (bare is not None and bare.keras == f"activations.{name}")


def test_every_function_is_there_or_left_out_for_a_reason() -> None:
    missing = {name for name in functions_of_keras() if not is_known(name)}
    assert missing - EXCLUDED.keys() == set()


def test_only_what_keras_has_and_the_catalogue_has_not_is_left_out() -> None:
    assert EXCLUDED.keys() <= functions_of_keras()
    assert not [name for name in EXCLUDED if is_known(name)]
