"""ResNet-50 as one would write it by hand for speed: JAX alone, channels last, SGD with momentum. Prints JSON: the
seconds to the first step, and of a step."""

from __future__ import annotations

import argparse
from functools import partial
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
from by_hand import Arrays, measured

DEPTHS = (3, 4, 6, 3)
CLASSES = 1000


class Made:
    """First weights and statistics, made as the network is gone through."""

    def __init__(self) -> None:
        self.weights: Arrays = {}
        self.statistics: Arrays = {}
        self._rng = np.random.default_rng(0)

    def convolution(self, name: str, kernel: int, channels: int, filters: int) -> None:
        """With the normalization that follows."""
        spread = (2 / (kernel * kernel * channels)) ** 0.5
        self.weights[name] = spread * self._rng.standard_normal((kernel, kernel, channels, filters), "float32")
        self.weights[f"{name}_scale"] = np.ones(filters, "float32")
        self.weights[f"{name}_shift"] = np.zeros(filters, "float32")
        self.statistics[name] = (np.zeros(filters, "float32"), np.ones(filters, "float32"))


def blocks() -> list[tuple[str, int, int, int, bool]]:
    """(name, channels in, filters, stride, whether the shortcut is projected) of every block."""
    found, channels = [], 64
    for stage, depth in enumerate(DEPTHS):
        filters = 64 * 2**stage
        for number in range(depth):
            stride = 2 if stage and not number else 1
            found.append((f"{stage}.{number}", channels, filters, stride, number == 0))
            channels = 4 * filters
    return found


def made() -> Made:
    """First values."""
    found = Made()
    found.convolution("stem", 7, 3, 64)
    for name, channels, filters, _, projected in blocks():
        found.convolution(f"{name}.1", 1, channels, filters)
        found.convolution(f"{name}.2", 3, filters, filters)
        found.convolution(f"{name}.3", 1, filters, 4 * filters)
        if projected:
            found.convolution(f"{name}.shortcut", 1, channels, 4 * filters)
    found.weights["dense"] = np.zeros((2048, CLASSES), "float32")
    return found


def forward(weights: Arrays, statistics: Arrays, x: Any) -> tuple[Any, Arrays]:
    """Logits, and the new statistics."""
    moved: Arrays = {}

    def convolved(x: Any, name: str, stride: int = 1) -> Any:
        dimensions = ("NHWC", "HWIO", "NHWC")
        y = jax.lax.conv_general_dilated(x, weights[name], (stride, stride), "SAME", dimension_numbers=dimensions)
        wide = y.astype("float32")
        mean, variance = wide.mean((0, 1, 2)), wide.var((0, 1, 2))
        before = statistics[name]
        moved[name] = tuple(0.99 * old + 0.01 * new for old, new in zip(before, (mean, variance), strict=True))
        scaled = ((wide - mean) * jax.lax.rsqrt(variance + 1e-5)).astype(y.dtype)
        return scaled * weights[f"{name}_scale"] + weights[f"{name}_shift"]

    x = jax.nn.relu(convolved(x, "stem", 2))
    x = jax.lax.reduce_window(x, -jnp.inf, jax.lax.max, (1, 3, 3, 1), (1, 2, 2, 1), "SAME")
    for name, _, _, stride, projected in blocks():
        y = jax.nn.relu(convolved(x, f"{name}.1", stride))
        y = convolved(jax.nn.relu(convolved(y, f"{name}.2")), f"{name}.3")
        x = jax.nn.relu(y + (convolved(x, f"{name}.shortcut", stride) if projected else x))
    return x.mean((1, 2)) @ weights["dense"], moved


def step(dtype: str, held: Any, images: Any, labels: Any) -> Any:
    """One step of SGD."""
    weights, momenta, statistics = held

    def loss(weights: Arrays) -> Any:
        cast = jax.tree.map(lambda weight: weight.astype(dtype), weights)
        logits, moved = forward(cast, statistics, images.astype(dtype))
        chosen = jnp.take_along_axis(jax.nn.log_softmax(logits.astype("float32")), labels[:, None], -1)
        return -chosen.mean(), moved

    (lost, statistics), gradients = jax.value_and_grad(loss, has_aux=True)(weights)
    momenta = jax.tree.map(lambda m, g: 0.9 * m - 0.1 * g, momenta, gradients)
    return (jax.tree.map(jnp.add, weights, momenta), momenta, statistics), lost


def main() -> None:
    """Measure it."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--batch", type=int, default=4)
    parser.add_argument("--size", type=int, default=224)
    parser.add_argument("--dtype", default="float32")
    given = parser.parse_args()
    rng = np.random.default_rng(1)
    images = rng.random((given.batch, given.size, given.size, 3), "float32")

    def held() -> Any:
        first = made()
        weights = jax.device_put(first.weights)
        return weights, jax.tree.map(jnp.zeros_like, weights), jax.device_put(first.statistics)

    measured(held, partial(step, given.dtype), images, rng.integers(0, CLASSES, given.batch))


if __name__ == "__main__":
    main()
