"""Random calls of the functions that move, join, make or multiply arrays: see `function_cases.py`, which has the first
of them."""

from __future__ import annotations

from random import Random
from typing import Any

from oracle.function_cases import several, split
from oracle.function_draws import (
    ANY,
    INTEGERS,
    NUMBERS,
    Call,
    Generator,
    axis_of,
    maybe,
    none,
    one,
    shape,
    shrunk,
    tensor,
)

from netwright.compiler.dtypes import byte_size
from netwright.compiler.types import TensorType

# ---------------------------------------------------------------- joining and splitting


def joined(axis: int, fewest: int) -> Generator:
    """Tensors that differ along a certain axis."""

    def generate(random: Random) -> Call:
        full = shape(random, fewest)
        shapes = [(*full[:axis], random.randint(1, 4), *full[axis + 1 :]) for _ in range(random.randint(1, 3))]
        return Call({}, tuple(TensorType(random.choice(ANY), each) for each in shapes))

    return generate


def dstack(random: Random) -> Call:
    shapes: list[tuple[int, ...]] = random.choice([[()], [(3,), (3,)], [(2, 3), (2, 3, 2)]])
    flat = Call({}, tuple(TensorType(random.choice(ANY), each) for each in shapes))
    return random.choice([joined(2, 3)(random), flat])


def append(random: Random) -> Call:
    call = several(random, joined=True)
    pair = call.operands[0], call.operands[-1].with_dtype(random.choice(ANY))
    return random.choice([Call(call.attributes, pair), Call({}, (tensor(random), tensor(random)))])


def split_along(axis: int, fewest: int) -> Generator:
    def generate(random: Random) -> Call:
        while True:
            call = split(random)
            (x,) = call.operands
            if x.rank >= fewest and call.attributes["axis"] % x.rank == min(axis, x.rank - 1):
                return Call({"indices_or_sections": call.attributes["indices_or_sections"]}, (x,))

    return generate


def array_split(random: Random) -> Call:
    x = tensor(random, fewest=1)
    axis = axis_of(random, x.rank)
    size = x.shape[axis]
    assert isinstance(size, int)
    return Call({"indices_or_sections": random.randint(1, size), "axis": axis}, (x,))


def meshgrid(random: Random) -> Call:
    dtype = random.choice(NUMBERS)
    types = (TensorType(dtype, shape(random, 1, 1)) for _ in range(random.randint(2, 4)))
    return Call({"indexing": random.choice(["xy", "ij"])}, tuple(types))


# ---------------------------------------------------------------- matrices and bytes


def rot90(random: Random) -> Call:
    x = tensor(random, fewest=2)
    axes = tuple(axis - x.rank * random.randint(0, 1) for axis in random.sample(range(x.rank), 2))
    return Call({"k": random.randint(-3, 5), "axes": axes}, (x,))


def diag(random: Random) -> Call:
    return Call({"k": random.randint(-1, 1)}, (TensorType(random.choice(ANY), random.choice([(3,), (2, 3), (4, 2)])),))


def trace(random: Random) -> Call:
    x = tensor(random, fewest=2)
    rows, columns = random.sample(range(-x.rank, 0), 2)
    return Call({"axis1": rows, "axis2": columns, "offset": 0 if 1 in x.shape else random.randint(-1, 1)}, (x,))


def view(random: Random) -> Call:
    x = TensorType(random.choice(NUMBERS), (*shape(random, 0, 3), 8))
    wanted = random.choice(NUMBERS)
    alone = x.with_shape() if byte_size(x.dtype) == byte_size(wanted) else x
    return Call({"dtype": wanted}, (random.choice([x, alone]),))


def slogdet(random: Random) -> Call:
    side = random.randint(1, 4)
    return Call({}, (TensorType("f32", (side, side)),))


# ---------------------------------------------------------------- products


def inner(random: Random) -> Call:
    last = shape(random, 1, 1)
    left, right = random.choice([((), last), ((*shape(random, 0, 2), *last), (*shape(random, 0, 2), *last))])
    return Call({}, (TensorType(random.choice(NUMBERS), left), TensorType(random.choice(NUMBERS), right)))


def vdot(random: Random) -> Call:
    full = shape(random)
    shapes = full, random.sample(full, len(full))
    return Call({}, tuple(TensorType(random.choice(NUMBERS), each) for each in shapes))


def kron(random: Random) -> Call:
    rank = random.randint(0, 2)
    return Call({}, tuple(TensorType(random.choice(NUMBERS), shape(random, rank, rank)) for _ in range(2)))


def cross(random: Random) -> Call:
    """Vectors stand along one axis of both, or along axes of their own."""
    full = shape(random, 1, 3)
    axis = maybe(random, random.randint(-1, 0))
    operands, given = [], {}
    for name in ("axisa", "axisb"):
        rest = full if axis == 0 else shrunk(random, full)
        given[name] = random.randint(0, len(rest)) if axis is None else axis % (len(rest) + 1)
        at = given[name]
        size = random.choice([2, 3]) if rest else 3  # two vectors of 2 alone are beyond what Keras infers
        operands.append(TensorType(random.choice(NUMBERS), (*rest[:at], size, *rest[at:])))
    attributes: dict[str, Any] = given if axis is None else {"axis": axis}
    return Call(attributes, tuple(operands))


# ---------------------------------------------------------------- all


def _dtype(random: Random, *_: Any) -> Any:
    return maybe(random, random.choice(ANY))


SPACED: dict[str, Any] = {
    "num": lambda r: r.randint(1, 9),
    "endpoint": lambda r: r.random() < 0.5,
}
GENERATORS: dict[str, Generator] = {
    "hstack": joined(1, 2),
    "vstack": joined(0, 2),
    "dstack": dstack,
    "append": append,
    "hsplit": split_along(1, 1),
    "vsplit": split_along(0, 2),
    "dsplit": split_along(2, 3),
    "array_split": array_split,
    "meshgrid": meshgrid,
    "unravel_index": lambda random: Call({"shape": shape(random, 1)}, (TensorType(random.choice(INTEGERS), (3,)),)),
    "fliplr": one(fewest=2),
    "flipud": one(fewest=1),
    "rot90": rot90,
    "diag": diag,
    "diagflat": one(k=lambda r, x: r.randint(-2, 2)),
    "trace": trace,
    "view": view,
    "slogdet": slogdet,
    "inner": inner,
    "vdot": vdot,
    "kron": kron,
    "cross": cross,
    "empty": none(shape=shape, dtype=_dtype),
    "empty_like": one(dtype=_dtype),
    "ops.identity": none(n=lambda r: r.randint(1, 4), dtype=_dtype),
    "logspace": none(
        start=0,
        stop=2.5,
        base=lambda r: r.choice([2, 10, 0.5]),
        dtype=lambda r: r.choice([None, "f32", "i32"]),
        **SPACED,
    ),
    "geomspace": none(start=1, stop=50.0, dtype=lambda r: r.choice([None, "f32", "f16"]), **SPACED),
}
