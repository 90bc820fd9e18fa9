"""The decoder-only language model of `specs/gpt2.yaml` as one would write it by hand for speed: JAX alone, `lax.scan`
over stacked weights, AdamW. Prints JSON: the seconds to the first step, and of a step."""

from __future__ import annotations

import argparse
from functools import partial
from typing import Any, NamedTuple

import jax
import jax.numpy as jnp
import numpy as np
from by_hand import Arrays, measured

RATE = 0.1


class Sizes(NamedTuple):
    """Of the model, and of a batch."""

    layers: int
    vocabulary: int = 1000
    width: int = 256
    heads: int = 4
    tokens: int = 128
    batch: int = 8
    dtype: str = "float32"


def first_weights(sizes: Sizes) -> Arrays:
    """What training moves; `blocks` has the layers' weights stacked."""
    rng = np.random.default_rng(0)
    layers, width = sizes.layers, sizes.width

    def drawn(*shape: int) -> Any:
        return 0.02 * rng.standard_normal(shape, "float32")

    squares = ("query", "key", "value", "output")
    blocks = {
        **{name: drawn(layers, width, width) for name in squares},
        "up": drawn(layers, width, 4 * width),
        "down": drawn(layers, 4 * width, width),
        **{f"{name}_bias": np.zeros((layers, width), "float32") for name in (*squares, "down")},
        "up_bias": np.zeros((layers, 4 * width), "float32"),
        **{f"{norm}_scale": np.ones((layers, width), "float32") for norm in ("norm_1", "norm_2")},
        **{f"{norm}_shift": np.zeros((layers, width), "float32") for norm in ("norm_1", "norm_2")},
    }
    ends = {"norm_scale": np.ones(width, "float32"), "norm_shift": np.zeros(width, "float32")}
    return {"words": drawn(sizes.vocabulary, width), "positions": drawn(sizes.tokens, width), "blocks": blocks, **ends}


def normalized(x: Any, weights: Arrays, name: str) -> Any:
    """Layer normalization of the last axis, in f32."""
    wide = x.astype("float32")
    centred = wide - wide.mean(-1, keepdims=True)
    scaled = centred * jax.lax.rsqrt((centred**2).mean(-1, keepdims=True) + 1e-5)
    return scaled.astype(x.dtype) * weights[f"{name}_scale"] + weights[f"{name}_shift"]


def dropped(x: Any, key: Any) -> Any:
    """Dropout."""
    return jnp.where(jax.random.bernoulli(key, 1 - RATE, x.shape), x / (1 - RATE), 0)


def block(sizes: Sizes, x: Any, given: tuple[Arrays, Any]) -> tuple[Any, None]:
    """One layer: [batch, tokens, width] to the same."""
    weights, key = given
    keys = jax.random.split(key, 3)
    h = normalized(x, weights, "norm_1")
    query, key_, value = (
        (h @ weights[name] + weights[f"{name}_bias"]).reshape(*h.shape[:2], sizes.heads, -1)
        for name in ("query", "key", "value")
    )
    scores = jnp.einsum("bqhd,bkhd->bhqk", query, key_) / (sizes.width // sizes.heads) ** 0.5
    causal = jnp.tril(jnp.ones((sizes.tokens, sizes.tokens), bool))
    attention = dropped(jax.nn.softmax(jnp.where(causal, scores, -3e4)), keys[0])
    mixed = jnp.einsum("bhqk,bkhd->bqhd", attention, value).reshape(x.shape)
    x = x + dropped(mixed @ weights["output"] + weights["output_bias"], keys[1])
    h = jax.nn.gelu(normalized(x, weights, "norm_2") @ weights["up"] + weights["up_bias"], approximate=True)
    return x + dropped(h @ weights["down"] + weights["down_bias"], keys[2]), None


def loss(sizes: Sizes, weights: Arrays, tokens: Any, targets: Any, key: Any) -> Any:
    """The mean crossentropy; weights are f32, what is computed with them is of the sizes' dtype."""
    weights = jax.tree.map(lambda weight: weight.astype(sizes.dtype), weights)
    first, *keys = jax.random.split(key, 1 + sizes.layers)
    x = dropped(weights["words"][tokens] + weights["positions"], first)
    x, _ = jax.lax.scan(partial(block, sizes), x, (weights["blocks"], jnp.stack(keys)))
    logits = (normalized(x, weights, "norm") @ weights["words"].T).astype("float32")
    return -jnp.take_along_axis(jax.nn.log_softmax(logits), targets[..., None], -1).mean()


def step(sizes: Sizes, held: Any, tokens: Any, targets: Any) -> Any:
    """One step of AdamW."""
    weights, before, count = held
    lost, gradients = jax.value_and_grad(partial(loss, sizes))(weights, tokens, targets, jax.random.PRNGKey(count))
    count = count + 1
    first = jax.tree.map(lambda m, g: 0.9 * m + 0.1 * g, before[0], gradients)
    second = jax.tree.map(lambda v, g: 0.999 * v + 0.001 * g * g, before[1], gradients)
    rate = 2.5e-4 * jnp.sqrt(1 - 0.999**count) / (1 - 0.9**count)

    def moved(weight: Any, m: Any, v: Any) -> Any:
        return weight * (1 - 2.5e-6) - rate * m / (jnp.sqrt(v) + 1e-7)

    return (jax.tree.map(moved, weights, first, second), (first, second), count), lost


def main() -> None:
    """Measure it."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("layers", type=int)
    for name, default in Sizes._field_defaults.items():
        parser.add_argument(f"--{name}", type=type(default), default=default)
    sizes = Sizes(**vars(parser.parse_args()))
    shape = (sizes.batch, sizes.tokens + 1)
    tokens = np.random.default_rng(1).integers(0, sizes.vocabulary, shape).astype("int32")

    def held() -> Any:
        weights = jax.device_put(first_weights(sizes))
        return weights, tuple(jax.tree.map(jnp.zeros_like, weights) for _ in range(2)), 0

    measured(held, partial(step, sizes), tokens[:, :-1], tokens[:, 1:])


if __name__ == "__main__":
    main()
