"""Random calls of the functions that compute along axes: see `function_cases.py`, which has the first of them."""

from __future__ import annotations

from random import Random

from oracle.function_draws import (
    ANY,
    FLOATS,
    NUMBERS,
    Call,
    Generator,
    along,
    axes_of,
    axis_of,
    maybe,
    one,
    reduction,
    shape,
    tensor,
)

from netwright.compiler.types import TensorType


def quantile(most: int, dtypes: tuple[str, ...], *, method: bool = True, nan: bool = False) -> Generator:
    """`q` goes up to `most`; of the numbers among what is none it is no list of one."""

    def generate(random: Random) -> Call:
        x = tensor(random, dtypes, fewest=1)
        q = random.choice(
            [most / 2, 0.0, float(most), (most / 4, most / 3), (0.5, 0.25, 1.0), *([] if nan else [(most / 2,)])]
        )
        given = {"q": q, "axis": axes_of(random, x.rank) or None, "keepdims": random.random() < 0.5}
        methods = ["linear", "lower", "higher", "midpoint", "nearest"]
        return Call(given | ({"method": random.choice(methods)} if method else {}), (x,))

    return generate


def over_some(dtypes: tuple[str, ...] = ANY) -> Generator:
    """A reduction that needs an axis."""
    return one(dtypes, 1, axis=lambda r, x: axes_of(r, x.rank) or None, keepdims=lambda r, x: r.random() < 0.5)


def average(random: Random) -> Call:
    x = tensor(random)
    axis = maybe(random, axis_of(random, x.rank)) if x.rank else None
    alike = TensorType(random.choice(ANY), x.shape)
    weights = [alike] if axis is None else [alike, alike.with_shape(x.shape[axis])]
    return Call({"axis": axis}, random.choice([(x,), (x, random.choice(weights))]))


def diff(random: Random) -> Call:
    x = tensor(random, fewest=1)
    axis = axis_of(random, x.rank)
    size = x.shape[axis]
    assert isinstance(size, int)
    return Call({"axis": axis, "n": random.randint(0, size - 1)}, (x,))


def trapezoid(random: Random) -> Call:
    y = tensor(random, fewest=1)
    size = y.shape[-1]
    assert isinstance(size, int)
    return Call(random.choice([{"axis": random.randrange(-1, y.rank), "dx": 0.5}, {"x": tuple(range(size))}]), (y,))


def correlate(random: Random) -> Call:
    lengths = random.randint(3, 6), random.randint(1, 3)
    mode = random.choice(["valid", "same", "full"])
    return Call({"mode": mode}, tuple(TensorType(random.choice(FLOATS), (length,)) for length in lengths))


def searchsorted(random: Random) -> Call:
    dtype = random.choice(NUMBERS)
    types = (TensorType(dtype, shape(random, 1, 1)) for _ in range(2))
    return Call({"side": random.choice(["left", "right"])}, tuple(types))


def digitize(random: Random) -> Call:
    return Call({}, (tensor(random), TensorType(random.choice(NUMBERS), shape(random, 1, 1))))


def vander(random: Random) -> Call:
    attributes = {"N": maybe(random, 3), "increasing": random.random() < 0.5}
    return Call(attributes, (TensorType(random.choice(NUMBERS), shape(random, 1, 1)),))


GENERATORS: dict[str, Generator] = {
    **dict.fromkeys("nansum nanprod nanmax nanmin".split(), reduction()),
    **dict.fromkeys("nanmean nanvar nanstd".split(), over_some()),
    "nanmedian": over_some(FLOATS),
    **dict.fromkeys(["nanargmax", "nanargmin"], along(keepdims=lambda r, x: r.random() < 0.5)),
    **dict.fromkeys(["nancumsum", "nancumprod"], along(dtype=lambda r, x: maybe(r, r.choice(NUMBERS)))),
    "quantile": quantile(1, ANY, method=False),
    "percentile": quantile(100, ANY),
    "nanquantile": quantile(1, FLOATS, nan=True),
    "nanpercentile": quantile(100, FLOATS, nan=True),
    "ptp": reduction(NUMBERS),
    "ops.average": average,
    "diff": diff,
    "trapezoid": trapezoid,
    "correlate": correlate,
    "searchsorted": searchsorted,
    "digitize": digitize,
    "vander": vander,
}
