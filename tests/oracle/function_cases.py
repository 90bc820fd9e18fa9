"""Random calls of every tensor function: for each flow name, a generator of attributes and operand types that both
Keras backends take."""

from __future__ import annotations

from random import Random
from typing import Any

from oracle.function_draws import (
    ANY,
    FLOATS,
    NUMBERS,
    SIGNED,
    Call,
    Generator,
    along,
    axes_of,
    axis_of,
    maybe,
    none,
    one,
    pair,
    reduction,
    shape,
    shrunk,
    tensor,
)

from netwright.compiler.types import TensorType


def mod(random: Random) -> Call:
    """The two backends agree about numbers beside 32-bit tensors alone."""
    call = pair(booleans=False)(random)
    weak = any(operand.weak for operand in call.operands)
    return Call({}, tuple(x if x.weak else x.with_dtype("f32") for x in call.operands)) if weak else call


def where(random: Random) -> Call:
    full = shape(random)
    dtypes = ("bool", random.choice(ANY), random.choice(ANY))
    return Call({}, tuple(TensorType(dtype, shrunk(random, full)) for dtype in dtypes))


def matmul(random: Random) -> Call:
    batch, (rows, inner, columns) = shape(random, 0, 2), (random.randint(1, 4) for _ in range(3))
    left = random.choice([(inner,), (rows, inner), (*shrunk(random, batch), rows, inner)])
    right = random.choice([(inner,), (inner, columns), (*batch, inner, columns)])
    return Call({}, (TensorType(random.choice(NUMBERS), left), TensorType(random.choice(NUMBERS), right)))


EQUATIONS = (
    *(
        "ij,jk->ik",
        "ij,jk",
        "bqd, bkd -> bqk",
        "ii->i",
        "ii",
        "ba",
        "ij->",
        "i,j",
        "...ij,...jk->...ik",
        "ij,jk,kl->il",
    ),
    *("...i->...", "i...->...i", "iij,jk->ik", "aB,Bc->ac", "...,...->...", "bhqk,bkhd->bqhd"),
)


def einsum(random: Random) -> Call:
    equation = random.choice(EQUATIONS)
    sizes = {label: random.randint(1, 4) for label in equation if label.isalpha()}
    spread = shape(random, 0, 2)
    operands = []
    for term in equation.replace(" ", "").partition("->")[0].split(","):
        before, dots, after = term.partition("...")
        dims = (*(sizes[c] for c in before), *(shrunk(random, spread) if dots else ()), *(sizes[c] for c in after))
        operands.append(TensorType(random.choice(NUMBERS), dims))
    return Call({"subscripts": equation}, tuple(operands))


def dot(random: Random) -> Call:
    inner = random.randint(1, 4)
    left = random.choice([(), (*shape(random, 0, 2), inner)])
    right = random.choice([(), (inner,), (*shape(random, 0, 1), inner, random.randint(1, 4))])
    return Call({}, (TensorType(random.choice(NUMBERS), left), TensorType(random.choice(NUMBERS), right)))


def tensordot(random: Random) -> Call:
    common, left, right = shape(random, 0, 2), shape(random, 0, 2), shape(random, 0, 2)
    types = TensorType(random.choice(NUMBERS), (*left, *common)), TensorType(random.choice(NUMBERS), (*common, *right))
    pairs = tuple(range(len(left), len(left) + len(common))), tuple(range(len(common)))
    return Call({"axes": random.choice([len(common), pairs])}, types)


def outer(random: Random) -> Call:
    return Call({}, (tensor(random, NUMBERS), tensor(random, NUMBERS)))


def several(random: Random, joined: bool) -> Call:
    full = shape(random, 1 if joined else 0, 3)
    axis = axis_of(random, len(full) + (not joined))
    shapes = [list(full) for _ in range(random.randint(1, 3))]
    for each in shapes if joined else ():
        each[axis] = random.randint(1, 4)
    return Call({"axis": axis}, tuple(TensorType(random.choice(ANY), each) for each in shapes))


def split(random: Random) -> Call:
    x = tensor(random, fewest=1)
    axis = axis_of(random, x.rank)
    size = x.shape[axis]
    assert isinstance(size, int)
    cuts = tuple(sorted(random.sample(range(1, size), random.randint(1, size - 1)))) if size > 1 else 1
    whole = random.choice([n for n in range(1, size + 1) if size % n == 0])
    return Call({"indices_or_sections": random.choice([cuts, whole]), "axis": axis}, (x,))


def take(random: Random) -> Call:
    x = tensor(random, fewest=1)
    indices = TensorType(random.choice(["i16", "i32"]), shape(random, 0, 2))
    return Call({"axis": maybe(random, axis_of(random, x.rank))}, (x, indices))


def take_along_axis(random: Random) -> Call:
    x = tensor(random, fewest=1)
    axis = axis_of(random, x.rank)
    picked = list(x.shape)
    picked[axis] = random.randint(1, 4)
    return Call({"axis": axis}, (x, TensorType("i32", picked)))


def _slice(random: Random, size: Any) -> tuple[Any, Any, Any]:
    while True:
        bounds = tuple(maybe(random, random.randint(-6, 6)) for _ in range(2))
        step = random.choice([None, 1, 2, -1, -2])
        if range(size)[slice(*bounds, step)]:
            return (*bounds, step)


def get_item(random: Random) -> Call:
    x = tensor(random, fewest=1)
    taken = random.randint(1, x.rank)
    indices: list[Any] = []
    for size in x.shape[:taken]:
        assert isinstance(size, int)
        indices.append(random.choice([random.randrange(-size, size), _slice(random, size), (None, None, None)]))
    if taken == x.rank or random.random() < 0.5:
        indices.insert(taken if taken < x.rank else random.randint(0, taken), "...")
    if random.random() < 0.3:
        indices.insert(random.randint(0, len(indices)), None)
    return Call({"indices": tuple(indices)}, (x,))


def reshape(random: Random) -> Call:
    wanted = shape(random, 1)
    x = TensorType(random.choice(ANY), random.sample(wanted, len(wanted)))
    open_at = random.randrange(len(wanted))
    opened = tuple(-1 if axis == open_at else dim for axis, dim in enumerate(wanted))
    return Call({"newshape": random.choice([wanted, opened, -1])}, (x,))


def expand_dims(random: Random) -> Call:
    x = tensor(random)
    return Call({"axis": random.choice([axis_of(random, x.rank + 1), (0, -1)])}, (x,))


def squeeze(random: Random) -> Call:
    x = tensor(random, fewest=1)
    at = random.randrange(x.rank)
    x = x.with_shape(*(1 if axis == at else dim for axis, dim in enumerate(x.shape)))
    return Call({"axis": random.choice([None, at, (at - x.rank,)])}, (x,))


def moveaxis(random: Random) -> Call:
    x = tensor(random, fewest=2)
    some = random.randint(1, x.rank)
    source, destination = (tuple(random.sample(range(x.rank), some)) for _ in range(2))
    return Call({"source": source, "destination": destination}, (x,))


def roll(random: Random) -> Call:
    x = tensor(random, fewest=1)
    axes = tuple(random.sample(range(x.rank), random.randint(1, x.rank)))
    shifts = tuple(random.randint(-5, 5) for _ in axes)
    return Call(random.choice([{"shift": 2}, {"shift": -1, "axis": axes[0]}, {"shift": shifts, "axis": axes}]), (x,))


def pad(random: Random) -> Call:
    x = tensor(random, NUMBERS, fewest=1)
    mode = random.choice(["constant", "reflect", "symmetric"])
    spare = {"constant": 9, "reflect": -1, "symmetric": 0}[mode]
    widths = tuple(
        (random.randint(0, dim + spare), random.randint(0, dim + spare)) for dim in x.shape if type(dim) is int
    )
    return Call({"pad_width": widths, "mode": mode}, (x,))


def clip(random: Random) -> Call:
    x = tensor(random)
    return Call({"x_min": 0, "x_max": 1.5 if x.is_float else 1}, (x,))


def norm(random: Random) -> Call:
    x = tensor(random, ANY, fewest=2)
    two = tuple(random.sample(range(x.rank), 2))
    choices = [{"axis": axis_of(random, x.rank), "ord": random.choice([None, 1, 2, 3])}, {"axis": two, "ord": "fro"}]
    return Call(random.choice(choices) | {"keepdims": random.random() < 0.5}, (x,))


def diagonal(random: Random) -> Call:
    x = tensor(random, fewest=2)
    rows, columns = random.sample(range(x.rank), 2)
    reach = (x.shape[columns] if random.random() < 0.5 else 1) - 1
    assert isinstance(reach, int)
    return Call({"axis1": rows, "axis2": columns, "offset": random.randint(0, reach)}, (x,))


def arange(random: Random) -> Call:
    start, length, step = random.randint(-5, 5), random.randint(1, 6), random.choice([-2, -1, 1, 3, 0.25])
    bounds = {"start": start, "stop": start + length * step, "step": step}
    attributes = random.choice([{"start": length, "dtype": "i16"}, {"start": length + 0.5, "dtype": "f32"}, bounds])
    return Call(attributes, ())


def _dtype(random: Random, *_: Any) -> Any:
    return maybe(random, random.choice(ANY))


def _sizes(random: Random) -> Any:
    return random.choice([shape(random), random.randint(1, 4)])


ANYTHING, FLOATING, NUMERIC = one(), one(FLOATS), one(NUMBERS)
GENERATORS: dict[str, Generator] = {
    **dict.fromkeys("square sqrt exp expm1 log log2 log10 log1p abs floor ceil trunc sin cos tan".split(), ANYTHING),
    **dict.fromkeys("arcsin arccos arctan sinh cosh ops.tanh arcsinh arccosh arctanh".split(), ANYTHING),
    **dict.fromkeys("isnan isinf isfinite logical_not nan_to_num stop_gradient ravel".split(), ANYTHING),
    **dict.fromkeys("rsqrt reciprocal erf erfc erfinv".split(), FLOATING),
    "negative": one(SIGNED),
    "sign": NUMERIC,
    "round": one(NUMBERS, decimals=lambda r, x: r.randint(0, 2)),
    "cast": one(dtype=lambda r, x: r.choice(ANY)),
    "saturate_cast": one(dtype=lambda r, x: r.choice(ANY)),
    "clip": clip,
    **dict.fromkeys("ops.add ops.subtract ops.multiply floor_divide ops.maximum".split(), pair(booleans=False)),
    **dict.fromkeys("ops.minimum power greater greater_equal less less_equal".split(), pair(booleans=False)),
    **dict.fromkeys("divide divide_no_nan equal not_equal logical_and logical_or logical_xor".split(), pair()),
    **dict.fromkeys(["arctan2", "logaddexp"], pair()),
    "mod": mod,
    "where": where,
    **dict.fromkeys("mean var std sum prod max min any all".split(), reduction()),
    "median": one(fewest=1, axis=lambda r, x: axes_of(r, x.rank) or None, keepdims=lambda r, x: r.random() < 0.5),
    "logsumexp": reduction(FLOATS),
    "count_nonzero": one(axis=lambda r, x: axes_of(r, x.rank)),
    "norm": norm,
    **dict.fromkeys(["argmax", "argmin"], along(keepdims=lambda r, x: r.random() < 0.5)),
    **dict.fromkeys(["cumsum", "cumprod"], along(dtype=lambda r, x: maybe(r, r.choice(NUMBERS)))),
    "matmul": matmul,
    "einsum": einsum,
    "ops.dot": dot,
    "outer": outer,
    "tensordot": tensordot,
    "transpose": one(axes=lambda r, x: maybe(r, tuple(r.sample(range(-x.rank, 0), x.rank)))),
    "swapaxes": one(fewest=1, axis1=lambda r, x: axis_of(r, x.rank), axis2=lambda r, x: axis_of(r, x.rank)),
    "moveaxis": moveaxis,
    "expand_dims": expand_dims,
    "squeeze": squeeze,
    "ops.reshape": reshape,
    "broadcast_to": one(shape=lambda r, x: (*shape(r, 0, 1), *x.shape)),
    "flip": one(axis=lambda r, x: axes_of(r, x.rank)),
    "roll": roll,
    "repeat": along(repeats=lambda r, x: r.randint(1, 3)),
    "tile": one(repeats=lambda r, x: r.choice([2, (1, 2), (2, 1, 3)])),
    "pad": pad,
    "ops.concatenate": lambda random: several(random, joined=True),
    "stack": lambda random: several(random, joined=False),
    "split": split,
    "unstack": one(fewest=1, axis=lambda r, x: axis_of(r, x.rank)),
    "get_item": get_item,
    "take": take,
    "take_along_axis": take_along_axis,
    **dict.fromkeys(["tril", "triu"], one(fewest=2, k=lambda r, x: r.randint(-1, 1))),
    "diagonal": diagonal,
    **dict.fromkeys(["sort", "argsort"], along(NUMBERS)),
    "top_k": one(NUMBERS, fewest=1, k=lambda r, x: r.randint(1, x.shape[-1])),
    "arange": arange,
    **dict.fromkeys(["zeros", "ones"], none(shape=_sizes, dtype=_dtype)),
    "full": none(shape=_sizes, fill_value=lambda r: r.choice([1, 1.5, True]), dtype=_dtype),
    **dict.fromkeys(["eye", "tri"], none(N=3, M=lambda r: maybe(r, 4), k=lambda r: r.randint(-2, 2), dtype=_dtype)),
    "linspace": none(start=0, stop=3.5, num=lambda r: r.randint(1, 9), endpoint=lambda r: r.random() < 0.5),
    **dict.fromkeys(["zeros_like", "ones_like"], one(dtype=_dtype)),
    "full_like": one(fill_value=2, dtype=_dtype),
    "one_hot": one(("i32", "u8", "i16"), num_classes=3, axis=lambda r, x: r.randint(-1, x.rank), dtype=_dtype),
}
