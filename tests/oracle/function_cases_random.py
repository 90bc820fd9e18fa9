"""Random calls of the functions of keras.random, each with a seed: without one Keras does not trace them on JAX."""

from __future__ import annotations

from random import Random
from typing import Any

from oracle.function_draws import ANY, FLOATS, INTEGERS, Call, Generator, axis_of, maybe, one, shape

F = "f32"


def distribution(**attributes: Any) -> Generator:
    def generate(random: Random) -> Call:
        drawn = {name: random.choice(values) for name, values in attributes.items()}
        return Call({"shape": shape(random), "dtype": maybe(random, random.choice(FLOATS)), "seed": 1, **drawn}, ())

    return generate


def randint(random: Random) -> Call:
    dtype = random.choice(["i32", *INTEGERS])
    return Call({"shape": shape(random), "minval": 0, "maxval": 5, "dtype": dtype, "seed": 1}, ())


def categorical(random: Random) -> Call:
    call = one(("f32", "bf16"), num_samples=3, dtype=lambda r, x: r.choice(["i32", "i16"]), seed=1)(random)
    return call._replace(operands=tuple(x.with_shape(2, 5) for x in call.operands))


def noise_shape(random: Random, x: Any) -> Any:
    return maybe(random, tuple(random.choice([1, size]) for size in x.shape))


GENERATORS: dict[str, Generator] = {
    **dict.fromkeys(["random.normal", "random.truncated_normal"], distribution(mean=[0, 1.5], stddev=[1, 0.5])),
    "random.uniform": distribution(minval=[0, -1.5], maxval=[1, 2.5]),
    "random.gamma": distribution(alpha=[0.5, 2]),
    "random.beta": distribution(alpha=[0.5, 2], beta=[1, 3.0]),
    "random.binomial": distribution(counts=[3, 10.0], probabilities=[0.1, 0.9]),
    "random.randint": randint,
    "random.categorical": categorical,
    "random.shuffle": one(ANY, fewest=1, axis=lambda r, x: axis_of(r, x.rank), seed=1),
    "random.dropout": one(FLOATS, rate=0.5, noise_shape=noise_shape, seed=1),
}
#: what Keras refuses on both backends
REFUSED: list[tuple[str, dict[str, Any], list[tuple[Any, ...]]]] = [
    ("random.normal", {"shape": (2,), "dtype": "i32"}, []),
    ("random.uniform", {"shape": (2,), "dtype": "i32"}, []),
    ("random.randint", {"shape": (2,), "minval": 0, "maxval": 3, "dtype": "f32"}, []),
    ("random.categorical", {"num_samples": 3}, [(F, 5)]),
    ("random.shuffle", {"axis": 2}, [(F, 5)]),
    ("random.dropout", {"rate": 0.5}, [("i32", 5)]),
]
