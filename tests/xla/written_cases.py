"""Owns the cases of layers that Keras lacks: flow, sizes, and what the layer gives by another's formula or code."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from itertools import product
from typing import Any, NamedTuple

import numpy as np
from xla.recurrence_references import CELLS, counted, masked_backwards, peephole, smoothed
from xla.written_references import (
    anchored,
    boxed,
    cropped,
    first_pooled,
    log_likelihood,
    mixture,
    nailed,
    normalized,
    placed,
    pooled,
    pyramid,
    region_aligned,
    region_pooled,
    seen,
    shuffled,
    suppressed,
    tensorflow_normalized,
    turned,
    waves,
)

Arrays = dict[str, Any]
#: of inputs by name, and weights by theirs: one array, or as many as the layer gives
Reference = Callable[[Arrays], Any]


class Case(NamedTuple):
    """`layers`: lines of a model that bind outputs, each with its reference. `sizes` are of the symbols in the types of
    `inputs`. Floats are random unless `values` says otherwise. `passes`: lines whose gradient is meant to be that of
    another function. `blocks`: what the lines call."""

    inputs: dict[str, str]
    sizes: dict[str, int]
    layers: dict[str, Reference]
    values: Callable[[Any, Arrays], Arrays] = lambda rng, arrays: arrays
    passes: Mapping[str, Reference] = {}
    blocks: str = ""

    @property
    def text(self) -> str:
        """The spec."""
        inputs = ", ".join(f'{name}: "{type}"' for name, type in self.inputs.items())
        names = [name for line in self.layers for name in bound(line)]
        lines = "".join(f"  {line}\n" for line in self.layers)
        outputs = f"outputs: [{', '.join(names)}]\n{self.blocks}"
        return f"netwright: 1\nname: t\ninputs: {{{inputs}}}\n{outputs}model: |\n{lines}"

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


CASES: dict[str, Case] = {
    "peephole": Case(
        {"x": "f32[N, T, 2]"},
        {"N": 2, "T": 4},
        {"y, h, c = x -> recurrent(peephole(3), return_sequences=true, return_state=true)": peephole},
        blocks=CELLS,
    ),
    "masked_recurrence": Case(
        {"x": "f32[N, T, 2]", "first": "f32[N, 3]", "mask": "bool[N, T]"},
        {"N": 3, "T": 5},
        {
            "y, h = x -> recurrent(concatenate -> dense(3, activation=tanh), return_sequences=true, return_state=true, "
            "go_backwards=true, initial_state=first, mask=mask)": masked_backwards
        },
        lambda rng, arrays: {**arrays, "mask": rng.random(arrays["mask"].shape) < 0.6},
    ),
    "recurrence_of_images_and_words": Case(
        {"x": "f32[N, T, 3, 2, 2]", "words": "i32[N, T, 1]"},
        {"N": 2, "T": 3},
        {
            "y = x -> recurrent(smoothed, return_sequences=true)": lambda at: smoothed(at["x"]),
            "z = x -> recurrent(smoothed(0.5))": lambda at: smoothed(at["x"])[:, -1],
            "h = words -> recurrent(counting)": lambda at: counted(at["words"], at["embeddings"]),
        },
        lambda rng, arrays: {**arrays, "words": rng.integers(0, 5, arrays["words"].shape, "int32")},
        blocks=CELLS,
    ),
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
    "regions": Case(
        {"x": "f32[N, H, W, 2]", "first": "f32[N, 2, H, W]", "boxes": "f32[N, R, 4]"},
        {"N": 2, "H": 4, "W": 5, "R": 2},
        {
            "a = (x, boxes) -> roi_pooling([2, 3], 0.25)": lambda at: region_pooled(at["x"], at["boxes"], 2, 3, 0.25),
            "b = (first, boxes) -> roi_pooling(2, 0.25, data_format=channels_first)": lambda at: np.moveaxis(
                region_pooled(np.moveaxis(at["first"], 1, -1), at["boxes"], 2, 2, 0.25), -1, 2
            ),
            "c = (x, boxes) -> roi_align([2, 3], 0.25)": lambda at: region_aligned(
                at["x"], at["boxes"], (2, 3), 0.25, aligned=False
            ),
            "d = (x, boxes) -> roi_align(2, 0.25, sampling_ratio=3, aligned=true)": lambda at: region_aligned(
                at["x"], at["boxes"], (2, 2), 0.25, 3, aligned=True
            ),
            "e = (x, (boxes + 9) / 12) -> roi_align(3, sampling_ratio=1, aligned=true)": lambda at: (
                cropped(at["x"], (at["boxes"] + 9) / 12, 3)
                if at["x"].dtype == np.float32
                else region_aligned(at["x"], (at["boxes"] + 9) / 12, (3, 3), 1, 1, aligned=True)
            ),
            "f = x -> anchors([32, 64], strides=[16, 8])": lambda at: anchored(
                at["x"], [32, 64], [0.5, 1, 2], [16, 8], 0
            ),
            "g = first -> anchors([8], [1], 4, 0.5, data_format=channels_first)": lambda at: anchored(
                np.moveaxis(at["first"], 1, -1), [8], [1], [4, 4], 0.5
            ),
        },
        boxed,
    ),
    "suppression": Case(
        {"boxes": "f32[N, B, 4]", "scores": "f32[N, B]"},
        {"N": 3, "B": 20},
        {
            "a, a1 = (boxes, scores) -> non_max_suppression(30, 0.2)": lambda at: suppressed(
                at["boxes"], at["scores"], 30, 0.2, -np.inf
            ),
            "b, b1 = (boxes, scores) -> non_max_suppression(4, 0.4, 0.1)": lambda at: suppressed(
                at["boxes"], at["scores"], 4, 0.4, 0.1
            ),
        },
        boxed,
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
        {"x": "f32[N, H, W, 2]", "first": "f32[N, 2, H, W]"},
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


class Read(dict[str, Any]):
    """Arrays that remember which of them were asked for."""

    def __init__(self, arrays: Arrays) -> None:
        super().__init__(arrays)
        self.names: set[str] = set()

    def __getitem__(self, name: str) -> Any:
        self.names.add(name)
        return super().__getitem__(name)


def numeric_gradient(function: Callable[[Any], Any], x: Any, step: float = 1e-6) -> Any:
    """d function(x) / dx by central differences, in f64."""
    gradient = np.zeros(x.shape)
    for at in product(*map(range, x.shape)):
        higher, lower = x.copy(), x.copy()
        higher[at] += step
        lower[at] -= step
        gradient[at] = (function(higher) - function(lower)) / (2 * step)
    return gradient
