"""Layer calls drawn by chance for every layer that the catalogue has of Keras: arguments from the attributes' declared
types, ranges and choices, operands of fitting and unfitting ranks, sizes known and unknown, call-time tensors, and
mutations. The same seed, layer and number give the same case, whatever else is drawn."""

from __future__ import annotations

from collections.abc import Callable
from random import Random
from typing import Any, NamedTuple

from oracle.generated_mutations import MUTATIONS
from oracle.generated_values import Shape, draw

from netwright.compiler.ops.catalogue import OPERATORS
from netwright.compiler.ops.layout import SpatialLayer
from netwright.compiler.ops.op import Layer
from netwright.compiler.ops.recurrence import Recurrence
from netwright.compiler.ops.recurrent_cells import Cell


class Tensor(NamedTuple):
    """`shape` has None where the size is not known; `sizes` is that of a run."""

    dtype: str
    shape: Shape
    sizes: tuple[int, ...]


class Case(NamedTuple):
    """A call of keras.layers.<layer>; layers among the arguments are {"class": ..., "kwargs": ...}. `mutation` says
    what was made wrong on purpose."""

    layer: str
    arguments: dict[str, Any]
    operands: list[Tensor]
    tensors: dict[str, Any]
    mutation: str

    def __str__(self) -> str:
        operands = ", ".join(f"{each.dtype}{list(each.shape)}" for each in self.operands)
        tensors = "".join(f", {name}={value}" for name, value in self.tensors.items())
        return f"{self.layer}({self.arguments}) of {operands}{tensors}" + f" [{self.mutation}]" * bool(self.mutation)


class Draft(NamedTuple):
    arguments: dict[str, Any]
    shapes: list[tuple[int, ...]]


LAYERS = {
    cls.keras.removeprefix("layers."): cls
    for cls in OPERATORS.values()
    if issubclass(cls, Layer) and cls.keras.startswith("layers.")
}
CHANNELS = (1, 2, 3, 3, 4, 6, 8)
IMAGES, ONE_IMAGE_TOO = (4, 4, 4, 3), (4, 4, 3)
INTEGERS, TEXTS = ("i32", "i64"), ("str",)

#: ranks of the operands where the class does not say them; else 2 to 5
RANKS: dict[str, tuple[int, ...]] = {
    **dict.fromkeys(("Resizing", "CenterCrop", "RandomCrop"), ONE_IMAGE_TOO),
    **dict.fromkeys(("Equalization", "AutoContrast", "Solarization", "CutMix", "MixUp", "RandAugment"), IMAGES),
    **dict.fromkeys(("AugMix", "ContrastLimitedAdaptiveHistogramEqualization", "Pipeline"), IMAGES),
    **dict.fromkeys(("Embedding", "ReversibleEmbedding", "CategoryEncoding", "HashedCrossing"), (1, 2, 2)),
    **dict.fromkeys(("IntegerLookup", "StringLookup", "TextVectorization", "Hashing"), (1, 2, 2)),
    **dict.fromkeys(("Attention", "AdditiveAttention", "GroupQueryAttention"), (3,)),
    **dict.fromkeys(("STFTSpectrogram", "MelSpectrogram"), (2, 3)),
    "MultiHeadAttention": (3, 3, 4),
    "RepeatVector": (2,),
    "SpatialDropout1D": (3,),
    "SpatialDropout2D": (4,),
    "SpatialDropout3D": (5,),
    "MaxNumBoundingBoxes": IMAGES,
}
#: dtypes of operands where they are not mostly floats
DTYPES: dict[str, tuple[str, ...]] = {
    **dict.fromkeys(("Embedding", "ReversibleEmbedding", "CategoryEncoding", "IntegerLookup"), INTEGERS),
    **dict.fromkeys(("Hashing", "HashedCrossing"), (*INTEGERS, *TEXTS)),
    **dict.fromkeys(("StringLookup", "TextVectorization"), TEXTS),
}
OTHER_DTYPES = ("i32", "i8", "i16", "i64", "u8", "u16", "u32", "u64", "bool", "f16", "bf16", "f64")
#: equation, output_shape, bias_axes and the operand's rank
EINSUMS = (
    ("ab,bc->ac", 4, "c", 2),
    ("abc,cd->abd", [None, 4], "d", 3),
    ("abc,cde->abde", [None, 2, 4], "de", 3),
    ("...x,xy->...y", 3, "y", 4),
    ("ab...,bc->ac...", 5, None, 4),
    ("abc,bcd->ad", 6, "d", 3),
    ("abcd,cde->abe", [None, 3], "e", 4),
    ("abc,abd->abcd", [2, 3, 4], None, 3),
)
IMAGE_LAYERS = ("Rescaling", "RandomFlip", "RandomContrast", "CenterCrop", "Resizing", "RandomZoom", "Dense", "Dropout")
#: the layers that wrappers are given
INNER: dict[str, tuple[str, ...]] = {
    "TimeDistributed": (
        *("Dense", "Conv1D", "Conv2D", "MaxPooling2D", "Flatten", "LSTM", "BatchNormalization", "Permute", "Reshape"),
        *("LayerNormalization", "Dropout", "GlobalAveragePooling1D", "EinsumDense", "ReLU", "UpSampling1D"),
    ),
    "SpectralNormalization": (
        *("Dense", "Conv1D", "Conv2D", "Conv2DTranspose", "EinsumDense", "Embedding", "Dropout", "DepthwiseConv2D"),
        *("SeparableConv2D", "LSTM"),
    ),
    "Bidirectional": ("LSTM", "GRU", "SimpleRNN", "ConvLSTM1D", "RNN", "LSTM", "GRU", "Dense"),
    "RNN": ("LSTMCell", "GRUCell", "SimpleRNNCell", "StackedRNNCells", "LSTMCell"),
    "StackedRNNCells": ("LSTMCell", "GRUCell", "SimpleRNNCell"),
    "Pipeline": IMAGE_LAYERS,
}


def case(seed: int, layer: str, number: int) -> Case:
    """The case of that number."""
    random = Random(f"{seed}/{layer}/{number}")
    cls = LAYERS[layer]
    arguments, shapes = _draft(random, layer)
    mutation = random.choice(MUTATIONS) if random.random() < 0.3 else None
    if mutation is not None:
        mutation(random, cls, arguments, shapes)
    is_one_image = _ranks(layer, cls) in (IMAGES, ONE_IMAGE_TOO) and len(shapes[0]) == 3
    batch = None if random.random() < 0.6 and not is_one_image else 2
    operands = [Tensor(_dtype(random, layer), _forget(random, sizes, batch), sizes) for sizes in shapes]
    tensors = _tensors(random, cls, arguments, operands)
    return Case(layer, arguments, operands, tensors, mutation.__name__ if mutation else "")


# ---------------------------------------------------------------- arguments and shapes that fit


def _draft(random: Random, layer: str) -> Draft:
    if layer in INNER:
        return _wrapped(random, layer)
    cls = LAYERS[layer]
    if layer == "EinsumDense":
        equation, output_shape, bias_axes, rank = random.choice(EINSUMS)
        shapes = [_shape(random, rank)]
        given = {"equation": equation, "output_shape": output_shape, "bias_axes": random.choice([bias_axes, None])}
        return Draft({**_arguments(random, cls, shapes[0], skip=set(given)), **given}, shapes)
    shapes = _shapes(random, layer, cls)
    return Draft(_arguments(random, cls, shapes[0]), shapes)


def _arguments(random: Random, cls: Any, shape: Shape, skip: Any = ()) -> dict[str, Any]:
    """All that must be given, and some of the rest."""
    return {
        name: draw(random, cls, attribute, shape)
        for name, attribute in cls.attributes().items()
        if name not in skip and "Tensor" not in attribute.annotation and name not in ("name", "backward_layer")
        if attribute.required or random.random() < (0.05 if _is_common(name) else 0.3)
    }


def _is_common(name: str) -> bool:
    """Whether many layers have it, so that it need not be drawn often."""
    common = ("dtype", "trainable", "autocast", "stateful", "unroll", "lora_rank", "lora_alpha", "sparse", "ragged")
    return name in common or name.endswith(("initializer", "regularizer", "constraint"))


def _shapes(random: Random, layer: str, cls: Any) -> list[tuple[int, ...]]:
    first = _shape(random, random.choice(_ranks(layer, cls)), long=layer.endswith("Spectrogram"))
    if cls.variadic:
        return [first, *(_alike(random, first) for _ in range(random.choice((1, 1, 2)) if layer != "Dot" else 1))]
    shapes = [first]
    for name in cls.operands[1:]:
        if name not in cls.optional_operands or random.random() < 0.4:
            shapes.append(_beside(random, shapes))
    return shapes


def _ranks(layer: str, cls: Any) -> tuple[int, ...]:
    if layer in RANKS:
        return RANKS[layer]
    if issubclass(cls, SpatialLayer):
        return (cls.rank + (3 if issubclass(cls, Recurrence) else 2),)
    if issubclass(cls, (Recurrence, Cell)):
        return (3,) if issubclass(cls, Recurrence) else (2,)
    return IMAGES if layer.startswith("Random") else (2, 2, 3, 3, 4, 5)


def _shape(random: Random, rank: int, long: bool = False) -> tuple[int, ...]:
    """(batch, ..., channels)"""
    least, most = (6, 40) if long else (3, 10) if rank < 5 else (2, 5)
    inner = [random.randint(least if random.random() < 0.8 else 1, most) for _ in range(rank - 2)]
    last = [random.randint(6, 40) if long and rank == 2 else random.choice(CHANNELS)] if rank > 1 else []
    return (2, *inner, *last)


def _alike(random: Random, shape: tuple[int, ...]) -> tuple[int, ...]:
    """An operand to merge with one of that shape: the same, or other along an axis, or shorter."""
    dims = list(shape)
    if len(dims) > 1 and random.random() < 0.4:
        dims[random.randrange(1, len(dims))] = random.choice((1, 1, 2, 5))
    if len(dims) > 1 and random.random() < 0.1:
        del dims[random.randrange(1, len(dims))]
    return tuple(dims)


def _beside(random: Random, shapes: list[tuple[int, ...]]) -> tuple[int, ...]:
    """A second or third operand: the last one's shape, at times with another size."""
    dims = list(shapes[-1])
    if len(dims) > 1 and random.random() < 0.6:
        axis = random.randrange(1, len(dims))
        dims[axis] = random.choice((1, 4, 7))
    return tuple(dims)


def _wrapped(random: Random, layer: str) -> Draft:
    """A wrapper's arguments around a layer's, and the shapes that the layer makes fit."""
    inner = random.choice(INNER[layer])
    draft = _draft(random, inner)
    held = {"class": inner, "kwargs": draft.arguments}
    cls = LAYERS[layer]
    first = draft.shapes[0]
    name = next(iter(cls.attributes()))
    others = [{"class": other, "kwargs": _draft(random, other).arguments} for other in random.choices(INNER[layer])]
    shape = (first[0], random.randint(1, 5), *first[1:]) if layer in ("TimeDistributed", "RNN") else first
    given: dict[str, Any] = {name: [held, *others] if name in ("cells", "layers") else held}
    return Draft({**_arguments(random, cls, shape, skip={name}), **given}, [shape])


# ---------------------------------------------------------------- dtypes, unknown sizes, call-time tensors


def _dtype(random: Random, layer: str) -> str:
    if layer in DTYPES and random.random() < 0.9:
        return random.choice(DTYPES[layer])
    return "f32" if random.random() < 0.88 else random.choice(OTHER_DTYPES)


def _forget(random: Random, sizes: tuple[int, ...], batch: int | None) -> Shape:
    """The shape with the batch's size, if it is known, and now and then another size unknown."""
    return (*(batch for _ in sizes[:1]), *(None if random.random() < 0.06 else size for size in sizes[1:]))


def _tensors(random: Random, cls: Any, arguments: dict[str, Any], operands: list[Tensor]) -> dict[str, Any]:
    """Masks and states for the call; a cell must have its states."""
    first = operands[0] if operands else None
    found: dict[str, Any] = {}
    for name, attribute in cls.attributes().items():
        if "Tensor" in attribute.annotation and name in TENSORS and first is not None:
            drawn = TENSORS[name](random, cls, arguments, first) if random.random() < CHANCES.get(name, 0.1) else None
            if drawn is not None:
                found[name] = drawn
    return found


def _part(dtype: str, first: Tensor, rank: int) -> Tensor | None:
    return Tensor(dtype, first.shape[:rank], first.sizes[:rank]) if len(first.sizes) >= rank else None


def _mask(random: Random, cls: Any, arguments: dict[str, Any], first: Tensor) -> Any:
    rank = len(first.sizes) if cls.__name__ == "Softmax" else random.choice((2, 2, 2, 3))
    return None if "Tensors" in cls.attributes()["mask"].annotation else _part("bool", first, rank)


def _states(random: Random, cls: Any, arguments: dict[str, Any], first: Tensor) -> Any:
    units = arguments.get("units")
    if not isinstance(units, int) or units < 0:
        return None
    count = cls.state_count + (random.random() < 0.1)
    return [Tensor("f32", (first.shape[0], units), (first.sizes[0], units)) for _ in range(count)]


#: a cell is hardly ever called without its states
CHANCES = {"states": 0.95}
TENSORS: dict[str, Callable[[Random, Any, dict[str, Any], Tensor], Any]] = {
    "mask": _mask,
    "query_mask": lambda random, cls, arguments, first: _part("bool", first, 2),
    "count_weights": lambda random, cls, arguments, first: first._replace(dtype="f32"),
    "states": _states,
    "initial_state": _states,
}
