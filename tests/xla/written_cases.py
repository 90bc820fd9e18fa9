"""Owns the cases of layers that Keras lacks: flow, sizes, and what the layer gives by another's formula or code."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from itertools import product
from typing import Any, NamedTuple

import numpy as np
from xla.recurrence_references import CELLS, counted, masked_backwards, peephole, smoothed

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


# ---------------------------------------------------------------- regions


def boxed(rng: Any, arrays: Arrays) -> Arrays:
    """Boxes of two corners, some of which lie outside."""
    corners = np.sort(rng.uniform(-3, 27, (*arrays["boxes"].shape[:2], 2, 2)), 2)
    return {**arrays, "boxes": corners.reshape(*arrays["boxes"].shape).astype("float32")}


def each_region(x: Any, boxes: Any, of: Callable[[Any, Any], Any]) -> Any:
    return np.stack([[of(image, box) for box in found] for image, found in zip(x, boxes, strict=True)])


def region_pooled(x: Any, boxes: Any, rows: int, columns: int, scale: float) -> Any:
    """Window by window, as in Fast R-CNN."""

    def pooled(image: Any, box: Any) -> Any:
        left, top, right, bottom = (int(np.floor(corner * scale + 0.5)) for corner in box)
        y = np.zeros((rows, columns, image.shape[-1]))
        for i, j in np.ndindex(rows, columns):
            down = _window(i, rows, top, bottom, image.shape[0])
            across = _window(j, columns, left, right, image.shape[1])
            if down.start < down.stop and across.start < across.stop:
                y[i, j] = image[down, across].max((0, 1))
        return y

    return each_region(x, boxes, pooled)


def _window(i: int, count: int, first: int, last: int, length: int) -> slice:
    size = max(last - first + 1, 1)
    start, stop = first + int(np.floor(i * size / count)), first + int(np.ceil((i + 1) * size / count))
    return slice(min(max(start, 0), length), min(max(stop, 0), length))


def region_aligned(x: Any, boxes: Any, size: tuple[int, int], scale: float, ratio: int = 2, *, aligned: bool) -> Any:
    """Sample by sample, as torchvision's kernel does it."""

    def interpolated(image: Any, row: float, column: float) -> Any:
        if not (-1 <= row <= image.shape[0] and -1 <= column <= image.shape[1]):
            return np.zeros(image.shape[-1])
        row, column = (min(max(at, 0), length - 1) for at, length in zip((row, column), image.shape, strict=False))
        i, j = int(row), int(column)
        corners = [(a, b) for a in (i, i + 1) for b in (j, j + 1) if a < image.shape[0] and b < image.shape[1]]
        return sum(image[a, b] * (1 - abs(row - a)) * (1 - abs(column - b)) for a, b in corners)

    def pooled(image: Any, box: Any) -> Any:
        left, top, right, bottom = box * scale - (0.5 if aligned else 0)
        height, width = bottom - top, right - left
        if not aligned:
            height, width = max(height, 1), max(width, 1)
        y = np.zeros((*size, image.shape[-1]))
        for i, j, a, b in np.ndindex(*size, ratio, ratio):
            row = top + (i + (a + 0.5) / ratio) * height / size[0]
            column = left + (j + (b + 0.5) / ratio) * width / size[1]
            y[i, j] += interpolated(image, row, column) / ratio**2
        return y

    return each_region(x, boxes, pooled)


def cropped(x: Any, boxes: Any, size: int) -> Any:
    """One sample for each window of boxes shrunk into the image, by TensorFlow's own kernel, which computes in f32."""
    import tensorflow as tf

    images, count, _ = boxes.shape
    corners = boxes.reshape(-1, 2, 2) - 0.5
    half = (corners[:, 1] - corners[:, 0]) / (2 * size)
    places = np.stack([corners[:, 0] + half, corners[:, 1] - half], 1) / (np.array([x.shape[2], x.shape[1]]) - 1)
    crops = tf.image.crop_and_resize(x, places[..., ::-1].reshape(-1, 4), np.arange(images).repeat(count), (size, size))
    return crops.numpy().reshape(images, count, size, size, -1)


def suppressed(boxes: Any, scores: Any, limit: int, overlap: float, least: float) -> tuple[Any, Any]:
    """By TensorFlow's own kernel, image by image."""
    import tensorflow as tf

    found = [
        tf.image.non_max_suppression_padded(each, score, limit, overlap, least, pad_to_max_output_size=True)
        for each, score in zip(boxes.astype("float32"), scores.astype("float32"), strict=True)
    ]
    return np.stack([indices for indices, _ in found]), np.stack([count for _, count in found])


def anchored(x: Any, sizes: Sequence[float], ratios: Sequence[float], strides: Sequence[int], offset: float) -> Any:
    """Box by box."""
    boxes = []
    for i, j in np.ndindex(*x.shape[1:3]):
        for size, ratio in product(sizes, ratios):
            width = np.sqrt(size**2 / ratio)
            middle = np.array([(j + offset) * strides[1], (i + offset) * strides[0]])
            half = np.array([width, ratio * width]) / 2
            boxes.append([*(middle - half), *(middle + half)])
    return np.array(boxes)


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
