"""Owns what recurrences over cells in flow give, step by step in NumPy."""

from __future__ import annotations

from typing import Any

import numpy as np

Arrays = dict[str, Any]

CELLS = """blocks:
  (x, h[N, units], c[N, units]) -> peephole(units): |
    i, f, g, o = (x, h) -> concatenate -> dense(4 * units) -> split(4, axis=-1)
    p = weight([3, units])
    new = (f + p[1] * c -> sigmoid) * c + (i + p[0] * c -> sigmoid) * (g -> tanh)
    ((o + p[2] * new -> sigmoid) * (new -> tanh), new)
  (x[N, H, W, C], sum[N, H, W, C], previous[N, H, W, C]) -> smoothed(rate=0.5): |
    y = rate * sum + x
    (y - previous, y, x)
  (word, h[_, 3]) -> counting: |
    h * 0.5 + (word[:, 0] -> embedding(5, 3))
"""


def sigmoid(x: Any) -> Any:
    return 1 / (1 + np.exp(-x))


def peephole(at: Arrays) -> tuple[Any, ...]:
    """Gers & Schmidhuber 2000, step by step: all outputs, the last output and the last cell state."""
    x, kernel, bias, p = at["x"], at["kernel"], at["bias"], at["weight"]
    h = c = np.zeros((len(x), p.shape[1]), x.dtype)
    outputs = []
    for t in range(x.shape[1]):
        i, f, g, o = np.split(np.concatenate([x[:, t], h], 1) @ kernel + bias, 4, 1)
        c = sigmoid(f + p[1] * c) * c + sigmoid(i + p[0] * c) * np.tanh(g)
        h = sigmoid(o + p[2] * c) * np.tanh(c)
        outputs.append(h)
    return np.stack(outputs, 1), h, c


def masked_backwards(at: Arrays) -> tuple[Any, ...]:
    """A plain recurrence from its end, whose masked steps change nothing; the first of them give zeros."""
    x, h, mask = at["x"], at["first"], at["mask"]
    y, outputs = np.zeros_like(h), []
    for t in reversed(range(x.shape[1])):
        counts = mask[:, t, None].astype(bool)
        new = np.tanh(np.concatenate([x[:, t], h], 1) @ at["kernel"] + at["bias"])
        h, y = np.where(counts, new, h), np.where(counts, new, y)
        outputs.append(y)
    return np.stack(outputs, 1), h


def smoothed(x: Any) -> Any:
    y, outputs = np.zeros_like(x[:, 0]), []
    for t in range(x.shape[1]):
        y = 0.5 * y + x[:, t]
        outputs.append(y - (x[:, t - 1] if t else 0))
    return np.stack(outputs, 1)


def counted(words: Any, embeddings: Any) -> Any:
    h = np.zeros((len(words), embeddings.shape[1]), embeddings.dtype)
    for word in words[..., 0].T:
        h = 0.5 * h + embeddings[word]
    return h
