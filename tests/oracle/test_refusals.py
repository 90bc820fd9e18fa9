"""Layers that Keras makes but cannot call or train, or cannot make, and that a spec therefore cannot have."""

from __future__ import annotations

import inspect
from collections.abc import Callable
from typing import Any

import pytest

from netwright import SpecError, compile

pytestmark = pytest.mark.keras


def keras_constraint(name: str, **arguments: Any) -> Any:
    import keras

    return getattr(keras.constraints, name)(**arguments)


def clahe(of: Any) -> Any:
    return of.ContrastLimitedAdaptiveHistogramEqualization()


def constrained(of: Any) -> Any:
    return of.Bidirectional(of.LSTM(4, kernel_constraint=keras_constraint("MaxNorm", axis=2)))


#: the input's shape, the layer in flow, and in Keras
REFUSED: list[tuple[tuple[int, ...], str, Callable[[Any], Any]]] = [
    ((2, 3), "gaussian_dropout(1)", lambda of: of.GaussianDropout(1)),
    ((2, 3), "alpha_dropout(1.0)", lambda of: of.AlphaDropout(1.0)),
    ((2, 3), "dropout(0.5, noise_shape=3)", lambda of: of.Dropout(0.5, noise_shape=3)),
    ((4,), "group_normalization(2)", lambda of: of.GroupNormalization(2)),
    ((2, 4), "group_normalization(2, axis=-2)", lambda of: of.GroupNormalization(2, axis=-2)),
    ((2, 3), 'dense(3, name="a/b")', lambda of: of.Dense(3, name="a/b")),
    ((2, 3, 3), 'max_pooling1d(name="a/b")', lambda of: of.MaxPooling1D(name="a/b")),
    ((2, 3), "dense(3, kernel_initializer=constant)", lambda of: of.Dense(3, kernel_initializer="constant")),
    ((2, 3), "dense(3, kernel_regularizer=l1_l2)", lambda of: of.Dense(3, kernel_regularizer="l1_l2")),
    (
        (2, 4, 3),
        "conv1d(3, 2, kernel_regularizer=orthogonal_regularizer)",
        lambda of: of.Conv1D(3, 2, kernel_regularizer="orthogonal_regularizer"),
    ),
    (
        (2, 4, 3),
        "dense(3, activity_regularizer=orthogonal_regularizer)",
        lambda of: of.Dense(3, activity_regularizer="orthogonal_regularizer"),
    ),
    (
        (2, 3),
        "dense(3, bias_constraint=max_norm(axis=1))",
        lambda of: of.Dense(3, bias_constraint=keras_constraint("MaxNorm", axis=1)),
    ),
    ((2, 5, 3), "lstm(4, bias_initializer=identity)", lambda of: of.LSTM(4, bias_initializer="identity")),
    ((2, 5, 3), "gru(4, dtype=bf16)", lambda of: of.GRU(4, dtype="bfloat16")),
    ((2, 5, 3), 'lstm(4, use_cudnn="maybe")', lambda of: of.LSTM(4, use_cudnn="maybe")),
    (
        (2, 5, 3),
        "bidirectional(lstm(4, stateful=true, return_state=true))",
        lambda of: of.Bidirectional(of.LSTM(4, stateful=True, return_state=True)),
    ),
    (
        (2, 5, 3),
        'adaptive_max_pooling1d(2, data_format="Channels_First")',
        lambda of: of.AdaptiveMaxPooling1D(2, data_format="Channels_First"),
    ),
    ((2, 5, 4, 2), "random_hue(0.5)", lambda of: of.RandomHue(0.5)),
    ((2, 5, 4, 2), "random_grayscale", lambda of: of.RandomGrayscale()),
    ((2, 5, 4, 2), "random_color_jitter(hue_factor=0.1)", lambda of: of.RandomColorJitter(hue_factor=0.1)),
    ((2, 5, 4, 3), "random_erasing(fill_value=[1, 2])", lambda of: of.RandomErasing(fill_value=(1, 2))),
    ((2, 5, 1, 3), "random_perspective", lambda of: of.RandomPerspective()),
    ((2, 3, 9, 1), "contrast_limited_adaptive_histogram_equalization", clahe),
    ((2, 5, 3), "bidirectional(lstm(4, kernel_constraint=max_norm(axis=2)))", constrained),
    (
        (2, 5, 3),
        "spectral_normalization(dense(4, activity_regularizer=orthogonal_regularizer))",
        lambda of: of.SpectralNormalization(of.Dense(4, activity_regularizer="orthogonal_regularizer")),
    ),
]


@pytest.mark.parametrize(("shape", "flow", "make"), REFUSED, ids=[flow for _, flow, _ in REFUSED])
def test_what_keras_cannot_run_is_refused(shape: tuple[int, ...], flow: str, make: Callable[[Any], Any]) -> None:
    import keras

    with pytest.raises(SpecError):
        compile(f'netwright: 1\nname: refused\ninputs: {{x: "f32{list(shape)}"}}\nmodel: |\n  x -> {flow}\n')
    with pytest.raises(Exception):  # noqa: B017, PT011  # each backend has errors of its own
        trained(make(keras.layers), keras.ops.ones(shape))


def trained(layer: Any, x: Any) -> Any:
    """What a step of training computes of the layer: outputs, penalties, constraints."""
    training = {"training": True} if "training" in inspect.signature(layer.call).parameters else {}
    layer(x, **training)
    for weight in layer.trainable_variables:
        if weight.constraint is not None:
            weight.constraint(weight)
    return layer.losses
