"""Random calls of the functions of keras.ops that networks are made of: pooling, convolutions, norms, losses."""

from __future__ import annotations

from collections.abc import Callable
from random import Random
from typing import Any

from oracle.function_draws import FLOATS, NUMBERS, Call, Generator, axes_of, axis_of, maybe, one, shape, shrunk, tensor

from netwright.compiler.types import TensorType

FORMATS = (None, "channels_last", "channels_first")


def laid_out(random: Random, spatial: tuple[int, ...], channels: int, format: Any, dtype: str) -> TensorType:
    """A batch of two with the channels where the format has them."""
    dims = (channels, *spatial) if format == "channels_first" else (*spatial, channels)
    return TensorType(dtype, (2, *dims))


def sizes(random: Random, rank: int, low: int = 5, high: int = 8) -> tuple[int, ...]:
    return tuple(random.randint(low, high) for _ in range(rank))


def pool(dtypes: tuple[str, ...], **attributes: Callable[[Random, int], Any]) -> Generator:
    """`attributes` are functions of (random, number of spatial dims). JAX's backend pools where channels are last."""

    def generate(random: Random) -> Call:
        rank = random.randint(1, 3)
        dtype = random.choice(FLOATS if rank == 3 else dtypes)
        x = laid_out(random, sizes(random, rank), random.randint(1, 3), None, dtype)
        return Call({name: value(random, rank) for name, value in attributes.items()}, (x,))

    return generate


WINDOWS: dict[str, Callable[[Random, int], Any]] = {
    "pool_size": lambda r, rank: sizes(r, rank, 1, 3),
    "strides": lambda r, rank: r.choice([1, sizes(r, rank, 1, 3)]),
    "padding": lambda r, rank: r.choice(["valid", "same", "SAME"]),
}


def output_size(random: Random, rank: int) -> Any:
    return random.choice([2, sizes(random, rank, 1, 4)])


def convolution(random: Random, ranks: int, kernels: Callable[[Random, tuple[int, ...], int], Any]) -> Call:
    """`kernels` makes the kernels' shapes of (random, sizes, channels)."""
    rank, dtype = random.randint(1, ranks), random.choice(FLOATS)
    channels = random.randint(1, 3)
    x = laid_out(random, sizes(random, rank), channels, None, dtype)
    shapes = kernels(random, sizes(random, rank, 1, 3), channels)
    stride, dilation = random.choice([(1, 1), (2, 1), ((2,) * rank, 1), (1, 2)])
    attributes = {"strides": stride, "dilation_rate": dilation, "padding": random.choice(["valid", "same"])}
    return Call(attributes, (x, *(TensorType(dtype, dims) for dims in shapes)))


def conv(random: Random) -> Call:
    return convolution(random, 3, lambda r, window, channels: [(*window, channels, 4)])


def depthwise_conv(random: Random) -> Call:
    return convolution(random, 2, lambda r, window, channels: [(*window, channels, 2)])


def separable_conv(random: Random) -> Call:
    def kernels(random: Random, window: tuple[int, ...], channels: int) -> Any:
        return (*window, channels, 2), (*(1 for _ in window), 2 * channels, 5)

    return convolution(random, 2, kernels)


def conv_transpose(random: Random) -> Call:
    return convolution(random, 3, lambda r, window, channels: [(*window, 4, channels)])


def blocks(deep: bool) -> Generator:
    def generate(random: Random) -> Call:
        block, format = random.randint(2, 3), random.choice(FORMATS[1:])
        images = sizes(random, 2, 1, 3) if deep else tuple(block * size for size in sizes(random, 2, 1, 3))
        x = laid_out(random, images, block**2 * 2 if deep else 3, format, random.choice(NUMBERS))
        return Call({"block_size": block, "data_format": format}, (x,))

    return generate


def windows(random: Random) -> dict[str, Any]:
    return {
        "kernel_size": random.choice([2, sizes(random, 2, 1, 3)]),
        "dilation": random.choice([1, (2, 1)]),
        "padding": random.choice([0, (1, 2)]),
        "stride": random.choice([1, (1, 2)]),
    }


def unfold(random: Random) -> Call:
    return Call(windows(random), (TensorType(random.choice(FLOATS), (2, 3, *sizes(random, 2))),))


def fold(random: Random) -> Call:
    """Images that end where the last window does."""
    positions, given = sizes(random, 2, 5, 6), windows(random)
    along = zip(*(value if isinstance(value, tuple) else (value, value) for value in given.values()), strict=True)
    spans = [
        (max((count - 1) * s + d * (k - 1) + 1, count * s), p)
        for count, (k, d, p, s) in zip(positions, along, strict=True)
    ]
    rows, columns = given["kernel_size"] if isinstance(given["kernel_size"], tuple) else (2, 2)
    x = TensorType(random.choice(NUMBERS), (2, 3 * rows * columns, positions[0] * positions[1]))
    return Call({**given, "output_size": tuple(span - 2 * padding for span, padding in spans)}, (x,))


def binary_crossentropy(random: Random) -> Call:
    x = tensor(random, FLOATS)
    return Call({"from_logits": random.random() < 0.5}, (x, x))


def categorical_crossentropy(random: Random) -> Call:
    x = tensor(random, FLOATS, fewest=1)
    given = random.choice([{"axis": axis_of(random, x.rank)}, {"axis": random.randrange(x.rank), "from_logits": True}])
    return Call(given, (x, x))


def sparse_crossentropy(random: Random) -> Call:
    output = TensorType("f32", (*shape(random, 0, 3), random.randint(2, 4)))
    target = TensorType(random.choice(["i32", "u8"]), output.shape[:-1])
    with_one = target.with_shape(*target.shape, 1)
    return Call({"from_logits": random.random() < 0.5}, (random.choice([target, with_one]), output))


def ctc_loss(random: Random) -> Call:
    lengths = TensorType(random.choice(["i32", "u8"]), (2,))
    output = TensorType(random.choice(FLOATS), (2, random.randint(3, 6), 5))
    return Call({}, (TensorType("i32", (2, random.randint(1, 3))), output, lengths, lengths))


def ctc_decode(random: Random) -> Call:
    inputs = TensorType(random.choice(FLOATS), (2, random.randint(3, 6), 5))
    beam = {"strategy": "beam_search", "beam_width": 4, "top_paths": random.randint(1, 3)}
    return Call(random.choice([{}, {"merge_repeated": False}, beam]), (inputs, TensorType("i32", (2,))))


def psnr(random: Random) -> Call:
    x = tensor(random, NUMBERS)
    return Call({"max_val": 2.0}, (x, x))


def normalize(random: Random) -> Call:
    x = tensor(random, FLOATS, fewest=2)
    axis, order = random.choice(
        [(axis_of(random, x.rank), random.randint(1, 4)), ((0, -1), 1), (axes_of(random, 2), 2)]
    )
    return Call({"axis": axis, "order": order}, (x,))


def batch_normalization(random: Random) -> Call:
    x = tensor(random, FLOATS, fewest=1)
    axis = axis_of(random, x.rank)
    vector = x.with_shape(x.shape[axis])
    keywords = random.choice([{}, {"scale": vector}, {"scale": vector, "offset": vector}])
    return Call({"axis": axis}, (x, vector, vector), keywords)


def layer_normalization(random: Random) -> Call:
    x = tensor(random, NUMBERS, fewest=2)
    axes = random.choice([(axis_of(random, x.rank),), (0, -1)])
    sizes = x.with_shape(*(x.shape[axis] for axis in sorted(axis % x.rank for axis in axes)))
    keywords = random.choice([{}, {"gamma": sizes}, {"beta": sizes, "gamma": sizes}])
    return Call({"axis": axes if len(axes) > 1 else axes[0]}, (x,), keywords)


def rms_normalization(random: Random) -> Call:
    dims = shape(random, 1)
    x = TensorType(random.choice(NUMBERS), dims)
    keywords = random.choice([{}, {"scale": TensorType("f32", shrunk(random, dims))}])
    return Call({"axis": random.choice([axis_of(random, x.rank), (0,)])}, (x,), keywords)


def dot_product_attention(random: Random) -> Call:
    batch, queries, keys, groups, depth = sizes(random, 5, 1, 4)
    shared = random.randint(1, 3) if groups > 1 else 1
    query = TensorType("f32", (batch, queries, shared * groups, depth))
    key = TensorType("f32", (batch, keys, groups, depth))
    scores = (batch, shared * groups, queries, keys)
    mask = TensorType("bool", tuple(random.choice([1, size]) for size in scores))
    keywords = random.choice([{}, {"mask": mask}, {"bias": TensorType("f32", scores)}])
    return Call({"scale": maybe(random, 0.5), "is_causal": random.random() < 0.3}, (query, key, key), keywords)


def multi_hot(random: Random) -> Call:
    x = tensor(random, ("i32", "u8"), fewest=1)
    axis = random.randint(-1, x.rank - 1)
    return Call({"num_classes": 5, "axis": axis, "dtype": maybe(random, random.choice(NUMBERS))}, (x,))


IMAGES = ("f32", "f16", "bf16", "i8", "i16", "i32", "u8", "u16")
GENERATORS: dict[str, Generator] = {
    "max_pool": pool(IMAGES, **WINDOWS),
    "average_pool": pool(FLOATS, **WINDOWS),
    "adaptive_max_pool": pool(IMAGES, output_size=output_size),
    "adaptive_average_pool": pool(FLOATS, output_size=output_size),
    "conv": conv,
    "depthwise_conv": depthwise_conv,
    "separable_conv": separable_conv,
    "conv_transpose": conv_transpose,
    "depth_to_space": blocks(deep=True),
    "space_to_depth": blocks(deep=False),
    "unfold": unfold,
    "fold": fold,
    "ops.binary_crossentropy": binary_crossentropy,
    "ops.categorical_crossentropy": categorical_crossentropy,
    "ops.sparse_categorical_crossentropy": sparse_crossentropy,
    "ctc_loss": ctc_loss,
    "ctc_decode": ctc_decode,
    "psnr": psnr,
    "moments": one(FLOATS, axes=lambda r, x: axes_of(r, x.rank), keepdims=lambda r, x: r.random() < 0.5),
    "normalize": normalize,
    "ops.batch_normalization": batch_normalization,
    "ops.layer_normalization": layer_normalization,
    "ops.rms_normalization": rms_normalization,
    "dot_product_attention": dot_product_attention,
    "multi_hot": multi_hot,
    "ops.gelu": one(FLOATS, approximate=lambda r, x: r.random() < 0.5),
}

F = "f32"
#: what Keras refuses on both backends
REFUSED: list[tuple[str, dict[str, Any], list[tuple[Any, ...]]]] = [
    ("conv", {}, [(F, 2, 5, 5, 3), (F, 3, 3, 2, 4)]),
    ("depthwise_conv", {}, [(F, 2, 5, 5, 3), (F, 3, 3, 4, 2)]),
    ("separable_conv", {}, [(F, 2, 5, 5, 3), (F, 3, 3, 3, 2), (F, 1, 1, 5, 4)]),
    ("average_pool", {"pool_size": 2, "strides": 1, "padding": "full"}, [(F, 2, 5, 5, 3)]),
    ("depth_to_space", {"block_size": 2}, [(F, 2, 3, 3, 6)]),
    ("space_to_depth", {"block_size": 2}, [(F, 2, 3, 4, 6)]),
    ("depth_to_space", {"block_size": 1}, [(F, 2, 3, 3, 6)]),
    ("unfold", {"kernel_size": 2}, [(F, 2, 5, 5)]),
    ("fold", {"output_size": 4, "kernel_size": 2}, [(F, 2, 12, 8)]),
    ("ops.binary_crossentropy", {}, [(F, 2, 3), (F, 2, 4)]),
    ("ops.categorical_crossentropy", {}, [(F, 2, 3), (F, 2, 4)]),
    ("ops.sparse_categorical_crossentropy", {}, [("i32", 3), (F, 2, 4)]),
    ("psnr", {"max_val": 1.0}, [(F, 2, 3), (F, 2, 1)]),
    ("normalize", {"order": 0}, [(F, 2, 3)]),
    ("normalize", {}, [("i32", 2, 3)]),
    ("normalize", {"order": 3, "axis": (0, 1)}, [(F, 2, 3)]),
    ("dot_product_attention", {}, [(F, 2, 3, 4), (F, 2, 3, 4), (F, 2, 3, 4)]),
    ("multi_hot", {}, [("i32", 2, 3)]),
]
