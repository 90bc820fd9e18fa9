"""Owns the functions of numbers, dims and lists that flow offers: `min max abs ceil floor round sqrt log2 len sum range
make_divisible`. The operators of the same names (`x -> max(axis=1)`) are in the catalogue."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

from netwright.compiler.arithmetic import MAX_ITEMS, ArithmeticFault, binary, is_number
from netwright.compiler.dims import SymbolicDim, dim_max, dim_min, less_equal
from netwright.compiler.values import kind_of


def _numbers(name: str, arguments: tuple[Any, ...]) -> tuple[Any, ...]:
    items = arguments[0] if len(arguments) == 1 and isinstance(arguments[0], tuple) else arguments
    if not items:
        raise ArithmeticFault("missing-argument", f"{name}() needs at least one number")
    for item in items:
        if not is_number(item):
            raise ArithmeticFault("wrong-kind", f"{name}() takes numbers, found {kind_of(item)}")
    return items


def _extremum(name: str, numbers: Callable[[tuple[Any, ...]], Any], dims: Callable[..., Any]) -> Callable[..., Any]:
    def function(*arguments: Any) -> Any:
        items = _numbers(name, arguments)
        return dims(*items) if any(isinstance(item, SymbolicDim) for item in items) else numbers(items)

    return function


def _total(*arguments: Any) -> Any:
    total: Any = 0
    for item in _numbers("sum", arguments) if arguments != ((),) else ():
        total = binary("+", total, item)
    return total


def _length(items: Any) -> int:
    if not isinstance(items, (tuple, str)):
        raise ArithmeticFault("wrong-kind", f"len() takes a list, found {kind_of(items)}")
    return len(items)


def _range(*bounds: Any) -> tuple[int, ...]:
    if not bounds or not all(isinstance(bound, int) for bound in bounds):
        raise ArithmeticFault("wrong-kind", "range() takes one to three integers")
    try:
        numbers = range(*bounds)
    except ValueError:
        raise ArithmeticFault("arithmetic", "range() needs a step that is not 0") from None
    if len(numbers) > MAX_ITEMS:
        raise ArithmeticFault("model-too-large", f"a range of {len(numbers):,} numbers is too long")
    return tuple(numbers)


def _of_float(name: str, function: Callable[..., Any]) -> Callable[..., Any]:
    def checked(value: Any, *rest: Any) -> Any:
        if isinstance(value, SymbolicDim) and name in ("ceil", "floor", "round"):
            return value
        for item in (value, *rest):
            if not is_number(item) or isinstance(item, SymbolicDim):
                raise ArithmeticFault("wrong-kind", f"{name}() takes a number, found {kind_of(item)}")
        try:
            return function(value, *rest)
        except (ValueError, OverflowError):
            raise ArithmeticFault("arithmetic", f"{name}({value}) has no result") from None

    return checked


def _absolute(value: Any) -> Any:
    if not isinstance(value, SymbolicDim):
        return _of_float("abs", abs)(value)
    if less_equal(0, value) is None:
        raise ArithmeticFault("undecidable", f"whether {value} is negative depends on the sizes")
    return value if less_equal(0, value) else -value


def _make_divisible(value: Any, divisor: Any = 8, min_value: Any = None) -> int:
    """The multiple of `divisor` nearest to `value`, never below 90% of it (MobileNet, arXiv:1801.04381)."""
    for item in (value, divisor, 0 if min_value is None else min_value):
        if not is_number(item) or isinstance(item, SymbolicDim):
            raise ArithmeticFault("wrong-kind", f"make_divisible() takes numbers, found {kind_of(item)}")
    if divisor <= 0:
        raise ArithmeticFault("arithmetic", "make_divisible() needs a positive divisor")
    nearest = max(divisor if min_value is None else min_value, int(value + divisor / 2) // divisor * divisor)
    return int(nearest + divisor if nearest < 0.9 * value else nearest)


VALUE_FUNCTIONS: dict[str, Callable[..., Any]] = {
    "min": _extremum("min", min, dim_min),
    "max": _extremum("max", max, dim_max),
    "abs": _absolute,
    "ceil": _of_float("ceil", math.ceil),
    "floor": _of_float("floor", math.floor),
    "round": _of_float("round", round),
    "sqrt": _of_float("sqrt", math.sqrt),
    "log2": _of_float("log2", math.log2),
    "len": _length,
    "sum": _total,
    "range": _range,
    "make_divisible": _make_divisible,
}

#: how many arguments they take; those not named here take any number
MOST_ARGUMENTS = {
    **dict.fromkeys(("abs", "ceil", "floor", "sqrt", "log2", "len"), 1),
    "round": 2,
    "range": 3,
    "make_divisible": 3,
}
