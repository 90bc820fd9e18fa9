"""Owns the cases of layers that Keras lacks: flow, sizes, and what the layer gives by another's formula or code."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from itertools import product
from typing import Any, NamedTuple

import numpy as np

Arrays = dict[str, Any]
#: of inputs by name, and weights by theirs: one array, or as many as the layer gives
Reference = Callable[[Arrays], Any]


class Case(NamedTuple):
    """`layers`: lines of a model that bind outputs, each with its reference. `sizes` are of the symbols in the types of
    `inputs`. Floats are random unless `values` says otherwise. `passes`: lines whose gradient is meant to be that of
    another function."""

    inputs: dict[str, str]
    sizes: dict[str, int]
    layers: dict[str, Reference]
    values: Callable[[Any, Arrays], Arrays] = lambda rng, arrays: arrays
    passes: Mapping[str, Reference] = {}

    @property
    def text(self) -> str:
        """The spec."""
        inputs = ", ".join(f'{name}: "{type}"' for name, type in self.inputs.items())
        names = [name for line in self.layers for name in bound(line)]
        lines = "".join(f"  {line}\n" for line in self.layers)
        return f"netwright: 1\nname: t\ninputs: {{{inputs}}}\noutputs: [{', '.join(names)}]\nmodel: |\n{lines}"

    def with_sizes(self) -> Case:
        """The same with numbers in the place of symbols, but for the batch."""
        sizes = {name: size for name, size in self.sizes.items() if name != "N"}
        types = {
            name: re.sub(r"\b[A-Z]\b", lambda at: str(sizes.get(at[0], at[0])), type)
            for name, type in self.inputs.items()
        }
        return self._replace(inputs=types)


def bound(line: str) -> list[str]:
    """The names that a line binds."""
    return line.partition(" = ")[0].split(", ")


# ---------------------------------------------------------------- channels


def normalized(x: Any, radius: int, bias: float, alpha: float, beta: float, *, axes: Sequence[int]) -> Any:
    """Local response normalization, element by element."""
    y = np.empty_like(x)
    for at in np.ndindex(x.shape):
        window = [slice(max(i - radius, 0), i + radius + 1) if axis in axes else i for axis, i in enumerate(at)]
        y[at] = x[at] / (bias + alpha * (x[tuple(window)] ** 2).sum()) ** beta
    return y


def tensorflow_normalized(x: Any) -> Any:
    """Across maps, by TensorFlow's own kernel, which computes in f32."""
    import tensorflow as tf

    return tf.nn.local_response_normalization(x.astype("float32"), 2, 2.0, 0.5, 0.75).numpy()


def shuffled(x: Any, groups: int) -> Any:
    """Along the last axis, channel by channel."""
    each = x.shape[-1] // groups
    return np.stack([x[..., (place % groups) * each + place // groups] for place in range(x.shape[-1])], -1)


# ---------------------------------------------------------------- positions


def turned(x: Any, wavelength: float = 10000, scale: float = 1) -> Any:
    """Rotated by complex numbers; steps on axis 1, features last."""
    half = x.shape[-1] // 2
    angles = np.outer(np.arange(x.shape[1]) / scale, wavelength ** -(np.arange(half) / half))
    angles = angles.reshape(x.shape[1], *[1] * (x.ndim - 3), half)
    pairs = (x[..., :half] + 1j * x[..., half:]) * np.exp(1j * angles)
    return np.concatenate([pairs.real, pairs.imag], -1)


def waves(x: Any, wavelength: float) -> Any:
    """The sinusoids of Vaswani et al., one by one."""
    steps, width = x.shape[-2:]
    y = np.zeros((steps, width))
    for t, i in np.ndindex(steps, width):
        angle = t / wavelength ** ((i - i % 2) / width)
        y[t, i] = np.cos(angle) if i % 2 else np.sin(angle)
    return np.broadcast_to(y, x.shape)


def seen(query: Any, value: Any, left: float, right: float) -> Any:
    """Which steps are in reach."""
    return np.array([[[-left <= j - i <= right for j in range(value.shape[1])] for i in range(query.shape[1])]])


# ---------------------------------------------------------------- densities


def mixture(at: Arrays, mixtures: int, width: int) -> tuple[Any, Any, Any]:
    """Logits, means and deviations."""
    z = at["x"] @ at["kernel"] + at["bias"]
    logits, means, deviations = np.split(z, [mixtures, mixtures * (1 + width)], -1)
    shape = (*z.shape[:-1], mixtures, width)
    return logits, means.reshape(shape), np.exp(deviations.reshape(shape))


def log_likelihood(y: Any, logits: Any, means: Any, deviations: Any) -> Any:
    """By densities, not their logarithms."""
    weights = np.exp(logits) / np.exp(logits).sum(-1, keepdims=True)
    distances = (y[..., None, :] - means) / deviations
    densities = np.exp(-(distances**2) / 2) / (deviations * np.sqrt(2 * np.pi))
    return np.log((weights * densities.prod(-1)).sum(-1))


# ---------------------------------------------------------------- pooling


def pyramid(x: Any, bins: Sequence[int], pool: Callable[..., Any]) -> Any:
    """Window by window."""
    levels = [(i, j, b) for b in bins for i in range(b) for j in range(b)]
    windows = [x[:, _reach(i, b, x.shape[1]), _reach(j, b, x.shape[2])] for i, j, b in levels]
    return np.stack([pool(window, (1, 2)) for window in windows], 1)


def _reach(i: int, bins: int, length: int) -> slice:
    return slice(int(np.floor(i * length / bins)), int(np.ceil((i + 1) * length / bins)))


def placed(x: Any, argmax: Any, height: int, width: int) -> Any:
    """Each element where `argmax` says."""
    y = np.zeros((x.shape[0], height * width * x.shape[3]))
    for at in np.ndindex(x.shape):
        y[at[0], argmax[at]] += x[at]
    return y.reshape(x.shape[0], height, width, x.shape[3])


def pooled(x: Any, size: Sequence[int], strides: Sequence[int], padding: str) -> tuple[Any, Any]:
    """The maxima and their places, by TensorFlow's own kernel."""
    import tensorflow as tf

    _, argmax = tf.nn.max_pool_with_argmax(x.astype("float32"), size, strides, padding.upper())
    flat = x.reshape(x.shape[0], -1)
    places = argmax.numpy()
    return np.take_along_axis(flat, places.reshape(x.shape[0], -1), 1).reshape(places.shape), places


def first_pooled(x: Any, size: Sequence[int], strides: Sequence[int]) -> tuple[Any, Any]:
    """The same, the channels first."""
    return tuple(np.moveaxis(each, -1, 1) for each in pooled(np.moveaxis(x, 1, -1), size, strides, "valid"))


def nailed(x: Any, rows: int, columns: int) -> Any:
    """Elements among zeros."""
    y = np.zeros((x.shape[0], x.shape[1] * rows, x.shape[2] * columns, x.shape[3]))
    y[:, ::rows, ::columns] = x
    return y


CASES = {
    "channels": Case(
        {"x": "f32[N, H, W, 6]"},
        {"N": 2, "H": 3, "W": 4},
        {
            "a = x -> local_response_normalization(2, 2, 0.5, 0.75)": lambda at: (
                tensorflow_normalized(at["x"])
                if at["x"].dtype == np.float32
                else normalized(at["x"], 2, 2, 0.5, 0.75, axes=[3])
            ),
            "b = x -> local_response_normalization(1, axis=[1, 2])": lambda at: normalized(
                at["x"], 1, 1, 1, 0.5, axes=[1, 2]
            ),
            "c = x -> maxout(2)": lambda at: np.stack([at["x"][..., :3].max(-1), at["x"][..., 3:].max(-1)], -1),
            "d = x -> maxout(2, axis=2)": lambda at: np.stack([at["x"][:, :, :2].max(2), at["x"][:, :, 2:].max(2)], 2),
            "e = x -> channel_shuffle(3)": lambda at: shuffled(at["x"], 3),
            "f = x -> channel_shuffle(2, axis=2)": lambda at: shuffled(at["x"].swapaxes(2, 3), 2).swapaxes(2, 3),
        },
    ),
    "branches": Case(
        {"x": "f32[N, H, 4]"},
        {"N": 2, "H": 3},
        {
            "a = x -> layer_scale(0.5)": lambda at: at["x"] * at["gamma"],
            "b = x -> stochastic_depth(0.4)": lambda at: at["x"],
            "c = x -> stochastic_depth(0.4, batch)": lambda at: at["x"],
            "d = x * weight([4])": lambda at: at["x"] * at["weight"],
        },
    ),
    "densities": Case(
        {"x": "f32[N, T, 3]", "y": "f32[N, T, 2]"},
        {"N": 2, "T": 3},
        {
            "a, a1, a2 = x -> mixture_density(3, 2)": lambda at: mixture(at, 3, 2),
            "b = (y, a, a1, a2) -> mixture_log_likelihood": lambda at: log_likelihood(at["y"], *mixture(at, 3, 2)),
        },
    ),
    "steps": Case(
        {"x": "f32[N, T]"},
        {"N": 2, "T": 3},
        {
            "a = x -> step": lambda at: np.where(at["x"] < 0, 0, 1),
            "b = x -> step(0.2, -1, 2, straight_through=true)": lambda at: np.where(at["x"] < 0.2, -1, 2),
        },
        passes={"b = x -> step(0.2, -1, 2, straight_through=true)": lambda at: at["x"]},
    ),
    "positions": Case(
        {"x": "f32[N, T, 3, 6]", "z": "f32[N, 4, S]"},
        {"N": 2, "T": 5, "S": 3},
        {
            "a = x -> rotary_embedding": lambda at: turned(at["x"]),
            "b = z -> rotary_embedding(100, 2, sequence_axis=2, feature_axis=1)": lambda at: turned(
                at["z"].swapaxes(1, 2), 100, 2
            ).swapaxes(1, 2),
            "c = x -> sine_position_encoding": lambda at: waves(at["x"], 10000),
            "d = z -> sine_position_encoding(50)": lambda at: waves(at["z"], 50),
            "e = x -> causal_mask": lambda at: seen(at["x"], at["x"], np.inf, 0),
            "f = (x, z) -> causal_mask": lambda at: seen(at["x"], at["z"], np.inf, 0),
            "g = x -> windowed_mask(2, 1)": lambda at: seen(at["x"], at["x"], 2, 1),
            "h = (x, z) -> windowed_mask(none, 1)": lambda at: seen(at["x"], at["z"], np.inf, 1),
            "i = z -> windowed_mask(0, none)": lambda at: seen(at["z"], at["z"], 0, np.inf),
        },
    ),
    "pooling": Case(
        {"x": "f32[N, H, W, 3]", "first": "f32[N, 3, H, W]"},
        {"N": 2, "H": 5, "W": 7},
        {
            "a, a1 = x -> max_pooling2d_with_argmax": lambda at: pooled(at["x"], (2, 2), (2, 2), "valid"),
            "b, b1 = x -> max_pooling2d_with_argmax([3, 2], [2, 3], padding=same)": lambda at: pooled(
                at["x"], (3, 2), (2, 3), "same"
            ),
            "c, c1 = first -> max_pooling2d_with_argmax(3, 1, data_format=channels_first)": lambda at: first_pooled(
                at["first"], (3, 3), (1, 1)
            ),
            "d = (a, a1, x) -> max_unpooling2d": lambda at: placed(*pooled(at["x"], (2, 2), (2, 2), "valid"), 5, 7),
            "e = (b, b1) -> max_unpooling2d([3, 2], [2, 3])": lambda at: placed(
                *pooled(at["x"], (3, 2), (2, 3), "same"), 7, 8
            ),
            "f = (c, c1, first) -> max_unpooling2d(3, 1, data_format=channels_first)": lambda at: np.moveaxis(
                placed(*pooled(np.moveaxis(at["first"], 1, -1), (3, 3), (1, 1), "valid"), 5, 7), -1, 1
            ),
            "g = x -> unpooling2d": lambda at: at["x"].repeat(2, 1).repeat(2, 2),
            "h = x -> unpooling2d([2, 3], bed_of_nails)": lambda at: nailed(at["x"], 2, 3),
            "i = x -> spatial_pyramid_pooling2d([1, 2, 3])": lambda at: pyramid(at["x"], [1, 2, 3], np.max),
            "j = first -> spatial_pyramid_pooling2d([4], average, data_format=channels_first)": lambda at: pyramid(
                np.moveaxis(at["first"], 1, -1), [4], np.mean
            ),
        },
    ),
}


def numeric_gradient(function: Callable[[Any], Any], x: Any, factor: Any, step: float = 1e-6) -> Any:
    """d(Σ factor · function(x)) / dx by central differences, in f64."""
    gradient = np.zeros(x.shape)
    for at in product(*map(range, x.shape)):
        higher, lower = x.copy(), x.copy()
        higher[at] += step
        lower[at] -= step
        gradient[at] = ((function(higher) - function(lower)) * factor).sum() / (2 * step)
    return gradient
