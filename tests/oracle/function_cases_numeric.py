"""Random calls of the functions that compute with numbers element by element: see `function_cases.py`, which has the
first of them."""

from __future__ import annotations

from random import Random
from typing import Any

from oracle.function_cases import mod
from oracle.function_draws import ANY, INTEGERS, NUMBERS, Call, Generator, none, one, pair, tensor

from netwright.compiler.types import NumberType


def fmod(random: Random) -> Call:
    return mod(random) if random.random() < 0.5 else pair(numbers=False)(random)


def shift(random: Random) -> Call:
    call = pair((*INTEGERS, "bool"), booleans=False, numbers=False)(random)
    return random.choice([call, Call({}, (tensor(random, INTEGERS), NumberType("i32")))])


def ldexp(random: Random) -> Call:
    x, y = pair(numbers=False)(random).operands
    return Call({}, (x, random.choice([y.with_dtype(random.choice(INTEGERS)), NumberType("i32")])))


def close(random: Random) -> Call:
    tolerances: dict[str, Any] = {"rtol": 0.1, "atol": 0.01, "equal_nan": random.random() < 0.5}
    return pair()(random)._replace(attributes=random.choice([{}, tolerances]))


def isin(random: Random) -> Call:
    return Call({"invert": random.random() < 0.5}, (tensor(random, NUMBERS), tensor(random, NUMBERS)))


WHOLE = pair((*INTEGERS, "bool"), booleans=False, numbers=False)
GENERATORS: dict[str, Generator] = {
    **dict.fromkeys("cbrt copy deg2rad fabs isneginf isposinf rad2deg signbit sinc".split(), one()),
    "exp2": one(("f32", "bool", *INTEGERS)),
    "i0": one(tuple(dtype for dtype in ANY if dtype != "bf16")),
    **dict.fromkeys(["fmax", "fmin"], pair(booleans=False)),
    **dict.fromkeys(["heaviside", "hypot"], pair(booleans=False, numbers=False)),
    **dict.fromkeys(["fmod", "nextafter"], fmod),
    "ldexp": ldexp,
    "logaddexp2": pair(),
    **dict.fromkeys(["isclose", "allclose"], close),
    "isin": isin,
    **dict.fromkeys(["bitwise_and", "bitwise_or", "bitwise_xor", "gcd"], WHOLE),
    **dict.fromkeys(["bitwise_left_shift", "bitwise_right_shift"], shift),
    "bitwise_invert": one(INTEGERS),
    "lcm": pair(INTEGERS, numbers=False),
    **dict.fromkeys("bartlett blackman hamming hanning".split(), none(x=lambda r: r.randint(1, 9))),
    "kaiser": none(x=lambda r: r.randint(1, 9), beta=lambda r: r.choice([0, 2, 8.6])),
}
