"""Random calls of the functions of keras.ops on matrices, signals and segments, and of those that write at indices.
Indices are 1 where a call is run."""

from __future__ import annotations

from random import Random
from typing import Any

from oracle.function_draws import FLOATS, NUMBERS, Call, Generator, maybe, shape, shrunk, tensor

from netwright.compiler.types import TensorType

F = "f32"


def square(**attributes: Any) -> Generator:
    """Square matrices in batches."""

    def generate(random: Random) -> Call:
        size = random.randint(1, 4)
        x = TensorType(F, (*shape(random, 0, 2), size, size))
        return Call({name: random.choice(values) for name, values in attributes.items()}, (x,))

    return generate


def matrices(**attributes: Any) -> Generator:
    def generate(random: Random) -> Call:
        x = TensorType(F, shape(random, 2, 4))
        return Call({name: random.choice(values) for name, values in attributes.items()}, (x,))

    return generate


def one_matrix(random: Random) -> Call:
    size = random.randint(1, 4)
    return Call({"upper": random.random() < 0.5}, (TensorType(F, (size, size)),))


def solve(random: Random) -> Call:
    size = random.randint(1, 4)
    batch = shape(random, 0, 2)
    a = TensorType(F, (*batch, size, size))
    b = random.choice([(*batch, size, random.randint(1, 3)), *([] if batch else [(size,)])])
    return Call({}, (a, TensorType(F, b)))


def solve_triangular(random: Random) -> Call:
    call = solve(random)
    return call._replace(attributes={"lower": random.random() < 0.5})


def lstsq(random: Random) -> Call:
    rows = random.randint(1, 4)
    b = random.choice([(rows,), (rows, 3)])
    return Call({"rcond": maybe(random, 0.1)}, (TensorType(F, (rows, random.randint(1, 4))), TensorType(F, b)))


def cdist(random: Random) -> Call:
    batch, length = shape(random, 0, 2), random.randint(1, 4)
    x, y = ((*dims, random.randint(1, 4), length) for dims in (batch, shrunk(random, batch)))
    dtype = random.choice(FLOATS)
    return Call({}, (TensorType(dtype, x), TensorType(dtype, y)))


# ---------------------------------------------------------------- signals


def signal(random: Random, *least: int) -> TensorType:
    return TensorType(F, (*shape(random, 0, 2), *(random.randint(low, low + 4) for low in least)))


def transform(*least: int) -> Generator:
    def generate(random: Random) -> Call:
        x = signal(random, *least)
        return Call({}, (x, x))

    return generate


def rfft(random: Random) -> Call:
    return Call({"fft_length": maybe(random, random.randint(1, 9))}, (signal(random, 1),))


def irfft(random: Random) -> Call:
    x = signal(random, 2)
    return Call({"fft_length": maybe(random, random.randint(1, 9))}, (x, x))


def windowed(random: Random) -> dict[str, Any]:
    length = random.randint(2, 5)
    return {
        "sequence_length": length,
        "sequence_stride": random.randint(1, 3),
        "fft_length": length + random.randint(0, 3),
        "window": random.choice(["hann", "hamming", None]),
        "center": random.random() < 0.5,
    }


def stft(random: Random) -> Call:
    return Call(windowed(random), (signal(random, 9),))


def istft(random: Random) -> Call:
    given = windowed(random)
    x = signal(random, 6, given["fft_length"] // 2 + 1)
    x = x.with_shape(*x.shape[:-1], given["fft_length"] // 2 + 1)
    return Call({**given, "length": maybe(random, random.randint(1, 5))}, (x, x))


def extract_sequences(random: Random) -> Call:
    x = tensor(random, NUMBERS, fewest=1)
    x = x.with_shape(*x.shape[:-1], random.randint(5, 9))
    return Call({"sequence_length": random.randint(1, 5), "sequence_stride": random.randint(1, 3)}, (x,))


# ---------------------------------------------------------------- segments and indices


def segments(random: Random) -> Call:
    data = tensor(random, NUMBERS, fewest=1)
    ids = TensorType(random.choice(["i32", "i64"]), data.shape[:1])
    return Call({"num_segments": random.randint(2, 5)}, (data, ids))


def in_top_k(random: Random) -> Call:
    rows = random.randint(1, 4)
    targets = TensorType(random.choice(["i32", "i64"]), (rows,))
    return Call({"k": random.randint(1, 3)}, (targets, TensorType(F, (rows, random.randint(2, 5)))))


def scattered(random: Random, leading: tuple[int, ...]) -> tuple[tuple[int, ...], TensorType, TensorType]:
    """A shape, indices into it and values for them."""
    target = tuple(random.randint(2, 4) for _ in range(random.randint(1, 3)))
    depth = random.randint(1, len(target))
    values = TensorType(random.choice(NUMBERS), (*leading, *target[depth:]))
    return target, TensorType(random.choice(["i32", "i64"]), (*leading, depth)), values


def scatter(random: Random) -> Call:
    target, indices, values = scattered(random, shape(random, 1, 2))
    return Call({"shape": target}, (indices, values))


def scatter_update(random: Random) -> Call:
    target, indices, values = scattered(random, shape(random, 1, 1))
    reduction = random.choice([None, "add", "max", "min", "MUL"])
    return Call({"reduction": reduction}, (TensorType(values.dtype, target), indices, values))


def part(random: Random) -> tuple[TensorType, dict[str, Any], dict[str, TensorType], tuple[int, ...]]:
    """A tensor, the start of a part of it as an attribute or by keyword, and the part's sizes."""
    x = TensorType(random.choice(NUMBERS), tuple(random.randint(2, 5) for _ in range(random.randint(1, 3))))
    starts = tuple(random.randint(0, 1) for _ in x.shape)
    sizes = tuple(random.randint(1, dim - 1) for dim in x.shape if isinstance(dim, int))
    if random.random() < 0.5:
        return x, {"start_indices": starts}, {}, sizes
    return x, {}, {"start_indices": TensorType("i32", (x.rank,))}, sizes


def slice_(random: Random) -> Call:
    x, given, keywords, sizes = part(random)
    sizes = (-1, *sizes[1:]) if given and random.random() < 0.3 else sizes
    return Call({**given, "shape": sizes}, (x,), keywords)


def slice_update(random: Random) -> Call:
    x, given, keywords, sizes = part(random)
    return Call(given, (x, x.with_shape(*sizes)), keywords)


GENERATORS: dict[str, Generator] = {
    **dict.fromkeys("inv det logdet eigh".split(), square()),
    "cholesky": square(upper=[True, False]),
    "cholesky_inverse": one_matrix,
    "qr": matrices(mode=["reduced", "complete"]),
    "svd": matrices(full_matrices=[True, False], compute_uv=[True, False]),
    "pinv": matrices(rcond=[None, 0.1]),
    "matrix_rank": matrices(tol=[None, 0.1]),
    "solve": solve,
    "solve_triangular": solve_triangular,
    "lstsq": lstsq,
    "cdist": cdist,
    "fft": transform(1),
    **dict.fromkeys(["fft2", "ifft2"], transform(1, 1)),
    "rfft": rfft,
    "irfft": irfft,
    "stft": stft,
    "istft": istft,
    "extract_sequences": extract_sequences,
    **dict.fromkeys("segment_sum segment_prod segment_max segment_min".split(), segments),
    "in_top_k": in_top_k,
    "scatter": scatter,
    "scatter_update": scatter_update,
    "slice": slice_,
    "slice_update": slice_update,
}

#: what Keras refuses on both backends
REFUSED: list[tuple[str, dict[str, Any], list[tuple[Any, ...]]]] = [
    ("inv", {}, [(F, 2, 3)]),
    ("cholesky", {}, [(F, 3)]),
    ("inv", {}, [("bf16", 3, 3)]),
    ("solve", {}, [(F, 2, 3, 3), (F, 4, 3, 1)]),
    ("solve_triangular", {}, [(F, 3, 3), (F, 2)]),
    ("lstsq", {}, [(F, 3, 2), (F, 2)]),
    ("qr", {"mode": "raw"}, [(F, 3, 2)]),
    ("cdist", {}, [(F, 3, 2), (F, 3, 4)]),
    ("fft", {}, [(F, 3), (F, 4)]),
    ("rfft", {}, [("f16", 3)]),
    ("stft", {"sequence_length": 9, "sequence_stride": 1, "fft_length": 8}, [(F, 20)]),
    ("stft", {"sequence_length": 4, "sequence_stride": 0, "fft_length": 8}, [(F, 20)]),
    ("stft", {"sequence_length": 4, "sequence_stride": 1, "fft_length": 8, "window": "flat"}, [(F, 20)]),
    ("segment_sum", {}, [(F, 3), ("i32", 3)]),
    ("segment_sum", {"num_segments": 3}, [(F, 3), ("i32", 4)]),
    ("segment_max", {"num_segments": 3}, [(F, 3, 3), ("i32", 3, 3)]),
    ("in_top_k", {"k": 2}, [(F, 3), (F, 3, 4)]),
    ("scatter", {"shape": (4, 3)}, [("i32", 2, 1), (F, 2, 2)]),
    ("scatter_update", {"reduction": "mean"}, [(F, 4), ("i32", 2, 1), (F, 2)]),
    ("scatter_update", {}, [(F, 4, 3), ("i32", 2, 1), (F, 2, 2)]),
    ("slice", {"start_indices": (0, 0), "shape": (2, 2)}, [(F, 4)]),
]
