"""How random calls of tensor functions are drawn: shapes, axes, operands, and generators of the usual signatures.
Shapes have ranks 0 to 4 and sizes 1 to 4."""

from __future__ import annotations

from collections.abc import Callable
from random import Random
from typing import Any, NamedTuple

from netwright.compiler.types import NumberType, TensorType


class Call(NamedTuple):
    """`operands` are types, NumberType standing for a Python number; `keywords` those that go by keyword."""

    attributes: dict[str, Any]
    operands: tuple[TensorType, ...]
    keywords: dict[str, TensorType] = {}  # noqa: RUF012 - never changed


Generator = Callable[[Random], Call]

FLOATS = ("f32", "f16", "bf16")
UNSIGNED = ("u8", "u16", "u32")
INTEGERS = ("i8", "i16", "i32", *UNSIGNED)
SIGNED = (*FLOATS, "i8", "i16", "i32")
NUMBERS = (*SIGNED, *UNSIGNED)
ANY = (*NUMBERS, "bool")


def shape(random: Random, fewest: int = 0, most: int = 4) -> tuple[int, ...]:
    return tuple(random.randint(1, 4) for _ in range(random.randint(fewest, most)))


def tensor(random: Random, dtypes: tuple[str, ...] = ANY, fewest: int = 0) -> TensorType:
    return TensorType(random.choice(dtypes), shape(random, fewest))


def axis_of(random: Random, rank: int) -> int:
    return random.randrange(-rank, rank)


def axes_of(random: Random, rank: int) -> Any:
    """none, an axis or some axes, each once."""
    some = random.sample(range(rank), random.randint(0, rank))
    signed = tuple(axis - rank * random.randint(0, 1) for axis in some)
    return random.choice([None, signed, *signed[:1]])


def maybe(random: Random, value: Any) -> Any:
    return random.choice([None, value])


def one(dtypes: tuple[str, ...] = ANY, fewest: int = 0, **attributes: Any) -> Generator:
    """One operand; attributes are values, or functions of (random, operand)."""

    def generate(random: Random) -> Call:
        x = tensor(random, dtypes, fewest)
        return Call({k: v(random, x) if callable(v) else v for k, v in attributes.items()}, (x,))

    return generate


def none(**attributes: Any) -> Generator:
    """No operand; attributes are values, or functions of random."""
    return lambda random: Call({k: v(random) if callable(v) else v for k, v in attributes.items()}, ())


def shrunk(random: Random, full: tuple[int, ...]) -> tuple[int, ...]:
    """A shape that broadcasts into `full`."""
    return tuple(random.choice([dim, dim, 1]) for dim in full)[random.randint(0, len(full)) if full else 0 :]


def pair(dtypes: tuple[str, ...] = ANY, *, booleans: bool = True, numbers: bool = True) -> Generator:
    """Two operands that broadcast; not both bool unless `booleans`. One may be a number."""

    def generate(random: Random) -> Call:
        full = shape(random)
        left = TensorType(random.choice(dtypes), full)
        right = TensorType(random.choice(dtypes), shrunk(random, full))
        if not booleans and left.dtype == right.dtype == "bool":
            right = right.with_dtype("i32")
        if numbers and random.random() < 0.3:
            right = NumberType(random.choice(["i32", "f32"]))
        return Call({}, (left, right) if right.weak or random.random() < 0.5 else (right, left))

    return generate


def reduction(dtypes: tuple[str, ...] = ANY, **more: Any) -> Generator:
    return one(dtypes, axis=lambda r, x: axes_of(r, x.rank), keepdims=lambda r, x: r.random() < 0.5, **more)


def along(dtypes: tuple[str, ...] = ANY, **more: Any) -> Generator:
    """`axis` is one axis or none."""
    return one(dtypes, 1, axis=lambda r, x: maybe(r, axis_of(r, x.rank)), **more)
