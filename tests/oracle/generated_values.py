"""How values of attributes are drawn for generated layer cases: by the attribute's name where the name says more than
its type (an axis is one of the operand's), else by its declared type. What is drawn is as JSON would hold it."""

from __future__ import annotations

from collections.abc import Callable
from random import Random
from typing import Any

from netwright.compiler.ops.attributes import TYPES, Attribute, AttributeFault
from netwright.compiler.ops.configuration import ActivationType, ConfigurationType

Shape = tuple[int | None, ...]
#: a value from random numbers, the class that has the attribute, and the shape of the first operand
Draw = Callable[[Random, Any, Shape], Any]

COUNTS = (1, 1, 2, 2, 3, 4, 4, 6, 8)
FRACTIONS = (0.0, 0.1, 0.25, 0.5, 0.9, 1.0)
NUMBERS = (*FRACTIONS, 1e-3, 2.0, 3, -0.5)
WRONG = ("wrong", 1.5, -1, 0, None, [1, 2, 3, 4], [], [1.5], 3, True, [[1], [2]])
SENTENCES = ("a", "b", "c", "dog", "cat")


def chosen(*values: Any) -> Draw:
    return lambda random, cls, shape: random.choice(values)


def sizes(random: Random, cls: Any, shape: Shape) -> Any:
    """One count, or one for each spatial dim."""
    rank = cls.rank
    return [random.choice((1, 2, 2, 3)) for _ in range(rank)] if random.random() < 0.5 else random.choice((1, 2, 3, 4))


def sides(random: Random, cls: Any, shape: Shape) -> Any:
    def pair() -> Any:
        return random.choice([[random.randint(0, 2), random.randint(0, 3)], random.randint(0, 2)])

    several = cls.rank > 1 and random.random() < 0.6
    return [pair() for _ in range(cls.rank)] if several else pair() if cls.rank == 1 else random.randint(0, 3)


def axis(random: Random, cls: Any, shape: Shape) -> int:
    """Mostly one that is there and is not the batch."""
    rank = len(shape)
    if rank > 1 and random.random() < 0.85:
        return random.choice([random.randrange(1, rank), -random.randrange(1, rank)])
    return random.randint(-rank - 1, rank)


def axes(random: Random, cls: Any, shape: Shape) -> Any:
    few = sorted({axis(random, cls, shape) for _ in range(random.randint(1, 3))}, key=lambda _: random.random())
    return few if random.random() < 0.5 else few[0]


def one_axis_each(random: Random, cls: Any, shape: Shape) -> Any:
    one = axis(random, cls, shape)
    return random.choice([one, [one, axis(random, cls, shape)]])


def permutation(random: Random, cls: Any, shape: Shape) -> list[int]:
    order = list(range(1, max(len(shape), 2)))
    random.shuffle(order)
    return order if random.random() < 0.9 else [*order, len(order) + 1]


def target_shape(random: Random, cls: Any, shape: Shape) -> list[int]:
    """The sizes of the operand in another order, some of them multiplied or left to -1."""
    dims = [size or -1 for size in shape[1:]]
    random.shuffle(dims)
    for at in range(len(dims) - 1):
        if random.random() < 0.4:
            dims[at : at + 2] = [abs(dims[at] * dims[at + 1]), 1]
    if dims and random.random() < 0.4:
        dims[random.randrange(len(dims))] = -1
    return dims if random.random() < 0.9 else [*dims, 2]


def noise_shape(random: Random, cls: Any, shape: Shape) -> list[int | None]:
    return [random.choice([None, size, 1]) for size in shape][: random.choice((len(shape), len(shape), 2))]


def channel_figures(random: Random, cls: Any, shape: Shape) -> Any:
    """One number, or one for each channel."""
    many = [random.choice((0.5, 1.0, 2.0)) for _ in range(shape[-1] or 2)]
    return random.choice([many, 0.5, 2])


def low_and_high(random: Random, cls: Any, shape: Shape) -> Any:
    pair = sorted(random.choice((-0.3, 0.0, 0.1, 0.4, 1.0)) for _ in range(2))
    return random.choice([pair, 0.2, 0.5, 1.0, 0])


def boundaries(random: Random, cls: Any, shape: Shape) -> list[float]:
    return sorted(random.sample((-1.0, 0.0, 0.5, 1.0, 2.0, 7.0), random.randint(1, 4)))


def words(random: Random, cls: Any, shape: Shape) -> list[str]:
    return random.sample(SENTENCES, random.randint(1, 4))


def whole_numbers(random: Random, cls: Any, shape: Shape) -> list[int]:
    return random.sample((0, 1, 2, 3, 7, 12), random.randint(1, 4))


def weights_of_words(random: Random, cls: Any, shape: Shape) -> list[float]:
    return [random.choice((0.5, 1.0, 2.0)) for _ in range(random.randint(1, 4))]


def names(kind: Any) -> Draw:
    """A name; what makes the kernels of spectrograms does not fill others of their rank."""
    choices = [choice for choice in kind.choices if not choice.lower().startswith("stft")]
    return lambda random, cls, shape: random.choice(choices)


BY_NAME: dict[str, Draw] = {
    "alpha": chosen(0.1, 0.3, 1.0, 2.0),
    "attention_axes": axes,
    "axes": one_axis_each,
    "bin_boundaries": boundaries,
    "bins": chosen(2, 16, 256),
    "depth_multiplier": chosen(1, 1, 2, 3),
    "dims": permutation,
    "fft_length": chosen(4, 8, 16, 5),
    "frame_length": chosen(2, 4, 7, 8),
    "frame_step": chosen(1, 2, 3, 8),
    "groups": chosen(1, 2, 2, 3, 4),
    "flash_attention": chosen(None, False),  # what it does depends on the machine
    "input_dim": chosen(3, 10, 100),
    "mean": channel_figures,
    "name": chosen("first", "x_1"),
    "noise_shape": noise_shape,
    "num_heads": chosen(1, 2, 4),
    "num_key_value_heads": chosen(1, 2, 4),
    "num_query_heads": chosen(2, 4),
    "num_mel_bins": chosen(2, 4, 8),
    "offset": channel_figures,
    "oov_token": chosen(-1, 5, None, "[UNK]", "dog"),
    "sampling_rate": chosen(8, 100, 16000),
    "sequence_length": chosen(4, 8, 16, 5),
    "sequence_stride": chosen(1, 2, 5),
    "shared_axes": axes,
    "target_shape": target_shape,
    "use_cudnn": chosen("auto", False),  # true needs a GPU
    "value_range": chosen([0, 255], [0, 1], [-1.0, 1.0]),
    "variance": channel_figures,
    "vocabulary_dtype": chosen("int64", "int32"),
    "window": chosen("hann", "hamming", None),
    "encoding": chosen("utf-8"),
    "idf_weights": weights_of_words,
    "tile_grid_size": chosen([2, 2], [1, 3], [8, 8]),
    "lora_alpha": chosen(1.0, 2, 0.5),
}
BY_TYPE: dict[str, Draw] = {
    "bool": chosen(False, True),
    "int": chosen(*COUNTS, *COUNTS, 0, -1),
    "float": chosen(*NUMBERS),
    "Spatial": sizes,
    "Sides": sides,
    "Floats": low_and_high,
    "Ints": lambda random, cls, shape: [random.choice(COUNTS) for _ in range(random.randint(1, 3))],
    "Strings": words,
    "DType": chosen("float16", "float32", "float32"),
    "Figures": channel_figures,
    "None": chosen(None),
}
#: axes are named alike in many layers, and are one or several by their types
AXES: dict[bool, Draw] = {False: axis, True: axes}


def draw(random: Random, cls: Any, attribute: Attribute, shape: Shape) -> Any:
    """A value that the attribute may take; whether the layer and the operands let it is another matter."""
    drawn = _draw_of(attribute)
    for _ in range(20):
        value = drawn(random, cls, shape)
        if takes(cls, attribute, value):
            return value
    return value


def draw_wrong(random: Random, cls: Any, attribute: Attribute) -> Any:
    """A value of another type or out of the declared range."""
    refused = [value for value in WRONG if not takes(cls, attribute, value)]
    return random.choice(refused or WRONG)


def takes(cls: Any, attribute: Attribute, value: Any) -> bool:
    try:
        attribute.convert(frozen(value), cls)
    except AttributeFault:
        return False
    return True


def frozen(value: Any) -> Any:
    """Lists as the tuples that specs hold."""
    return tuple(map(frozen, value)) if isinstance(value, list) else value


def _draw_of(attribute: Attribute) -> Draw:
    if attribute.name in BY_NAME:
        return BY_NAME[attribute.name]
    if attribute.name == "axis":
        return AXES["Ints" in attribute.annotation]
    if attribute.name == "vocabulary":
        return words if "Strings" in attribute.annotation else whole_numbers
    several = [_draw_of_type(word, attribute) for word in attribute.annotation.split(" | ") if word != "None"]
    return lambda random, cls, shape: random.choice(several)(random, cls, shape)


def _draw_of_type(word: str, attribute: Attribute) -> Draw:
    if word in BY_TYPE:
        return BY_TYPE[word]
    kind = TYPES[word]
    if isinstance(kind, (ConfigurationType, ActivationType)):
        return names(kind)
    return chosen(*(attribute.choices or ("word",)))
