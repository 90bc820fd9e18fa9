"""What live Keras says of a generated case: the symbolic call's shapes and counts, or that it refuses, and what a run
gives. Knows nothing of the catalogue's answer."""

from __future__ import annotations

import inspect
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from itertools import chain
from math import prod
from typing import Any, NamedTuple

from oracle.generated_cases import LAYERS, Case, Tensor

from netwright.compiler.dtypes import KERAS_NAMES

Sizes = tuple[int | None, ...]


class Outputs(NamedTuple):
    """Of all outputs, one after another; dtypes by Keras's names."""

    shapes: tuple[Sizes, ...] = ()
    dtypes: tuple[str, ...] = ()


NOTHING = Outputs()


@dataclass
class KerasAnswer:
    """`refusal` is the error of making or calling the layer symbolically, `run_error` that of the run; `inferred` is
    what the symbolic call gives, and `run` what inference does, also where training then fails."""

    refusal: str = ""
    inferred: Outputs = NOTHING
    total: int = 0
    trainable: int = 0
    run_error: str = ""
    run: Outputs = NOTHING


def keras_answer(case: Case, runs: bool) -> KerasAnswer:
    """Make the layer, call it on KerasTensors, then, if `runs`, run it on arrays."""
    answer = KerasAnswer()
    try:
        layer, keywords = _made(case)
        outputs = _called(layer, case, keywords, _placeholder)
    except Exception as error:  # noqa: BLE001 - Keras raises what it likes
        answer.refusal = _said(error)
        return answer
    answer.inferred = _outputs(outputs)
    answer.total = layer.count_params()
    answer.trainable = sum(prod(weight.shape) for weight in layer.trainable_weights)
    if runs:
        try:
            _run(layer, case, keywords, answer)
        except Exception as error:  # noqa: BLE001
            answer.run_error = _said(error)
    return answer


def compiled_answer(case: Case) -> KerasAnswer:
    """What a run that XLA compiled gives; for what TensorFlow's eager kernels alone do not do. Raises as Keras."""
    import tensorflow as tf

    answer = KerasAnswer()
    layer, keywords = _made(case)
    _called(layer, case, keywords, _placeholder)
    tf.function(lambda: _run(layer, case, keywords, answer), jit_compile=True, autograph=False)()
    return answer


def _run(layer: Any, case: Case, keywords: dict[str, Any], answer: KerasAnswer) -> None:
    """Once as in inference, and once as in training where the layer tells them apart."""
    told = "training" in inspect.signature(layer.call).parameters
    with without_crashes():
        answer.run = _outputs(_called(layer, case, keywords | ({"training": False} if told else {}), _array))
        if told:
            _called(layer, case, keywords | {"training": True}, _array)
        for weight in layer.trainable_weights:
            if weight.constraint is not None:
                weight.constraint(weight)
        list(layer.losses)


@contextmanager
def without_crashes() -> Iterator[None]:
    """Errors where TensorFlow's own kernels end the process: the maximum over a window larger than the operand, and
    einsum with an ellipsis that does not stand first."""
    import tensorflow as tf

    pool, einsum = tf.nn.pool, tf.einsum

    def checked_pool(input: Any, window_shape: Any, pooling_type: str, *rest: Any, **more: Any) -> Any:
        lengths = input.shape[1:-1]
        windows = [window_shape] * len(lengths) if isinstance(window_shape, int) else window_shape
        if pooling_type == "MAX" and tf.executing_eagerly() and any(map(int.__gt__, windows, lengths)):
            raise ValueError(f"windows {windows} are larger than {lengths}")
        return pool(input, window_shape, pooling_type, *rest, **more)

    def checked_einsum(equation: str, *operands: Any, **more: Any) -> Any:
        if tf.executing_eagerly() and equation.find("...") > 0:
            raise ValueError(f"the ellipsis of {equation} does not stand first")
        return einsum(equation, *operands, **more)

    tf.nn.pool, tf.einsum = checked_pool, checked_einsum
    try:
        yield
    finally:
        tf.nn.pool, tf.einsum = pool, einsum


def _said(error: Exception) -> str:
    return f"{type(error).__name__}: {error}".replace("\n", " ")[:300]


def _made(case: Case) -> tuple[Any, dict[str, Any]]:
    """The layer, and what goes to its call by keyword."""
    attributes = LAYERS[case.layer].attributes()
    at_call = {name for name in case.arguments if name in attributes and attributes[name].call}
    given = {name: value for name, value in case.arguments.items() if name not in at_call}
    return _layer(case.layer, given), {name: case.arguments[name] for name in at_call}


def _layer(name: str, arguments: dict[str, Any]) -> Any:
    import keras

    return getattr(keras.layers, name)(**{key: _value(value) for key, value in arguments.items()})


def _value(value: Any) -> Any:
    if isinstance(value, dict):
        return _layer(value["class"], value["kwargs"])
    if isinstance(value, list):
        of_layers = any(isinstance(item, dict) for item in value)
        return [*map(_value, value)] if of_layers else tuple(map(_value, value))
    return value


def _called(layer: Any, case: Case, keywords: dict[str, Any], tensor: Any) -> Any:
    operands = [tensor(each) for each in case.operands]
    cls = LAYERS[case.layer]
    listed = cls.convention == "list" or cls.variadic
    tensors = {
        name: [tensor(each) for each in given] if isinstance(given, list) else tensor(given)
        for name, given in case.tensors.items()
    }
    return layer(*([operands] if listed else operands), **keywords, **tensors)


def _placeholder(tensor: Tensor) -> Any:
    import keras

    return keras.KerasTensor(tensor.shape, KERAS_NAMES[tensor.dtype])


def _array(tensor: Tensor) -> Any:
    import keras
    import numpy as np

    if tensor.dtype == "str":
        return np.full(tensor.sizes, "dog", dtype=object)
    ones = np.ones(tensor.sizes, "float32")
    floats = np.linspace(0, 1, ones.size, dtype="float32").reshape(tensor.sizes) if ones.size else ones
    array = floats if tensor.dtype in ("f16", "f32", "bf16") else ones
    return keras.ops.convert_to_tensor(array, KERAS_NAMES[tensor.dtype])


def _outputs(made: Any) -> Outputs:
    from keras import backend

    if isinstance(made, (list, tuple)):
        several = [_outputs(each) for each in made]
        return Outputs(*(tuple(chain.from_iterable(parts)) for parts in zip(*several, strict=True)))
    return Outputs((tuple(made.shape),), (backend.standardize_dtype(made.dtype),))
