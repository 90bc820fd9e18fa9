"""Owns what layers that Keras lacks compute, by others' formulas in NumPy or by TensorFlow's own kernels."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from itertools import product
from typing import Any

import numpy as np

Arrays = dict[str, Any]


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
